"""How stages follow their session: they veto its completion, and pause, fail and end with it."""

from __future__ import annotations

from typing import Any

from sessions_app import keeping
from sessions_app.change import Change
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.signals import event_recorded, transition_requested
from stages_app import verbs
from stages_app.attempts import creation_changes, last_attempts, new_attempt
from stages_app.guards import refuse_open_stages
from stages_app.machine import OPEN, STAGE_RULES
from stages_app.models import StageInstance
from stages_app.states import StageStatus

_FOLLOWING = {
    "session.paused": ("pause", STAGE_RULES["pause"].sources),
    "session.failed": ("fail", STAGE_RULES["fail"].sources),
    "session.aborted": ("abort", STAGE_RULES["abort"].sources),
    "session.completed": ("skip", OPEN),
}
"""What a session's event does to the last attempts of its stages that stand in these states."""


_ENDS = ("stage.completed", "stage.failed", "stage.skipped")
"""Events after whose change a savepoint is taken."""


def connect() -> None:
    """Connect the receivers; once, however often it is called."""
    transition_requested.connect(guard_completion, dispatch_uid="stages_app.guard_completion")
    event_recorded.connect(follow_session, dispatch_uid="stages_app.follow_session")
    event_recorded.connect(keep_stage_end, dispatch_uid="stages_app.keep_stage_end")


def guard_completion(subject: Any, verb: str, change: Change, *, force: bool, **_kwargs: Any) -> None:
    """A session with open required stages doesn't complete, unless forced."""
    if isinstance(subject, FlowSession) and verb == "complete" and not force:
        refuse_open_stages(change)


def follow_session(event: SessionEvent, change: Change, **_kwargs: Any) -> None:
    """Do to the stages what their session's event asks for."""
    if event.type == "session.resumed":
        _resume(change, event)
    elif event.type in _FOLLOWING and _any_begun(change, _FOLLOWING[event.type][1]):
        verb, sources = _FOLLOWING[event.type]
        for stage_instance in last_attempts(change.flow_session, sources):
            verbs.perform(
                change, stage_instance, verb, reason=event.reason or _default_reason(event), with_session=True
            )


def keep_stage_end(event: SessionEvent, change: Change, **_kwargs: Any) -> None:
    """When a stage has ended, the session as it then is can be gone back to."""
    if event.type in _ENDS:
        change.at_end("savepoint", keeping.keep_stage_end)


def _default_reason(event: SessionEvent) -> str:
    """Why a stage follows, when its session's event gave no reason."""
    return _("the session was completed") if event.type == "session.completed" else ""


def _any_begun(change: Change, states: tuple[str, ...]) -> bool:
    return any(status in states for status in change.flow_session.stage_states.values())


def _resume(change: Change, event: SessionEvent) -> None:
    """What the session's pause paused is active again; what its failure failed gets a next attempt."""
    before = event.changes["status"]["before"]
    status = StageStatus.FAILED if before == "FAILED" else StageStatus.PAUSED
    for stage_instance in last_attempts(change.flow_session, (status,)):
        if not stage_instance.follows_session:
            continue
        if status == StageStatus.PAUSED:
            verbs.perform(change, stage_instance, "resume", reason=event.reason, with_session=True)
        else:
            _next_attempt(change, stage_instance, event.reason)


def _next_attempt(change: Change, failed: StageInstance, reason: str) -> None:
    """The next attempt is active; in a sequential workflow only one is, the others wait."""
    states = change.flow_session.stage_states.values()
    if change.flow_session.published.definition.parallel or StageStatus.ACTIVE not in states:
        verbs.perform(change, failed, "retry", reason=reason, with_session=True)
        return
    waiting = new_attempt(change, failed.stage_id, previous=failed)
    change.set_stage_state(waiting.stage_id, waiting.status)
    change.record("stage.created", creation_changes(waiting), stage_instance_id=waiting.pk, reason=reason)
