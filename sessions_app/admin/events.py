"""The admin's pages for events."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from sessions_app.actors import Actor
from sessions_app.admin.date_drill import Drill, Stretch, drill
from sessions_app.admin.event_query import (
    BEFORE_TIME,
    DOOR,
    FROM,
    LEVEL,
    OLDER_THAN,
    SESSION,
    TYPE,
    WINDOW,
    Asked,
    page_of,
    read_asked,
    time_span,
)
from sessions_app.admin.event_words import LEVELS, changes, told
from sessions_app.admin.pages import Pages
from sessions_app.admin.parts import SeenBySome, actor_of
from sessions_app.cli.words import EVENTS, event_name
from sessions_app.exceptions import NotFound
from sessions_app.language import gettext as _
from sessions_app.masking import shown
from sessions_app.models import SessionEvent
from sessions_app.states import Level

_LIST = "admin:sessions_app_sessionevent_changelist"
_DOORS = ("cli", "api", "admin", "python", "webhook", "github")


@admin.register(SessionEvent)
class SessionEventAdmin(Pages, SeenBySome, admin.ModelAdmin):
    """Draws its pages itself: Django's list would count and sort all events."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list; what an address can't mean is told, and left out of it."""
        self.admit(request)
        actor, asked = actor_of(request), read_asked(request.GET)
        for refusal in asked.refusals[:5]:
            self.refused(request, refusal)
        if asked.refusals:
            return redirect(f"{reverse(_LIST)}?{asked.query()}")
        page = page_of(actor, asked)
        return self.page(
            request,
            "sessions_app/event_list.html",
            _("Events"),
            rows=[{"event": event, "told": told(event)} for event in page.rows],
            older=asked.query(**{OLDER_THAN: str(page.older)}) if page.older else "",
            newest=asked.query() if OLDER_THAN in asked.values else None,
            was_cut=page.was_cut,
            looked=_("{count} events were looked through.").format(count=f"{WINDOW:,}"),
            fields=_fields(asked),
            session=asked.values.get(SESSION, ""),
            kept=[(name, asked.values[name]) for name in (FROM, BEFORE_TIME) if name in asked.values],
            chips=_chips(asked),
            drill=_drill(actor, asked),
        )

    def change_view(self, request: HttpRequest, object_id: str, *_args: Any, **_options: Any) -> HttpResponse:
        """One event with what it changed, its cause and its neighbours."""
        self.admit(request)
        if request.method == "POST":
            raise PermissionDenied
        actor, key = actor_of(request), unquote(object_id)
        event = _find(SessionEvent.objects.visible_to(actor).select_related("session"), key)
        if event is None:
            self.refused(request, _no_event(key))
            return redirect(_LIST)
        wanted = {event.seq - 1, event.seq + 1, event.cause or 0}
        others = SessionEvent.objects.visible_to(actor).filter(session=event.session_id, seq__in=wanted)
        near = {other.seq: other for other in others.only("seq", "type", "hash", "session").order_by("seq")}
        return self.page(
            request,
            "sessions_app/event.html",
            _("Event {number}: {what}").format(number=event.seq, what=event_name(event.type)),
            event=event,
            told=told(event),
            changes=list(changes(event.session, event)),
            previous=near.get(event.seq - 1),
            following=near.get(event.seq + 1),
            cause=near.get(event.cause or 0),
        )


def _find(rows: QuerySet[SessionEvent], key: str) -> SessionEvent | None:
    is_number = key.isascii() and key.isdecimal() and len(key) < 19
    return rows.filter(pk=int(key)).first() if is_number else None


def _no_event(key: str) -> NotFound:
    return NotFound(
        _("There is no event {id}.").format(id=key), fix=_("Choose one of those in the list."), kind="event"
    )


def _fields(asked: Asked) -> list[dict[str, Any]]:
    """The menus above the list."""
    levels = [(Level(level).name, f"{sign} {_(word)}") for level, (sign, word) in LEVELS.items()]
    types = [(name, event_name(name)) for name in EVENTS]
    doors = [(name, name) for name in _DOORS]
    menus = ((LEVEL, _("at least"), levels), (TYPE, _("what"), types), (DOOR, _("door"), doors))
    return [{"name": name, "title": title, **_menu(asked.values.get(name, ""), of)} for name, title, of in menus]


def _menu(value: str, choices: list[tuple[str, str]]) -> dict[str, Any]:
    """A plugin's types and doors are offered once they were asked for."""
    is_known = not value or value in dict(choices)
    return {"value": value, "choices": choices if is_known else [*choices, (value, shown(value))]}


def _chips(asked: Asked) -> list[dict[str, str]]:
    """What is filtered, each with the address of the list without it."""
    titles = {SESSION: _("session"), LEVEL: _("at least"), TYPE: _("what"), DOOR: _("door")}
    found = [
        {"title": title, "value": _word(name, asked.values[name]), "query": asked.query(name)}
        for name, title in titles.items()
        if name in asked.values
    ]
    if asked.stretch:
        query = asked.query(FROM, BEFORE_TIME)
        found.append({"title": _("time"), "value": asked.stretch.title, "query": query})
    return found


def _word(name: str, value: str) -> str:
    if name == LEVEL:
        return _(LEVELS[Level[value]][1])
    return event_name(value) if name == TYPE else shown(value)


def _drill(actor: Actor, asked: Asked) -> Drill:
    """Where the list stands in time."""

    def link(stretch: Stretch | None) -> str:
        if stretch is None:
            return f"?{asked.query(FROM, BEFORE_TIME)}"
        return f"?{asked.query(**{FROM: str(stretch.first), BEFORE_TIME: str(stretch.end)})}"

    return drill(*time_span(actor), asked.stretch, link, _("All times"))
