"""``flow session logs``: the event log, which works without the log files."""

from __future__ import annotations

import select
from typing import TextIO

from sessions_app.cli.call import Call
from sessions_app.cli.changes import chosen_lines
from sessions_app.cli.event_lines import EventLines
from sessions_app.cli.interrupts import Interrupts
from sessions_app.current import Chosen
from sessions_app.exceptions import NotFound
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.states import Level

POLL_MILLISECONDS = 500


def logs(call: Call) -> None:
    """``logs [<session>]``"""
    chosen = call.chosen_session()
    flow_session = chosen.flow_session
    events = _events(call, flow_session, after=0)
    if call.args.follow:
        with Interrupts() as interrupts:
            _say_which(call, chosen)
            _follow(call, flow_session, events, interrupts)
        return
    _say_which(call, chosen)
    call.show(
        lambda: [event.as_dict() for event in events],
        lambda: _lines(flow_session, events) or [_("Nothing happened at this level.")],
    )


def _say_which(call: Call, chosen: Chosen) -> None:
    if not call.json:
        call.terminal.lines(chosen_lines(chosen))


def _lines(flow_session: FlowSession, events: list[SessionEvent]) -> list[str]:
    told = EventLines(flow_session)
    return [line for event in events for line in told.of(event)]


def _events(call: Call, flow_session: FlowSession, *, after: int) -> list[SessionEvent]:
    least = Level[call.args.level]
    return list(
        SessionEvent.objects.filter(session_id=flow_session.pk, seq__gt=after, level__gte=least).order_by("seq")
    )


def _follow(call: Call, flow_session: FlowSession, events: list[SessionEvent], interrupts: Interrupts) -> None:
    """Until it is interrupted, nobody reads any more or the session is gone: one text or JSON document per event."""
    told, last = EventLines(flow_session), 0
    while True:
        for event in events:
            last = event.seq
            if call.json:
                call.terminal.document(event.as_dict(), indent=None)
            else:
                call.terminal.lines(told.of(event))
        call.terminal.flush()
        interrupts.heed()
        _wait(call.terminal.out)
        events = _events(call, flow_session, after=last)
        if not events:
            _refuse_deleted(flow_session)


def _refuse_deleted(flow_session: FlowSession) -> None:
    if not FlowSession.objects.filter(pk=flow_session.pk).exists():
        raise NotFound(
            _("The session {id} was deleted.").format(id=flow_session.pk), kind="session", reference=flow_session.pk
        )


def _wait(out: TextIO) -> None:
    """A pause that ends early, with BrokenPipeError, when the reader has gone."""
    poll = select.poll()
    poll.register(out.fileno(), 0)
    if any(state & select.POLLERR for _file, state in poll.poll(POLL_MILLISECONDS)):
        raise BrokenPipeError
