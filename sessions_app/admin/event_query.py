"""Which events the list shows: newest first, a page at a time, at any number of events.

Whatever is filtered, one page looks through :data:`WINDOW` events at most and says so; the next one goes on from
there.  Without a time they come in the order in which they were written here.  Within a time they come in the
order of their times, by an index: sessions that came by a bundle brought old events along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Q

from sessions_app.actors import Actor
from sessions_app.admin.date_drill import Stretch, read_bound, stretch_between
from sessions_app.admin.lookups import unknown_filter
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.masking import shown
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.querysets import SessionEventQuerySet
from sessions_app.states import Level
from sessions_app.text import NAME_LENGTH, is_reference

ROWS = 50
WINDOW = 50_000

FEW_SESSIONS = 500
"""Who sees no more sessions than this is shown the events of these, however old, without a window."""

SESSION, FROM, BEFORE_TIME, OLDER_THAN = "session__id__exact", "created_at__gte", "created_at__lt", "before"
_SHOWN = (
    "session__name",
    "seq",
    "type",
    "level",
    "stage_instance_id",
    "actor",
    "door",
    "submitted_by",
    "reason",
    "created_at",
)

LEVEL, TYPE, DOOR = "level", "type", "door"
FILTERS = ("q", SESSION, LEVEL, TYPE, DOOR, FROM, BEFORE_TIME, OLDER_THAN)


@dataclass(frozen=True)
class Asked:
    """What an address asks for; ``refusals`` tell what of it can't be read."""

    values: Mapping[str, str]
    refusals: tuple[InvalidInput, ...] = ()

    def query(self, *without: str, **changes: str) -> str:
        """The query string of the same list with some changes, from its newest event on unless told otherwise."""
        left_out = {OLDER_THAN, *without} - changes.keys()
        return urlencode({name: value for name, value in {**self.values, **changes}.items() if name not in left_out})

    @property
    def stretch(self) -> Stretch | None:
        """The whole days that it is narrowed to."""
        bounds = self.values.get(FROM), self.values.get(BEFORE_TIME)
        return stretch_between(read_bound(bounds[0]), read_bound(bounds[1])) if bounds[0] and bounds[1] else None


class EventPage(NamedTuple):
    """The events of a page.  ``older`` is where the next one begins: None when there is none.

    ``was_cut``: the page ends where its window ended, not because it is full.
    """

    rows: list[SessionEvent]
    older: int | None
    was_cut: bool


def read_asked(parameters: Mapping[str, Any]) -> Asked:
    """What the address says; a search is for a session's exact id."""
    values: dict[str, str] = {}
    refusals = [unknown_filter(name) for name in parameters if name not in FILTERS]
    for name in FILTERS:
        value = str(parameters.get(name, "")).strip()
        if not value:
            continue
        if is_reference(value) and len(value) <= NAME_LENGTH and _is_readable(name, value):
            values[SESSION if name == "q" else name] = value
        else:
            refusals.append(_unreadable(name, value))
    return Asked(values, tuple(refusals))


def page_of(actor: Actor, asked: Asked) -> EventPage:
    """The page asked for."""
    rows = _narrowed(SessionEvent.objects.visible_to(actor), asked.values)
    if SESSION in asked.values:  # by the index of the session's numbers
        return _page(_older(rows, asked.values).filter(session=asked.values[SESSION]).order_by("-seq"), None)
    few = few_sessions(actor)
    if few is not None:
        return _page(_older(rows, asked.values).filter(session__in=few).order_by("-id"), None)
    if FROM in asked.values or BEFORE_TIME in asked.values:
        return _page_in_time(rows, asked.values)
    every = SessionEvent.objects.visible_to(actor)
    start, last = (every.order_by(order).values_list("pk", flat=True).first() or 0 for order in ("id", "-id"))
    top = min(last + 1, int(asked.values.get(OLDER_THAN, last + 1)))
    bottom = max(start, top - WINDOW)
    return _page(rows.filter(pk__gte=bottom, pk__lt=top).order_by("-id"), bottom if bottom > start else None)


def few_sessions(actor: Actor) -> list[str] | None:
    """The ids of the sessions that the actor sees; None when they are many."""
    if actor.rights.is_admin:
        return None
    seen = FlowSession.objects.visible_to(actor).order_by().values_list("pk", flat=True)[: FEW_SESSIONS + 1]
    ids = list(seen)
    return ids if len(ids) <= FEW_SESSIONS else None


def time_span(actor: Actor) -> tuple[datetime | None, datetime | None]:
    """When the oldest and the newest event happened that the actor sees."""
    few = few_sessions(actor)
    rows = SessionEvent.objects.visible_to(actor)
    rows = rows if few is None else rows.filter(session__in=few)
    oldest, newest = (rows.order_by(f"{way}created_at").values_list("created_at", flat=True) for way in ("", "-"))
    return oldest.first(), newest.first()


def _page(rows: SessionEventQuerySet, bottom: int | None) -> EventPage:
    """``bottom`` is where the window ends; None when it ends with the events."""
    found = list(rows.select_related("session").only(*_SHOWN)[: ROWS + 1])
    if len(found) > ROWS:
        return EventPage(found[:ROWS], found[ROWS - 1].pk, was_cut=False)
    return EventPage(found, bottom, was_cut=bottom is not None)


def _narrowed(rows: SessionEventQuerySet, values: Mapping[str, str]) -> SessionEventQuerySet:
    if LEVEL in values:
        rows = rows.filter(level__gte=Level[values[LEVEL]])
    if TYPE in values:
        rows = rows.filter(type=values[TYPE])
    if DOOR in values:
        rows = rows.filter(door=values[DOOR])
    return _in_time(rows, values)


def _older(rows: SessionEventQuerySet, values: Mapping[str, str]) -> SessionEventQuerySet:
    """The next page, where rows stand in the order in which they were written."""
    return rows.filter(pk__lt=int(values[OLDER_THAN])) if OLDER_THAN in values else rows


def _page_in_time(rows: SessionEventQuerySet, values: Mapping[str, str]) -> EventPage:
    """One of a stretch of time; the next one begins behind the event that this one ends with."""
    narrowed = rows.order_by("-created_at", "-id")
    # Only how far one page looks is found by what nobody may see.
    looked_through = _in_time(SessionEvent.objects.all(), values)
    if OLDER_THAN in values:
        place = SessionEvent.objects.filter(pk=values[OLDER_THAN]).values_list("created_at", "pk").first()
        if place is None:
            return EventPage([], None, was_cut=False)
        narrowed, looked_through = narrowed.filter(_behind(*place)), looked_through.filter(_behind(*place))
    ends = looked_through.order_by("-created_at", "-id").values_list("created_at", "pk")[WINDOW - 1 : WINDOW + 1]
    if len(ends) < 2:
        return _page(narrowed, None)
    time, key = ends[0]
    return _page(narrowed.exclude(_behind(time, key)), key)


def _behind(time: datetime, key: int) -> Q:
    """What comes after that event, in the order of the times, last first."""
    return Q(created_at__lte=time) & (Q(created_at__lt=time) | Q(pk__lt=key))


def _in_time(rows: SessionEventQuerySet, values: Mapping[str, str]) -> SessionEventQuerySet:
    if FROM in values:
        rows = rows.filter(created_at__gte=read_bound(values[FROM]))
    if BEFORE_TIME in values:
        rows = rows.filter(created_at__lt=read_bound(values[BEFORE_TIME]))
    return rows


def _is_readable(name: str, value: str) -> bool:
    if name == OLDER_THAN:
        return value.isascii() and value.isdecimal() and len(value) < 19
    if name == LEVEL:
        return value in Level.names
    if name in (FROM, BEFORE_TIME):
        try:
            read_bound(value)
        except ValueError:
            return False
    return True


def _unreadable(name: str, value: str) -> InvalidInput:
    return InvalidInput(
        _("The list can't be filtered by {name} {value}.").format(name=name, value=shown(value[:80])),
        fix=_("Choose another one, or leave the filter out."),
        field=name,
    )
