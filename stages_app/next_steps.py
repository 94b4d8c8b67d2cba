"""What is legal next for a session, best first: the command for each, and the request of the API for the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sessions_app import machine, progress
from sessions_app.access import may
from sessions_app.actors import Actor
from sessions_app.cli.words import moment
from sessions_app.language import gettext as _
from sessions_app.language import localised, ngettext
from sessions_app.models import FlowSession
from sessions_app.permissions import GENERAL_ACTIONS, SESSION_ACTIONS, STAGE_ACTIONS, Need
from stages_app.models import StageInstance
from stages_app.representation import StagesPart

PROPOSALS = 3
"""How many stages that could begin are offered at most."""

_TO_DO = (None, machine.PENDING)

Stage = Mapping[str, Any]


class Post(NamedTuple):
    """A request to the API: the name of its address, what stands in the address, and the body; None: it is a GET."""

    address: str
    ids: Sequence[str]
    body: Mapping[str, Any] | None


class NextStep(NamedTuple):
    """What can be done: as words below ``flow``, why one would do it, what it needs, and as a request."""

    words: Sequence[str]
    why: str
    need: Need
    post: Post


def next_steps(
    flow_session: FlowSession, stages: Sequence[Stage] | None = None, *, lease: int | None = None
) -> list[NextStep]:
    """The legal next steps; ``stages`` are those of the session's description, if they are at hand.

    ``lease`` is the token of whoever asks: what they hold is offered with it, what others hold is not to be written to.
    """
    if flow_session.status == machine.ACTIVE:
        described = StagesPart().describe_many([flow_session])[0] if stages is None else stages
        return [*_work(flow_session, described, lease), _session_step(flow_session, "pause", _("pause the session"))]
    if flow_session.status == machine.ABORTED:
        return [_anew(flow_session.workflow_id)]
    verb, why = {
        machine.PENDING: ("start", _("start the session")),
        machine.PAUSED: ("resume", _("resume the session")),
        machine.FAILED: ("resume", _("try again what failed")),
        machine.COMPLETED: ("reopen", _("take it up again")),
    }[flow_session.status]
    return [_session_step(flow_session, verb, why)]


def allowed_steps(
    actor: Actor, flow_session: FlowSession, stages: Sequence[Stage] | None = None, *, lease: int | None = None
) -> list[NextStep]:
    """Those of :func:`next_steps` that the actor may take."""
    return [step for step in next_steps(flow_session, stages, lease=lease) if may(actor, step.need, flow_session)]


def place_json(flow_session: FlowSession, steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Where the session is, with the next steps as data."""
    return {
        "session_id": flow_session.pk,
        "status": flow_session.status,
        "current_stage_id": flow_session.current_stage_id or None,
        "progress": flow_session.progress,
        "version": flow_session.version,
        "next": steps,
    }


def _work(flow_session: FlowSession, stages: Sequence[Stage], lease: int | None) -> Iterable[NextStep]:
    """What can be done in an ACTIVE session: in its stages, then between them, then to end it."""
    active = [stage for stage in stages if stage["status"] == machine.ACTIVE]
    held = _held_with(flow_session, lease) if any(stage["lease"] for stage in active) else None
    for stage in active:
        if held is not None and stage["id"] == held:
            yield from (step._replace(words=[*step.words, "--lease", str(lease)]) for step in _in_stage(stage))
        elif is_held(stage):
            yield from _around(stage)
        else:
            yield from _in_stage(stage)
    for stage in stages:
        if stage["status"] == machine.PAUSED and _may_begin(flow_session, active):
            yield _stage_step(stage, "resume", _("continue the stage {stage}"))
    if _may_begin(flow_session, active):
        yield from _between_stages(flow_session, stages)
    if not active and not progress.open_required(flow_session.published, flow_session.stage_states):
        yield _session_step(flow_session, "complete", _("complete the session"))


def is_held(stage: Stage) -> bool:
    """Whether somebody claimed the stage and has time left: only with their token it is written to."""
    return stage["lease"] is not None and not stage["lease"]["expired"]


def _held_with(flow_session: FlowSession, lease: int | None) -> str | None:
    """The attempt whose lease has that token."""
    if lease is None:
        return None
    rows = StageInstance.objects.filter(session_id=flow_session.pk, lease_token=lease)
    return rows.values_list("pk", flat=True).first()


def _around(stage: Stage) -> Iterable[NextStep]:
    """What there is for others while somebody holds a stage."""
    lease, place = stage["lease"], {"stage": stage["stage_id"]}
    holder, reason = lease["holder"], _("<reason>")
    waits = _("{holder} holds the stage {stage} until {time}: wait, and look at it again")
    yield NextStep(
        ["context", stage["session_id"]],
        waits.format(holder=holder, time=moment(lease["expires_at"]), **place),
        SESSION_ACTIONS["read"],
        Post("session-context", [stage["session_id"]], None),
    )
    yield NextStep(
        ["stage", "claim", stage["stage_id"], "--session", stage["session_id"], "--take", "--reason", reason],
        _("take the stage {stage} over from {holder}").format(holder=holder, **place),
        STAGE_ACTIONS["take"],
        Post("stage-claim", [stage["id"]], {"take": True, "reason": reason}),
    )


def _may_begin(flow_session: FlowSession, active: Sequence[Stage]) -> bool:
    return not active or flow_session.published.definition.parallel


def _in_stage(stage: Stage) -> Iterable[NextStep]:
    left = sorted((item for item in stage["items"] if not item["done"]), key=lambda item: not item["required"])
    if left:
        yield _tick(stage, left)
    for name in stage["missing_deliverables"]:
        yield _deliver(stage, name)
    if not stage["missing_deliverables"] and not any(item["required"] for item in left[:1]):
        yield _stage_step(stage, "complete", _("complete the stage {stage}"))


def _tick(stage: Stage, left: Sequence[Mapping[str, Any]]) -> NextStep:
    why = ngettext("tick the last open item ({text})", "tick the next of {count} open items ({text})", len(left))
    number = str(left[0]["number"])
    return NextStep(
        ["item", "done", number, *_place(stage)],
        why.format(count=len(left), text=left[0]["text"]),
        STAGE_ACTIONS["items"],
        Post("stage-items-done", [stage["id"]], {"items": [number]}),
    )


def _deliver(stage: Stage, name: str) -> NextStep:
    value = _("<value>")
    return NextStep(
        ["deliverable", "add", f"{name}={value}", *_place(stage)],
        _("hand in {name}").format(name=name),
        STAGE_ACTIONS["deliverables"],
        Post("stage-deliverables", [stage["id"]], {"deliverables": {name: value}}),
    )


def _place(stage: Stage) -> list[str]:
    return ["--session", stage["session_id"], "--stage", stage["stage_id"]]


def _between_stages(flow_session: FlowSession, stages: Sequence[Stage]) -> Iterable[NextStep]:
    for stage in stages:
        if stage["status"] == machine.FAILED:
            yield _stage_step(stage, "retry", _("try the stage {stage} again"))
    for proposal in _ready(flow_session)[:PROPOSALS]:
        yield _begin(flow_session, proposal)


def _begin(flow_session: FlowSession, proposal: progress.Proposal) -> NextStep:
    condition = localised(proposal.condition)
    why = _("begin the stage {stage} ({condition})") if condition else _("begin the stage {stage}")
    return NextStep(
        ["run", f"{flow_session.workflow_id}:{proposal.stage_id}", "--session", flow_session.pk],
        why.format(stage=proposal.stage_id, condition=condition),
        STAGE_ACTIONS["start"],
        Post("session-run", [flow_session.pk], {"stage": proposal.stage_id}),
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


def _stage_step(stage: Stage, verb: str, why: str) -> NextStep:
    return NextStep(
        ["stage", verb, stage["stage_id"], "--session", stage["session_id"]],
        why.format(stage=stage["stage_id"]),
        STAGE_ACTIONS[verb],
        Post(f"stage-{verb}", [stage["id"]], {}),
    )


def _session_step(flow_session: FlowSession, verb: str, why: str) -> NextStep:
    needs_reason = machine.SESSION_RULES[verb].reason_required
    reason = _("<reason>")
    return NextStep(
        ["session", verb, flow_session.pk, *(["--reason", reason] if needs_reason else [])],
        why,
        SESSION_ACTIONS[verb],
        Post(f"session-{verb}", [flow_session.pk], {"reason": reason} if needs_reason else {}),
    )


def _anew(workflow_id: str) -> NextStep:
    return NextStep(
        ["session", "create", workflow_id],
        _("begin anew"),
        GENERAL_ACTIONS["create-session"],
        Post("sessions", [], {"workflow_id": workflow_id}),
    )
