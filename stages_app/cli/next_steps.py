"""What is legal next for a session, best first, with the command for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sessions_app import machine, progress
from sessions_app.cli.call import Step
from sessions_app.language import gettext as _
from sessions_app.language import localised, ngettext
from sessions_app.models import FlowSession
from stages_app.representation import StagesPart

PROPOSALS = 3
"""How many stages that could begin are offered at most."""

_TO_DO = (None, machine.PENDING)


def next_steps(flow_session: FlowSession, stages: Sequence[dict[str, Any]] | None = None) -> list[Step]:
    """The legal next commands; ``stages`` are those of the session's description, if they are at hand."""
    key = flow_session.pk
    if flow_session.status == machine.ACTIVE:
        described = StagesPart().describe(flow_session) if stages is None else stages
        return [*_work(flow_session, described), Step(["session", "pause", key], _("pause the session"))]
    return {
        machine.PENDING: [Step(["session", "start", key], _("start the session"))],
        machine.PAUSED: [Step(["session", "resume", key], _("resume the session"))],
        machine.FAILED: [Step(["session", "resume", key], _("try again what failed"))],
        machine.COMPLETED: [Step(["session", "reopen", key, "--reason", _("<reason>")], _("take it up again"))],
        machine.ABORTED: [Step(["session", "create", flow_session.workflow_id], _("begin anew"))],
    }[flow_session.status]


def _work(flow_session: FlowSession, stages: Sequence[dict[str, Any]]) -> Iterable[Step]:
    """What can be done in an ACTIVE session: in its stages, then between them, then to end it."""
    active = [stage for stage in stages if stage["status"] == machine.ACTIVE]
    for stage in active:
        yield from _in_stage(flow_session, stage)
    for stage in stages:
        if stage["status"] == machine.PAUSED and _may_begin(flow_session, active):
            yield _stage_step(flow_session, stage["stage_id"], "resume", _("continue the stage {stage}"))
    if _may_begin(flow_session, active):
        yield from _between_stages(flow_session, stages)
    if not active and not progress.open_required(flow_session.published, flow_session.stage_states):
        yield Step(["session", "complete", flow_session.pk], _("complete the session"))


def _may_begin(flow_session: FlowSession, active: Sequence[dict[str, Any]]) -> bool:
    return not active or flow_session.published.definition.parallel


def _in_stage(flow_session: FlowSession, stage: dict[str, Any]) -> Iterable[Step]:
    place = ["--session", flow_session.pk, "--stage", stage["stage_id"]]
    left = sorted((item for item in stage["items"] if not item["done"]), key=lambda item: not item["required"])
    if left:
        why = ngettext("tick the last open item ({text})", "tick the next of {count} open items ({text})", len(left))
        yield Step(["item", "done", str(left[0]["number"]), *place], why.format(count=len(left), text=left[0]["text"]))
    value = _("<value>")
    for name in stage["missing_deliverables"]:
        yield Step(["deliverable", "add", f"{name}={value}", *place], _("hand in {name}").format(name=name))
    if not stage["missing_deliverables"] and not any(item["required"] for item in left[:1]):
        yield _stage_step(flow_session, stage["stage_id"], "complete", _("complete the stage {stage}"))


def _between_stages(flow_session: FlowSession, stages: Sequence[dict[str, Any]]) -> Iterable[Step]:
    for stage in stages:
        if stage["status"] == machine.FAILED:
            yield _stage_step(flow_session, stage["stage_id"], "retry", _("try the stage {stage} again"))
    for proposal in _ready(flow_session)[:PROPOSALS]:
        condition = localised(proposal.condition)
        why = _("begin the stage {stage} ({condition})") if condition else _("begin the stage {stage}")
        yield Step(
            ["run", f"{flow_session.workflow_id}:{proposal.stage_id}", "--session", flow_session.pk],
            why.format(stage=proposal.stage_id, condition=condition),
        )


def _ready(flow_session: FlowSession) -> list[progress.Proposal]:
    """The stages that could begin, the current one first, with the condition that led to it.

    A sequential workflow offers beside it only where the stage before may lead to instead.
    """
    states, current = flow_session.stage_states, flow_session.current_stage_id
    ways = flow_session.published.definition.transitions
    came_from = [way.source for way in ways if way.target == current and states.get(way.source) in progress.DONE]
    found = progress.proposals(flow_session.published, states, came_from[0] if came_from else current)
    ready = [proposal for proposal in found if states.get(proposal.stage_id) in _TO_DO]
    ready.sort(key=lambda proposal: proposal.stage_id != current)
    if flow_session.published.definition.parallel:
        return ready
    targets = {way.target for way in ways if way.source in came_from}
    return ready[:1] + [proposal for proposal in ready[1:] if proposal.stage_id in targets]


def _stage_step(flow_session: FlowSession, stage_id: str, verb: str, why: str) -> Step:
    return Step(["stage", verb, stage_id, "--session", flow_session.pk], why.format(stage=stage_id))
