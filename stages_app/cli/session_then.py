"""``flow session show``, of now or of then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from sessions_app.cli.call import Call
from sessions_app.cli.changes import chosen_lines
from sessions_app.cli.words import fact, moment
from sessions_app.current import Chosen
from sessions_app.exceptions import InvalidInput
from sessions_app.history import Then, after_event, at_time
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession
from sessions_app.text import visible
from stages_app.cli import session_page
from stages_app.cli.lines import stage_line
from stages_app.standing import reasons_in, stage_reason
from stages_app.stats.window import read_time
from stages_app.then import row_then, then_json


def show(call: Call) -> None:
    """``show [<session>] [--at <number|moment>]``"""
    if call.args.at is None:
        session_page.show(call)
        return
    if call.args.reveal:
        raise InvalidInput(
            _("Events keep no secrets: there is nothing to reveal of what was."),
            fix=_("Leave out --reveal or --at."),
            code="usage",
        )
    chosen = call.chosen_session()
    then = _asked(chosen.flow_session, call.args.at)
    data = then_json(chosen.flow_session, then)
    call.show(lambda: data, lambda: _lines(call, chosen, then, data))


def _asked(flow_session: FlowSession, at: str) -> Then:
    text = at.strip().removeprefix("#")
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return after_event(flow_session, int(text))
    return at_time(flow_session, read_time("--at", at, timezone.now()))


def _lines(call: Call, chosen: Chosen, then: Then, data: Mapping[str, Any]) -> Iterable[str]:
    row, why = row_then(chosen.flow_session, then), reasons_in(chosen.flow_session.pk, then.events)
    yield _("🕰️ As of event {seq}, {time}: {id} ({name})").format(
        seq=then.last.seq, time=moment(then.last.created_at), id=row.pk, name=visible(data["name"])
    )
    yield from chosen_lines(chosen)
    yield ""
    yield _("Basic facts:")
    yield from session_page.facts(row, data["tags"], why)
    yield ""
    yield _("Progress of the stages:")
    yield from (stage_line(stage, stage_reason(stage, why)) for stage in data["stages"])
    yield from session_page.current_stage(row, list(data["stages"]))
    yield ""
    yield fact(_("As it is now"), call.command("session", "show", row.pk))
