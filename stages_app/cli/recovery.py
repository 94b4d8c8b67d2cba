"""``flow session recover``: what was interrupted, and the command that continues it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sessions_app.cli.call import Call
from sessions_app.cli.words import moment
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.lookup import find_workflow
from sessions_app.masking import shown
from sessions_app.text import visible
from sessions_app.words import mark
from stages_app.next_steps import NextStep
from stages_app.recovery import MOST, Found, Interruption, interruption_json, interruptions


def recover(call: Call) -> None:
    """``session recover``"""
    args = call.args
    if not 1 <= args.limit <= MOST:
        raise InvalidInput(
            _("The limit can't be {limit}.").format(limit=args.limit),
            fix=_("Give a number from 1 to {most}.").format(most=MOST),
            code="usage",
        )
    workflow_id = None if args.workflow is None else find_workflow(args.workflow).pk
    found = interruptions(call.actor, workflow_id=workflow_id, mine=args.mine, limit=args.limit)
    call.show(lambda: _data(call, found), lambda: _lines(call, found))


def _data(call: Call, found: Found) -> dict[str, Any]:
    rows = [{**interruption_json(row), "command": call.command(*step.words)} for row, step in found.rows]
    return {"results": rows, "more": found.more}


def _lines(call: Call, found: Found) -> Iterable[str]:
    if not found.rows:
        yield _("Nothing was interrupted.")
        return
    for row, step in found.rows:
        yield from _row_lines(call, row, step)
    yield ""
    yield ngettext("Total: {count} interruption", "Total: {count} interruptions", len(found.rows)).format(
        count=len(found.rows)
    )
    if found.more:
        yield _("There are more; show them with --limit {limit}.").format(limit=MOST)


def _row_lines(call: Call, row: Interruption, step: NextStep) -> Iterable[str]:
    stage_instance, flow_session = row.stage_instance, row.flow_session
    status = stage_instance.status if stage_instance else flow_session.status
    place = f"{stage_instance.stage_id} · " if stage_instance else ""
    yield f"{mark(status)} {place}{flow_session.pk} ({shown(flow_session.name)}) - {visible(row.about)}"
    notes = [_("since {time}").format(time=moment(row.since)), shown(row.who), shown(row.reason)]
    yield "   " + ", ".join(note for note in notes if note)
    yield f"   {call.command(*step.words)}"
