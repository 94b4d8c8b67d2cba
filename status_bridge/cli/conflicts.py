"""``conflict list``, ``show`` and ``settle``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sessions_app.actors import local_actor
from sessions_app.cli.call import Call, Step
from sessions_app.cli.changes import next_lines
from sessions_app.cli.table import Column, table
from sessions_app.cli.words import fact, moment
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.lookup import find_session
from sessions_app.masking import shown
from status_bridge import conflicts
from status_bridge.conflict_words import field_in_words, kind_name, settlement_name, value_in_words
from status_bridge.models import Conflict, Settlement

OFFERED = 50


def conflict_ids(prefix: str) -> Iterable[str]:
    """The numbers that a shell may offer."""
    open_ones = conflicts.list_conflicts(local_actor(door="cli")).values_list("pk", flat=True)[:OFFERED]
    return [str(number) for number in open_ones if str(number).startswith(prefix)]


def list_conflicts(call: Call) -> None:
    """``list``"""
    args = call.args
    session_id = None if args.session is None else find_session(call.actor, args.session).pk
    rows = list(conflicts.list_conflicts(call.actor, session_id=session_id, all_of_them=args.all))
    call.show(lambda: [conflicts.conflict_json(row) for row in rows], lambda: _list_lines(call, rows))


def _list_lines(call: Call, rows: list[Conflict]) -> Iterable[str]:
    if not rows:
        yield _("There is no conflict.")
        return
    columns = [
        Column(_("Number")),
        Column(_("Session"), gives=True),
        Column(_("Field"), gives=True),
        Column(_("Ours"), gives=True),
        Column(_("Theirs"), gives=True),
        Column(_("Found")),
    ]
    yield from table(columns, [_cells(row) for row in rows], width=call.terminal.width)
    yield ""
    yield ngettext("Total: {count} conflict", "Total: {count} conflicts", len(rows)).format(count=len(rows))
    open_one = next((row for row in rows if not row.settled_at), None)
    if open_one:
        yield from next_lines(call.commands([Step(["conflict", "show", str(open_one.pk)], _("look at it"))]))


def _cells(row: Conflict) -> list[str]:
    mark = "✓ " if row.settled_at else ""
    values = [value_in_words(row.field, value) for value in (row.ours, row.theirs)]
    return [str(row.pk), row.session_id, mark + field_in_words(row.field), *values, moment(row.found_at)]


def show(call: Call) -> None:
    """``show <number>``"""
    row = conflicts.find_conflict(call.actor, call.args.conflict)
    steps = _steps(row)
    call.show(
        lambda: {**conflicts.conflict_json(row), "next": call.commands(steps)},
        lambda: [*_lines(row), *next_lines(call.commands(steps))],
    )


def settle(call: Call) -> None:
    """``settle <number>``"""
    args = call.args
    row, changed = conflicts.settle(call.actor, args.conflict, args.keep, reason=args.reason)
    done = "✅ " + _("Settled: {field} of {session}, {settlement} holds.")
    told = (done if changed else _("{field} of {session} was settled so already.")).format(
        field=field_in_words(row.field), session=row.session_id, settlement=settlement_name(row.settlement)
    )
    call.terminal.remember_done(told, call.command("conflict", "show", str(row.pk)))
    call.show(lambda: {**conflicts.conflict_json(row), "changed": changed}, lambda: [told])


def _lines(row: Any) -> Iterable[str]:
    yield _("Conflict {id}: {kind}").format(id=row.pk, kind=kind_name(row.kind))
    facts = {
        _("Session"): row.session_id,
        _("Task"): row.task_url or "",
        _("Field"): field_in_words(row.field),
        _("Last in common"): value_in_words(row.field, row.base),
        _("Ours"): value_in_words(row.field, row.ours),
        _("Theirs"): value_in_words(row.field, row.theirs),
        _("Reason"): shown(row.reason),
        _("Found"): moment(row.found_at),
        _("Settled"): _settled(row),
    }
    yield from (fact(name, shown(value)) for name, value in facts.items() if value)


def _settled(row: Conflict) -> str:
    if not row.settled_at:
        return ""
    by = f" {row.settled_by}" if row.settled_by else ""
    return f"{moment(row.settled_at)}{by}, {settlement_name(row.settlement)}"


def _steps(row: Conflict) -> list[Step]:
    if row.settled_at:
        return []
    words = ["conflict", "settle", str(row.pk), "--keep"]
    return [
        Step([*words, Settlement.OURS], _("write ours to the task")),
        Step([*words, Settlement.THEIRS], _("do theirs to the session")),
    ]
