"""Savepoints as people read them: a list, one of them, what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sessions_app.cli.call import Call, Step
from sessions_app.cli.changes import next_lines
from sessions_app.cli.table import Column, table
from sessions_app.cli.words import fact, moment
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.masking import shown
from sessions_app.models import FlowSession, Savepoint
from sessions_app.state_diff import Changed, lines
from sessions_app.words import mark, savepoint_taken, session_state, stage_state


def taken(savepoint: Savepoint) -> str:
    """When a savepoint was taken, in words."""
    return savepoint_taken(savepoint.kind, savepoint.verb, savepoint.stage_id)


def list_lines(call: Call, flow_session: FlowSession, rows: Sequence[Savepoint], total: int) -> Iterable[str]:
    """The table of a session's savepoints."""
    if not rows:
        yield _("The session {id} has no savepoint yet.").format(id=flow_session.pk)
        step = Step(["savepoint", "create", flow_session.pk], _("take one by hand"))
        yield from next_lines(call.commands([step]))
        return
    yield _("Savepoints of {id} ({name}):").format(id=flow_session.pk, name=shown(flow_session.name))
    yield ""
    columns = [
        Column(_("Number")),
        Column(_("Taken")),
        Column(_("Time")),
        Column(_("By")),
        Column(_("Note"), gives=True),
    ]
    cells = [[str(row.seq), taken(row), moment(row.created_at), shown(row.actor), shown(row.note)] for row in rows]
    yield from table(columns, cells, width=call.terminal.width)
    yield ""
    yield ngettext("In all: {count} savepoint", "In all: {count} savepoints", total).format(count=total)
    yield from next_lines(call.commands(_steps(rows[0])))


def show_lines(call: Call, savepoint: Savepoint, state: Mapping[str, Any]) -> Iterable[str]:
    """What a savepoint is and holds."""
    session = state["session"]
    yield f"📌 {savepoint.pk}"
    yield fact(_("Session"), f"{savepoint.session_id} ({shown(savepoint.session.name)})")
    yield fact(_("Taken"), f"{taken(savepoint)}, {moment(savepoint.created_at)}, {shown(savepoint.actor)}")
    if savepoint.note:
        yield fact(_("Note"), shown(savepoint.note))
    yield fact(_("Name"), shown(session["name"]))
    yield fact(_("State"), session_state(session["status"]))
    if session["current_stage_id"]:
        yield fact(_("Current stage"), session["current_stage_id"])
    yield ""
    yield _("Stages then:") if state["attempts"] else _("No stage had begun.")
    for key, attempt in sorted(state["attempts"].items()):
        done, every = sum(item["done"] for item in attempt["items"]), len(attempt["items"])
        items = f" ({done}/{every})" if every else ""
        yield f"{mark(attempt['status'])} {key} - {stage_state(attempt['status'])}{items}"
    yield from next_lines(call.commands(_steps(savepoint)))


def diff_lines(
    call: Call, savepoint: Savepoint, other: Savepoint | None, found: Sequence[Changed], most: int
) -> Iterable[str]:
    """What changed since a savepoint."""
    if other:
        yield _("What changed from {id} to {other}:").format(id=savepoint.pk, other=other.pk)
    else:
        yield _("What changed since {id} ({taken}, {time}):").format(
            id=savepoint.pk, taken=taken(savepoint), time=moment(savepoint.created_at)
        )
    yield from (f"- {line}" for line in lines(found, most)) if found else [_("Nothing.")]
    if found and not other:
        yield from next_lines(call.commands(_steps(savepoint)[1:]))


def _steps(savepoint: Savepoint) -> list[Step]:
    return [
        Step(["savepoint", "diff", savepoint.pk], _("see what changed since")),
        Step(["savepoint", "restore", savepoint.pk, "--dry-run"], _("see what restoring would change")),
        Step(["savepoint", "fork", savepoint.pk], _("go on from there in a new session")),
    ]
