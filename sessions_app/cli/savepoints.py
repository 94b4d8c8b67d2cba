"""``flow savepoint``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sessions_app.change import Outcome
from sessions_app.cli.call import Call
from sessions_app.cli.changes import change, next_lines
from sessions_app.cli.savepoint_pages import diff_lines, list_lines, show_lines
from sessions_app.cli.sessions import SessionReport
from sessions_app.cli.values import limit_of
from sessions_app.exceptions import FlowError, InvalidInput, NotFound
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.masking import shown
from sessions_app.models import FlowSession, Savepoint
from sessions_app.representation import savepoint_detail_json, savepoint_json, session_json
from sessions_app.savepoints import SavepointManager, state_of
from sessions_app.state_diff import Changed, lines
from sessions_app.words import session_state

MOST_LINES = 200
LAST = "last"


class SavepointReport:
    """A change whose result is a savepoint."""

    def session(self, result: Savepoint) -> FlowSession:
        return result.session

    def data(self, result: Savepoint) -> dict[str, Any]:
        return savepoint_json(result)

    def sentence(self, result: Savepoint, outcome: Outcome) -> str:
        return "✅ " + _("Savepoint taken: {id}").format(id=result.pk)


class StateReport(SessionReport):
    """A session that was put back, or made from a savepoint."""

    def data(self, result: FlowSession) -> dict[str, Any]:
        return {**session_json(result), "dry_run": False, "differences": []}

    def unchanged(self, result: FlowSession) -> str:
        return _("{id} is unchanged: it is just as the savepoint has it.").format(id=result.pk)


def create(call: Call) -> None:
    """``create [<session>]``"""
    note = call.args.note
    change(call, SavepointManager, lambda manager, key: manager.create_savepoint(key, note), SavepointReport())


def list_savepoints(call: Call) -> None:
    """``list [<session>]``"""
    limit = limit_of(call.args.limit)
    flow_session = call.chosen_session().flow_session
    rows = SavepointManager(call.actor).list_savepoints(flow_session.pk)
    shown_rows, total = list(rows[:limit]), rows.count()
    call.show(
        lambda: [savepoint_json(row) for row in shown_rows], lambda: list_lines(call, flow_session, shown_rows, total)
    )


def show(call: Call) -> None:
    """``show <savepoint>``"""
    savepoint = _named(call)
    is_revealed = call.reveals(savepoint.session)
    data = savepoint_detail_json(savepoint, state_of(savepoint), reveal=is_revealed)
    call.show(lambda: data, lambda: show_lines(call, savepoint, data["state"]))


def diff(call: Call) -> None:
    """``diff <savepoint> [<other savepoint>]``"""
    manager = SavepointManager(call.actor)
    savepoint = _named(call)
    other = manager.get_savepoint(_in_full(manager, savepoint.session_id, call.args.other)) if call.args.other else None
    is_revealed = call.reveals(savepoint.session)
    if other and other.session_id != savepoint.session_id:
        is_revealed = call.reveals(other.session)
    found = manager.compare(savepoint.pk, other.pk if other else None, reveal=is_revealed)
    call.show(
        lambda: {
            "from": savepoint.pk,
            "to": other.pk if other else None,
            "differences": [changed.as_dict() for changed in found],
        },
        lambda: diff_lines(call, savepoint, other, found, MOST_LINES),
    )


def restore(call: Call) -> None:
    """``restore <savepoint>``"""
    args = call.args
    if args.dry_run:
        _try(
            call,
            lambda manager, key: manager.restore_savepoint(key, dry_run=True),
            _("Nothing was changed. Restoring would do this:"),
            ["savepoint", "restore"],
        )
        return

    def verb(manager: SavepointManager, session_id: str) -> FlowSession:
        savepoint_id = _in_full(manager, session_id, args.savepoint)
        if call.terminal.interactive and not (call.json or args.yes):
            _confirm(call, manager, savepoint_id)
        return manager.restore_savepoint(savepoint_id, reason=args.reason)

    _change(call, verb, StateReport(noop("Put back: {id} ({name})")))


def fork(call: Call) -> None:
    """``fork <savepoint>``"""
    args = call.args
    if args.dry_run:
        _try(
            call,
            lambda manager, key: manager.fork_savepoint(key, args.name, dry_run=True),
            _("Nothing was made. The fork would be this:"),
            ["savepoint", "fork", *(["--name", args.name] if args.name else [])],
        )
        return
    _change(
        call,
        lambda manager, key: manager.fork_savepoint(
            _in_full(manager, key, args.savepoint), args.name, reason=args.reason
        ),
        StateReport(noop("Forked: {id} ({name})")),
    )


def _change(call: Call, verb: Callable[[SavepointManager, str], FlowSession], report: StateReport) -> None:
    _refuse_two_sessions(call)
    change(call, SavepointManager, verb, report, in_session="@" not in call.args.savepoint)


def _try(call: Call, verb: Callable[[SavepointManager, str], FlowSession], head: str, command: Sequence[str]) -> None:
    """Answer with what a change would do."""
    manager = SavepointManager(call.actor)
    savepoint_id = _named(call).pk
    result = verb(manager, savepoint_id)
    outcome, steps = manager.outcome, [{"command": call.command(*command, savepoint_id), "why": _("do it")}]
    if not call.json:
        for warning in outcome.warnings:
            call.warn(warning)
    data = {
        **session_json(result),
        "dry_run": True,
        "differences": [changed.as_dict() for changed in manager.differences],
        "version": outcome.version,
        "changed": outcome.changed,
        "warnings": outcome.warnings,
        "next": steps,
    }
    call.show(lambda: data, lambda: _trial_lines(head, data, manager.differences, steps))


def _trial_lines(
    head: str, data: Mapping[str, Any], differences: Sequence[Changed], steps: Sequence[Mapping[str, str]]
) -> Iterable[str]:
    if not differences:
        yield _("Nothing would change: the session is just as the savepoint has it.")
        return
    yield head
    yield from (f"- {line}" for line in lines(differences, MOST_LINES))
    yield _("It would be {status} then.").format(status=session_state(data["status"]).lower())
    yield from next_lines(steps)


def _confirm(call: Call, manager: SavepointManager, savepoint_id: str) -> None:
    """Show what restoring would change, and ask; raises unless the answer is yes, which holds for what was shown."""
    trial = SavepointManager(call.actor)
    flow_session = trial.restore_savepoint(savepoint_id, dry_run=True)
    if not trial.differences:
        return
    told = _("Restoring {id} ({name}) to {savepoint} changes this:")
    call.terminal.lines(
        [
            told.format(id=flow_session.pk, name=shown(flow_session.name), savepoint=savepoint_id),
            *(f"- {line}" for line in lines(trial.differences, MOST_LINES)),
        ]
    )
    call.terminal.flush()
    question = _("What it is now is kept as a savepoint before. Restore it? [y/N] ")
    if call.terminal.ask(question).lower() not in ("y", "yes", "是"):
        raise FlowError(_("Nothing was changed."), code="declined", severity="info")
    manager.expect(trial.outcome.version)


def _named(call: Call) -> Savepoint:
    """The savepoint that the command names."""
    _refuse_two_sessions(call)
    is_full = "@" in call.args.savepoint
    session_id = "" if is_full else call.chosen_session().flow_session.pk
    manager = SavepointManager(call.actor)
    return manager.get_savepoint(_in_full(manager, session_id, call.args.savepoint))


def _in_full(manager: SavepointManager, session_id: str, reference: str) -> str:
    """The id that is meant by an id, by a number in the session, or by ``last``."""
    if "@" in reference:
        return reference
    if reference != LAST:
        return f"{session_id}@{reference}"
    newest = manager.list_savepoints(session_id).values_list("pk", flat=True).first()
    if newest is None:
        raise NotFound(
            _("The session {id} has no savepoint yet.").format(id=session_id),
            fix=_("Take one with 'vc flow savepoint create'."),
            kind="savepoint",
            session_id=session_id,
        )
    return newest


def _refuse_two_sessions(call: Call) -> None:
    if call.args.session is not None and "@" in call.args.savepoint:
        raise InvalidInput(
            _("A savepoint's id names its session already."), fix=_("Leave --session out."), code="usage"
        )
