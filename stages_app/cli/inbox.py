"""``flow inbox``: the stages whose turn is the actor's, each with the command that opens it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sessions_app.cli.call import Call
from sessions_app.cli.words import moment
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.masking import shown
from sessions_app.text import visible
from sessions_app.words import mark, stage_state
from stages_app.inbox import inbox, inbox_json, opening_words, waiting_since
from stages_app.models import StageInstance


def show(call: Call) -> None:
    """``inbox``"""
    rows = inbox(call.actor)
    call.show(lambda: [_data(call, row) for row in rows], lambda: _lines(call, rows))


def _data(call: Call, row: StageInstance) -> dict[str, Any]:
    return {**inbox_json(row), "command": _opening(call, row)}


def _lines(call: Call, rows: list[StageInstance]) -> Iterable[str]:
    if not rows:
        yield _("No stage waits for {user}.").format(user=visible(call.actor.username))
        return
    for row in rows:
        yield f"{mark(row.status)} {row.stage_id} ({shown(row.display_name)}) - {stage_state(row.status)}"
        yield "   " + _("{id} ({name}), since {time}").format(
            id=row.session_id, name=shown(row.session.name), time=moment(waiting_since(row))
        )
        yield f"   {_opening(call, row)}"
    yield ""
    yield ngettext("Total: {count} stage", "Total: {count} stages", len(rows)).format(count=len(rows))


def _opening(call: Call, row: StageInstance) -> str:
    return call.command(*opening_words(row))
