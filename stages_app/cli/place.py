"""``flow next`` and ``flow context``: where a session is; and what ``flow status`` says of its stages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sessions_app.cli.call import Call
from sessions_app.cli.changes import chosen_lines, why_chosen
from sessions_app.current import Chosen
from sessions_app.masking import shown
from sessions_app.representation import session_detail_json
from sessions_app.text import visible
from sessions_app.words import session_state
from stages_app.brief import brief_data, brief_lines
from stages_app.cli.lines import Stage, items_done, progress_bar, stage_line
from stages_app.next_steps import place_json


def status_lines(chosen: Chosen, progress: dict[str, Any], *facts: str) -> Iterable[str]:
    """How far a session is; ``facts`` are said of it as a whole."""
    flow_session = chosen.flow_session
    yield f"{flow_session.pk} ({shown(flow_session.name)}): {session_state(flow_session.status)}"
    yield from chosen_lines(chosen)
    yield progress_bar(progress["progress"])
    yield from facts
    yield ""
    yield from (stage_line(stage, named=True) + _ticked(stage) for stage in progress["stages"])


def _ticked(stage: Stage) -> str:
    return f" · {items_done(stage)}" if stage["items"] and stage["status"] in ("ACTIVE", "PAUSED") else ""


def next_steps(call: Call) -> None:
    """``next [<session>]``"""
    chosen = call.chosen_session()
    flow_session = chosen.flow_session
    steps = call.next_steps(flow_session)
    call.show(
        lambda: {**place_json(flow_session, steps), "chosen_by": chosen.rule},
        lambda: [
            f"{flow_session.pk} ({shown(flow_session.name)}): {session_state(flow_session.status)}",
            *chosen_lines(chosen),
            *(f"- {visible(step['why'])}: {step['command']}" for step in steps),
        ],
    )


def context(call: Call) -> None:
    """``context [<session>]``"""
    chosen = call.chosen_session()
    flow_session = chosen.flow_session
    data = session_detail_json(flow_session, reveal=call.reveals(flow_session))
    steps = call.next_steps(flow_session)
    call.show(
        lambda: {**brief_data(flow_session, data, steps), "chosen_by": chosen.rule},
        lambda: brief_lines(flow_session, data, steps, call.command, because=why_chosen(chosen)),
    )
