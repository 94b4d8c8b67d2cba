"""``flow run`` and ``flow stage``: the verbs."""

from __future__ import annotations

from typing import Any

from sessions_app.change import Outcome
from sessions_app.cli.call import Call
from sessions_app.cli.changes import change
from sessions_app.cli.values import pairs
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.lookup import find_workflow, get_session
from sessions_app.models import FlowSession
from sessions_app.representation import session_json
from sessions_app.text import visible
from sessions_app.words import stage_state
from stages_app.models import StageInstance
from stages_app.representation import stage_json
from stages_app.services import StageInstanceManager

_RUN_NEW = noop("In progress: {stage} ({name}) in the new session {session}")
_RUN_THERE = noop("In progress: {stage} ({name}) in {session}")


class StageReport:
    """A change whose result is an attempt at a stage; ``done`` is the sentence for it."""

    def __init__(self, done: str) -> None:
        self._done = done

    def session(self, result: StageInstance) -> FlowSession:
        return result.session

    def data(self, result: StageInstance) -> dict[str, Any]:
        return {**stage_json(result), "session": session_json(result.session)}

    def sentence(self, result: StageInstance, outcome: Outcome) -> str:
        if not outcome.changed:
            return self.unchanged(result)
        told = "✅ " + _(self._done).format(
            stage=result.stage_id, name=visible(result.display_name), session=result.session_id
        )
        if any(event.type == "session.completed" for event in outcome.events):
            return (
                told
                + "\n✅ "
                + _("Nothing required is left: the session {id} is completed.").format(id=result.session_id)
            )
        return told

    def unchanged(self, result: StageInstance) -> str:
        return _("The stage {stage} of {session} is unchanged: it is {status} already.").format(
            stage=result.stage_id, session=result.session_id, status=stage_state(result.status)
        )


class AssignReport(StageReport):
    """A change of whose turn a stage is."""

    def unchanged(self, result: StageInstance) -> str:
        return _("Nothing changed in the stage {stage} of {session}.").format(
            stage=result.stage_id, session=result.session_id
        )


def run(call: Call) -> None:
    """``run <workflow>:<stage>``"""
    workflow, stage_id = _place(call)
    in_session = call.args.session is not None
    done = _RUN_THERE if in_session else _RUN_NEW
    change(
        call,
        StageInstanceManager,
        lambda manager, key: _run(call, manager, key, workflow, stage_id),
        StageReport(done),
        in_session=in_session,
    )


def _run(call: Call, manager: StageInstanceManager, session_id: str, workflow: str, stage_id: str) -> StageInstance:
    workflow_id = find_workflow(workflow).pk
    if not session_id:
        return manager.run_in_new_session(workflow_id, stage_id, **_run_options(call))
    _refuse_other_workflow(get_session(manager.actor, session_id), workflow_id)
    return manager.run_stage(session_id, stage_id, **_run_options(call))


def _run_options(call: Call) -> dict[str, Any]:
    args = call.args
    return {"name": args.name, "force": args.force, "reason": args.reason, "ad_hoc": args.ad_hoc}


def _place(call: Call) -> tuple[str, str]:
    workflow, colon, stage_id = call.args.place.partition(":")
    if workflow and colon and stage_id:
        return workflow, stage_id
    raise InvalidInput(
        _("{place} is no place to work.").format(place=visible(call.args.place)),
        fix=_("Write <workflow>:<stage>, such as dev:coding."),
        code="usage",
    )


def _refuse_other_workflow(flow_session: FlowSession, workflow_id: str) -> None:
    if workflow_id == flow_session.workflow_id:
        return
    raise InvalidInput(
        _("The session {id} runs {workflow}, not {other}.").format(
            id=flow_session.pk, workflow=flow_session.workflow_id, other=workflow_id
        ),
        fix=_("Write {workflow}:<stage>, or leave --session out.").format(workflow=flow_session.workflow_id),
        session_id=flow_session.pk,
        workflow_id=flow_session.workflow_id,
    )


def _perform(call: Call, verb: str, done: str, **options: Any) -> None:
    change(
        call,
        StageInstanceManager,
        lambda manager, key: manager.perform(key, call.args.stage, verb, reason=call.args.reason, **options),
        StageReport(done),
    )


def start(call: Call) -> None:
    """``stage start [<stage>]``"""
    _perform(call, "start", _RUN_THERE, force=call.args.force)


def pause(call: Call) -> None:
    """``stage pause [<stage>]``"""
    _perform(call, "pause", noop("Paused: {stage} ({name}) in {session}"))


def resume(call: Call) -> None:
    """``stage resume [<stage>]``"""
    _perform(call, "resume", noop("In progress again: {stage} ({name}) in {session}"))


def complete(call: Call) -> None:
    """``stage complete [<stage>]``"""
    # In its place, so that an idempotency key covers what the files say.
    call.args.deliverable = pairs(call.args.deliverable, files=True)
    done = noop("Completed: {stage} ({name}) in {session}")
    _perform(call, "complete", done, force=call.args.force, deliverables=call.args.deliverable)


def fail(call: Call) -> None:
    """``stage fail [<stage>]``"""
    _perform(call, "fail", noop("Marked as failed: {stage} ({name}) in {session}"))


def skip(call: Call) -> None:
    """``stage skip [<stage>] --reason R``"""
    _perform(call, "skip", noop("Skipped: {stage} ({name}) in {session}"))


def retry(call: Call) -> None:
    """``stage retry [<stage>]``"""
    _perform(call, "retry", noop("A new attempt: {stage} ({name}) in {session}"))


def assign(call: Call) -> None:
    """``stage assign [<stage>] --to <user>``"""
    username = _assignee(call)
    to_somebody, to_nobody = (
        noop("Assigned: {stage} ({name}) in {session}"),
        noop("Assigned to nobody: {stage} ({name})"),
    )
    change(
        call,
        StageInstanceManager,
        lambda manager, key: manager.assign_stage(key, call.args.stage, username),
        AssignReport(to_nobody if username is None else to_somebody),
    )


def _assignee(call: Call) -> str | None:
    to: str | None = call.args.to
    if (to is None) != call.args.nobody:
        raise InvalidInput(_("Whose turn is it?"), fix=_("Give either --to or --nobody."), code="usage")
    return to
