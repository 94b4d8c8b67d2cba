"""``flow session``: the verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sessions_app.change import Outcome
from sessions_app.cli.call import Call
from sessions_app.cli.changes import change, chosen_lines
from sessions_app.cli.values import pairs
from sessions_app.exceptions import FlowError, InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.lookup import find_workflow
from sessions_app.masking import shown
from sessions_app.models import FlowSession, Tombstone
from sessions_app.representation import session_json
from sessions_app.services import FlowSessionManager
from sessions_app.switching import Switched, SwitchManager
from sessions_app.words import session_state


class SessionReport:
    """A change whose result is the session; ``done`` is the sentence for it."""

    def __init__(self, done: str) -> None:
        self._done = done

    def session(self, result: FlowSession) -> FlowSession:
        return result

    def data(self, result: FlowSession) -> dict[str, Any]:
        return session_json(result)

    def sentence(self, result: FlowSession, outcome: Outcome) -> str:
        if not outcome.changed:
            return self.unchanged(result)
        return "✅ " + _(self._done).format(id=result.pk, name=shown(result.name))

    def unchanged(self, result: FlowSession) -> str:
        return _("{id} is unchanged: it is {status} already.").format(id=result.pk, status=session_state(result.status))


class UpdateReport(SessionReport):
    """A change of what a session says, not of its state."""

    def unchanged(self, result: FlowSession) -> str:
        return _("{id} is unchanged: it says so already.").format(id=result.pk)


class DeletionReport:
    """A change whose result is what is left of a session."""

    def session(self, result: Tombstone) -> None:
        return None

    def data(self, result: Tombstone) -> dict[str, Any]:
        return result.as_dict()

    def sentence(self, result: Tombstone, outcome: Outcome) -> str:
        return "✅ " + _("Deleted: {id}").format(id=result.session_id)


class SwitchReport:
    """A change of which session is the current one."""

    def session(self, result: Switched) -> FlowSession:
        return result.flow_session

    def data(self, result: Switched) -> dict[str, Any]:
        return {**session_json(result.flow_session), "changed": result.changed}

    def sentence(self, result: Switched, outcome: Outcome) -> str:
        row = result.flow_session
        return "✅ " + _("Current session: {id} ({name})").format(id=row.pk, name=shown(row.name))


def create(call: Call) -> None:
    """``create <workflow>``"""
    args = call.args
    context = pairs(args.context)
    change(
        call,
        FlowSessionManager,
        lambda manager, _none: manager.create_session(
            find_workflow(args.workflow).pk,
            args.name,
            context=context,
            tags=args.tag,
            start=args.start,
            team=args.team,
        ),
        SessionReport(noop("Created: {id} ({name})")),
        in_session=False,
    )


def _perform(call: Call, done: str, verb: Callable[[FlowSessionManager, str], FlowSession]) -> None:
    """Do a verb whose result is the session."""
    change(call, FlowSessionManager, verb, SessionReport(done))


def start(call: Call) -> None:
    """``start [<session>]``"""
    _perform(call, noop("Started: {id} ({name})"), lambda m, key: m.start_session(key, reason=call.args.reason))


def pause(call: Call) -> None:
    """``pause [<session>]``"""
    _perform(call, noop("Paused: {id} ({name})"), lambda m, key: m.pause_session(key, reason=call.args.reason))


def resume(call: Call) -> None:
    """``resume [<session>]``"""
    _perform(call, noop("Resumed: {id} ({name})"), lambda m, key: m.resume_session(key, reason=call.args.reason))


def complete(call: Call) -> None:
    """``complete [<session>]``"""
    _perform(
        call,
        noop("Completed: {id} ({name})"),
        lambda m, key: m.complete_session(key, force=call.args.force, reason=call.args.reason),
    )


def fail(call: Call) -> None:
    """``fail [<session>] --reason R``"""
    _perform(call, noop("Marked as failed: {id} ({name})"), lambda m, key: m.fail_session(key, reason=call.args.reason))


def reopen(call: Call) -> None:
    """``reopen [<session>] --reason R``"""
    _perform(call, noop("Reopened: {id} ({name})"), lambda m, key: m.reopen_session(key, reason=call.args.reason))


def abort(call: Call) -> None:
    """``abort [<session>]``"""
    _perform(call, noop("Aborted: {id} ({name})"), lambda m, key: m.abort_session(key, reason=call.args.reason))


def note(call: Call) -> None:
    """``note [<session>] TEXT``"""
    _perform(call, noop("Noted: {id} ({name})"), lambda m, key: m.note_session(key, call.args.text))


def update(call: Call) -> None:
    """``update [<session>]``"""
    args = call.args
    given = {name: getattr(args, name) for name in ("name", "owner", "team")}
    data: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if args.context:
        data["context"] = pairs(args.context)
    if args.no_team:
        _refuse_both(args.team)
        data["team"] = None
    if not data:
        options = _("Give --name, --context, --owner, --team or --no-team.")
        raise InvalidInput(_("There is nothing to update."), fix=options, code="usage")
    report = UpdateReport(noop("Updated: {id} ({name})"))
    change(call, FlowSessionManager, lambda manager, key: manager.update_session(key, data), report)


def _refuse_both(team: str | None) -> None:
    if team is not None:
        raise InvalidInput(_("--team and --no-team contradict each other."), fix=_("Give one of them."), code="usage")


def delete(call: Call) -> None:
    """``delete <session> --force``"""
    change(call, FlowSessionManager, lambda manager, key: _delete(call, manager, key), DeletionReport())


def _delete(call: Call, manager: FlowSessionManager, session_id: str) -> Tombstone:
    if not call.args.force:
        _confirm_deletion(call, manager.get_session(session_id))
    return manager.delete_session(session_id, reason=call.args.reason)


def _confirm_deletion(call: Call, flow_session: FlowSession) -> None:
    refusal = InvalidInput(
        _("Nothing was deleted: deleting removes {id} with all its events for good.").format(id=flow_session.pk),
        fix=_("Say --force to delete it."),
        code="usage",
        session_id=flow_session.pk,
    )
    if call.json or not call.terminal.interactive:
        raise refusal
    question = _("Delete {id} ({name}) with all its events? [y/N] ").format(
        id=flow_session.pk, name=shown(flow_session.name)
    )
    if call.terminal.ask(question).lower() not in ("y", "yes", "是"):
        raise FlowError(_("Nothing was deleted."), code="declined", severity="info")


def switch(call: Call) -> None:
    """``switch <session>``"""
    change(call, SwitchManager, lambda manager, key: manager.switch(key), SwitchReport())


def current(call: Call) -> None:
    """``current``"""
    call.args.session = None
    chosen = call.chosen_session()
    flow_session = chosen.flow_session
    call.show(
        lambda: {**session_json(flow_session), "chosen_by": chosen.rule},
        lambda: [
            f"{flow_session.pk}  {shown(flow_session.name)}  ({session_state(flow_session.status)})",
            *chosen_lines(chosen),
        ],
    )
