"""``/events/``, ``/events/feed/`` and a session's ``/logs/``."""

from __future__ import annotations

from typing import Any

import django_filters
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import feed
from sessions_app.api import event_examples, event_schemas
from sessions_app.api.filters import refuse_bad_values
from sessions_app.api.moments import MomentFilter
from sessions_app.api.operations import CURSOR, LIMIT, Answer, operation, ordering, path_id, query
from sessions_app.api.pagination import Pages, read_limit
from sessions_app.api.views import ApiViewSet, page_body
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.models import SessionEvent
from sessions_app.querysets import SessionEventQuerySet
from sessions_app.states import Level
from sessions_app.text import is_reference

TAG = "events"
MOST_TYPES = 50
TYPE_LENGTH = 40

PAGES = Pages({"id": "id"}, default="-id")

LEVEL = query(
    "level", {"type": "string", "enum": event_schemas.LEVELS, "default": "DEBUG"}, "Of this level or a higher one."
)
_TIME = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}

PARAMETERS = (
    query("session", _TEXT, "Of the session with this id."),
    query(
        "type",
        {"type": "array", "items": {"type": "string", "maxLength": TYPE_LENGTH}, "maxItems": MOST_TYPES},
        "Of one of these types, such as `stage.completed`; repeatable.",
    ),
    LEVEL,
    query("actor", _TEXT, "Done for this user."),
    query("door", {"type": "string", "minLength": 1, "maxLength": 16}, "Through this door, such as `api`."),
    query("stage", _TEXT, "About an attempt at the stage with this id."),
    query("created_after", _TIME, "Then or later."),
    query("created_before", _TIME, "Before."),
)


class EventFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Which events a list shows."""

    session = django_filters.CharFilter(field_name="session_id", max_length=200)
    type = django_filters.CharFilter(method="of_types")
    level = django_filters.ChoiceFilter(method="at_least", choices=[(name, name) for name in event_schemas.LEVELS])
    actor = django_filters.CharFilter(field_name="actor", max_length=200)
    door = django_filters.CharFilter(field_name="door", max_length=16)
    stage = django_filters.CharFilter(method="of_stage", max_length=200)
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = SessionEvent
        fields: list[str] = []

    def of_types(self, rows: SessionEventQuerySet, _name: str, _last: str) -> SessionEventQuerySet:
        """Those of any of the types given."""
        types = self.data.getlist("type")
        if len(types) > MOST_TYPES or not all(is_reference(each) and len(each) <= TYPE_LENGTH for each in types):
            raise InvalidInput(
                _("The types can't be used."), fix=_("See their description at /api/docs/."), field="type"
            )
        return rows.filter(type__in=types)

    def at_least(self, rows: SessionEventQuerySet, _name: str, level: str) -> SessionEventQuerySet:
        """Those of the level or a higher one."""
        return rows.filter(level__gte=Level[level])

    def of_stage(self, rows: SessionEventQuerySet, _name: str, stage_id: str) -> SessionEventQuerySet:
        """Those about the stage's attempts, whose ids read ``<session>.<stage>.<attempt>``."""
        return rows.filter(stage_instance_id__contains=f".{stage_id}.")


class Events(ApiViewSet):
    """What happened."""

    @operation(
        "listEvents",
        "List events",
        "The events of all sessions that the caller may see, newest first, by pages. To follow what happens, use the"
        " feed: an event may come to stand between those that were read.",
        tag=TAG,
        parameters=[*PARAMETERS, ordering(PAGES.choices, PAGES.default), LIMIT, CURSOR],
        answer=Answer("EventPage", "A page.", event_examples.EVENT_PAGE),
    )
    def list(self, request: Request) -> Response:
        """One page."""
        found = EventFilter(request.query_params, queryset=SessionEvent.objects.visible_to(self.actor))
        refuse_bad_values(found)
        page = PAGES.page(found.qs, request)
        return Response(page_body([event.as_dict() for event in page.rows], request, page.next_query))

    @operation(
        "followEvents",
        "Follow events",
        "Everything that happened after a cursor to the sessions that the caller may see, in the order of the commits"
        " and per session in the order of `seq`. No event is skipped, however many write at the same moment. After a"
        " restore of older data events may come again: know them by `session_id` and `seq`. A deleted session's"
        " events are gone from the feed; what becomes visible later is not told afterwards.",
        tag=TAG,
        parameters=[
            query(
                "after",
                {"type": "string", "maxLength": 100},
                "The `cursor` of an event or of an answer; `now`: only what comes; left out: from the beginning.",
            ),
            LIMIT,
        ],
        answer=Answer("Feed", "What happened.", event_examples.FEED),
    )
    def feed(self, request: Request) -> Response:
        """What happened after a cursor."""
        after = request.query_params.get("after") or None
        told = feed.events_after(self.actor, after, read_limit(request.query_params.get("limit")))
        rows = [{**event.as_dict(), "cursor": cursor} for event, cursor in told.events]
        return Response({"results": rows, "cursor": told.cursor, "more": told.more})

    @operation(
        "getSessionLog",
        "Read a session's log",
        "The events of one session in the order of their numbers, by pages.",
        tag=TAG,
        parameters=[
            path_id("session_id", "The session's whole id.", "dev-user-auth-7k3q"),
            LEVEL,
            query("after", {"type": "integer", "minimum": 0, "default": 0}, "Only events with a higher `seq`."),
            LIMIT,
        ],
        answer=Answer("EventPage", "A page.", event_examples.EVENT_PAGE),
        errors=[404],
    )
    def logs(self, request: Request, session_id: str) -> Response:
        """One page of a session's log."""
        limit = read_limit(request.query_params.get("limit"))
        level, after = _level(request.query_params.get("level")), _number(request.query_params.get("after"))
        rows = list(feed.session_log(self.actor, session_id, after=after, level=level)[: limit + 1])
        shown = [event.as_dict() for event in rows[:limit]]
        return Response(page_body(shown, request, _next(request, shown[-1]) if len(rows) > limit else None))


def _next(request: Request, last: dict[str, Any]) -> str:
    following = request.query_params.copy()
    following["after"] = str(last["seq"])
    return following.urlencode()


def _level(name: str | None) -> Level:
    if not name:
        return Level.DEBUG
    if name in event_schemas.LEVELS:
        return Level[name]
    raise InvalidInput(
        _("There is no level {level}.").format(level=name[:80]),
        fix=_("Use one of: {names}.").format(names=", ".join(event_schemas.LEVELS)),
        field="level",
    )


def _number(value: str | None) -> int:
    if not value:
        return 0
    if value.isascii() and value.isdecimal() and len(value) < 10:
        return int(value)
    raise InvalidInput(
        _("The parameter after must be the number of an event."), fix=_("Leave it out to begin anew."), field="after"
    )
