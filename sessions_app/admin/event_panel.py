"""The events of a session on its page: the newest first, each with who, why, and before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from sessions_app.admin.event_words import LEVELS, item_text, moved
from sessions_app.admin.panels import Panel, View, register_panel
from sessions_app.cli.words import event_name
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.masking import shown
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.state_diff import MOVES
from sessions_app.states import Level
from sessions_app.words import session_state, stage_state

EVENTS_SHOWN = 50
MOST_LINES = 3
MOST_COLUMNS = 80
"""Up to which size changes stand unfolded."""

_BEFORE = "before:"
_FILTERS = {"": noop("All"), "INFO": noop("Without details"), "WARNING": noop("Warnings and errors")}
_TOLD_ABOVE = ("status", "attempt")
"""Fields that the first line of an event tells."""


class Page(NamedTuple):
    """Which events are asked for: at least of that level, and older than that number (None: the newest)."""

    level: str = ""
    before: int | None = None

    @property
    def query(self) -> str:
        """The same as a query."""
        asked = {"level": self.level, "events": f"{_BEFORE}{self.before}" if self.before else ""}
        return urlencode({name: value for name, value in asked.items() if value}, safe=":")


def asked_page(request: HttpRequest) -> Page:
    """The page that the address asks for; what it says wrongly is left out."""
    level = request.GET.get("level", "")
    text = request.GET.get("events", "").removeprefix(_BEFORE)
    before = int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None
    return Page(level if level in _FILTERS else "", before)


def event_address(view: View, seq: int) -> str:
    """Where an event of the session stands: on the page as it is shown, else on the one that begins with it."""
    page = asked_page(view.request)
    if page == Page() and seq > view.subject.version - EVENTS_SHOWN:
        return f"#event-{seq}"
    return f"?{Page(before=seq + 1).query}#event-{seq}"


def events_panel(view: View) -> Mapping[str, Any]:
    """What the panel's template needs."""
    flow_session, page = view.subject, asked_page(view.request)
    events = list(_asked(view, page)[: EVENTS_SHOWN + 1])
    rows = [_row(view, event) for event in events[:EVENTS_SHOWN]]
    oldest = events[EVENTS_SHOWN - 1].seq if len(events) > EVENTS_SHOWN else None
    return {
        "rows": rows,
        "count": flow_session.version,
        "filters": [
            {"title": _(title), "query": Page(level).query, "is_chosen": level == page.level}
            for level, title in _FILTERS.items()
        ],
        "older": Page(page.level, oldest).query if oldest else "",
        "newest": Page(page.level).query if page.before else None,
        "all_url": f"{reverse('admin:sessions_app_sessionevent_changelist')}?{_of_session(flow_session)}",
    }


def _of_session(flow_session: FlowSession) -> str:
    return urlencode({"session__id__exact": flow_session.pk})


def _asked(view: View, page: Page) -> Any:
    events = SessionEvent.objects.visible_to(view.actor).filter(session_id=view.subject.pk)
    if page.level:
        events = events.filter(level__gte=Level[page.level])
    if page.before:
        events = events.filter(seq__lt=page.before)
    return events.order_by("-seq")


def _row(view: View, event: SessionEvent) -> dict[str, Any]:
    sign, word = LEVELS[Level(event.level)]
    changes = list(_changes(view.subject, event))
    return {
        "seq": event.seq,
        "at": event.created_at,
        "what": event_name(event.type),
        "place": event.stage_instance_id.removeprefix(f"{event.session_id}."),
        "level": Level(event.level).label.lower(),
        "level_sign": sign,
        "level_word": _(word),
        "actor": event.actor,
        "door": event.door,
        "submitted_by": event.submitted_by,
        "reason": "\n".join(shown(line) for line in event.reason.split("\n")) if event.reason else "",
        "is_note": event.type == "session.noted",
        "cause": event.cause,
        "cause_url": event_address(view, event.cause) if event.cause else "",
        "moved": _moved(event),
        "changes": changes,
        "is_short": _is_short(changes),
    }


def _moved(event: SessionEvent) -> tuple[str, str] | None:
    """From which state to which, in words; from none, where something came to be."""
    change = event.changes.get("status")
    if not change:
        return None
    return (_state(event, change["before"]) if change["before"] else ""), _state(event, change["after"])


def _state(event: SessionEvent, status: str) -> str:
    return stage_state(status) if event.stage_instance_id else session_state(status)


def _changes(flow_session: FlowSession, event: SessionEvent) -> Iterator[dict[str, Any]]:
    """What an event changed besides the state, as it stands in the log: masked when it was recorded."""
    if event.type in MOVES:
        yield from (each for each in moved(event) if each["name"] not in _TOLD_ABOVE)
        return
    for name, change in event.changes.items():
        before, after = change["before"], change["after"]
        if name not in _TOLD_ABOVE:
            yield {"name": name, "text": item_text(flow_session, event, name), "before": before, "after": after}


def _is_short(changes: Sequence[Mapping[str, Any]]) -> bool:
    """Whether changes can be told in a line each, with nothing to unfold."""
    values = [change[place] for change in changes for place in ("before", "after")]
    return len(changes) <= MOST_LINES and all(_is_plain(value) for value in values)


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list) and len(str(value)) <= MOST_COLUMNS


register_panel("session", Panel("events", 40, "sessions_app/event_panel.html", events_panel))
