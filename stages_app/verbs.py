"""Stage verbs: the one function that changes a stage's status, and what follows for its session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sessions_app import machine, progress
from sessions_app import verbs as session_verbs
from sessions_app.change import Change, NothingToDo
from sessions_app.exceptions import Conflict
from sessions_app.language import gettext as _
from sessions_app.rows import table
from sessions_app.words import stage_state_in_full
from stages_app import leases
from stages_app.attempts import creation_changes, last_attempt, new_attempt
from stages_app.guards import refuse_unfinished, refuse_unmet_dependencies
from stages_app.machine import DONE, ENDED, STAGE_RULES, allowed_stage_verbs
from stages_app.models import StageInstance
from stages_app.refusals import illegal_stage_verb
from stages_app.states import StageStatus


def perform(
    change: Change,
    stage_instance: StageInstance,
    verb: str,
    *,
    reason: str = "",
    force: bool = False,
    with_session: bool = False,
    is_new: bool = False,
    **columns: Any,
) -> StageInstance:
    """Do ``verb`` to a stage; ``columns`` are set along with the status.  A retry answers with the new attempt.

    ``with_session``: the stage follows its session, whose own guards have been asked.
    ``is_new``: the attempt was made for this very verb, and its event says so.
    """
    rule = STAGE_RULES[verb]
    if stage_instance.status == rule.target:
        raise NothingToDo
    if not with_session:
        leases.admit(change, stage_instance)
    if stage_instance.status not in rule.sources:
        raise illegal_stage_verb(stage_instance, verb)
    if not with_session:
        session_verbs.refuse_unless_active(change.flow_session, verb)
        reason = session_verbs.checked_reason(verb, rule, reason, force=force)
    _check_guards(change, stage_instance, verb, force=force, given=columns)
    session_verbs.ask_guards(change, stage_instance, verb, force=force)
    if verb == "retry":
        return _retry(change, stage_instance, reason, **columns)
    before = {name: getattr(stage_instance, name) for name in ("status", *columns)}
    columns["follows_session"] = with_session and rule.target in (StageStatus.PAUSED, StageStatus.FAILED)
    _write(change, stage_instance, rule.target, **columns)
    changes = creation_changes(stage_instance) if is_new else column_changes(before, stage_instance)
    if verb == "start" and stage_instance.assignee:
        # Nothing changes, but whose turn it is now must be told.
        changes["assignee"] = (stage_instance.assignee.get_username(), stage_instance.assignee.get_username())
    changes |= _session_changes(change, stage_instance)
    change.record(
        rule.event,
        changes,
        stage_instance_id=stage_instance.pk,
        reason=reason,
        level=session_verbs.event_level(rule.target, force=force),
    )
    if not with_session and rule.target in DONE:
        _complete_session_if_done(change)
    return stage_instance


def begin(change: Change, stage_id: str, *, name: str = "", reason: str = "", force: bool = False) -> StageInstance:
    """Start a stage that has no attempt yet."""
    session_verbs.refuse_unless_active(change.flow_session, "start")
    reason = session_verbs.checked_reason("start", STAGE_RULES["start"], reason, force=force)
    refuse_unmet_dependencies(change, stage_id, force=force)
    _refuse_second_active(change)
    subject = StageInstance(session=change.flow_session, stage_id=stage_id, attempt=1, status=StageStatus.PENDING)
    session_verbs.ask_guards(change, subject, "start", force=force)
    stage_instance = new_attempt(change, stage_id, status=StageStatus.ACTIVE, name=name)
    _record_beginning(change, stage_instance, "stage.started", reason, force=force)
    return stage_instance


def skip_unbegun(change: Change, stage_id: str, *, reason: str) -> StageInstance:
    """Skip a stage that has no attempt yet."""
    session_verbs.refuse_unless_active(change.flow_session, "skip")
    session_verbs.checked_reason("skip", STAGE_RULES["skip"], reason, force=False)
    return perform(change, new_attempt(change, stage_id), "skip", reason=reason, is_new=True)


def column_changes(before: Mapping[str, Any], row: StageInstance) -> dict[str, tuple[Any, Any]]:
    """What changed from ``before`` to ``row``; objects key by key (``deliverables.report``)."""
    changes: dict[str, tuple[Any, Any]] = {}
    for name, old in before.items():
        new = getattr(row, name)
        if isinstance(old, dict) and isinstance(new, dict):
            keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
            changes |= {f"{name}.{key}": (old.get(key), new.get(key)) for key in keys}
        elif old != new:
            changes[name] = (old, new)
    return changes


def _check_guards(
    change: Change, stage_instance: StageInstance, verb: str, *, force: bool, given: dict[str, Any]
) -> None:
    if stage_instance.status in ENDED:
        _refuse_superseded(stage_instance)
    if verb == "start":
        refuse_unmet_dependencies(change, stage_instance.stage_id, force=force)
    if STAGE_RULES[verb].target == StageStatus.ACTIVE:
        _refuse_second_active(change)
    if verb == "complete" and not force:
        refuse_unfinished(stage_instance, given.get("deliverables", stage_instance.deliverables))


def _refuse_superseded(stage_instance: StageInstance) -> None:
    """Of a stage's attempts only the last one can go on."""
    newest = last_attempt(stage_instance.session, stage_instance.stage_id)
    if newest and newest.pk != stage_instance.pk:
        raise Conflict(
            _("{id} is an old attempt; the last one is {newest}.").format(id=stage_instance.pk, newest=newest.pk),
            fix=_("Use {newest}.").format(newest=newest.pk),
            code="superseded",
            kind="stage",
            session_id=stage_instance.session_id,
            stage_id=stage_instance.stage_id,
            stage_instance_id=newest.pk,
            status=newest.status,
            allowed_actions=allowed_stage_verbs(newest.status),
        )


def _refuse_second_active(change: Change) -> None:
    """In a sequential workflow one stage is active at a time."""
    flow_session = change.flow_session
    if flow_session.published.definition.parallel:
        return
    active = [stage_id for stage_id, status in flow_session.stage_states.items() if status == StageStatus.ACTIVE]
    if active:
        raise Conflict(
            _("The stage {stage} is active, and this workflow does one stage at a time.").format(stage=active[0]),
            fix=_("Complete, pause, fail or skip {stage} first.").format(stage=active[0]),
            code="another-stage-active",
            kind="stage",
            session_id=flow_session.pk,
            stage_id=active[0],
            status=StageStatus.ACTIVE.value,
            allowed_actions=allowed_stage_verbs(StageStatus.ACTIVE),
        )


def _write(change: Change, stage_instance: StageInstance, status: str, **columns: Any) -> None:
    """The guarded update: it matches only while the row still has the status that was read."""
    before = stage_instance.status
    columns["status"] = StageStatus(status)
    if status == StageStatus.ACTIVE and stage_instance.started_at is None:
        columns["started_at"] = change.now
    if status == StageStatus.COMPLETED:
        columns["completed_at"] = change.now
    if status != StageStatus.ACTIVE and stage_instance.lease_token is not None:
        columns |= leases.ENDED
    for name, value in columns.items():
        setattr(stage_instance, name, value)
    if not table(StageInstance).update(stage_instance, columns, {"status": before}):
        raise Conflict(
            _("The stage {stage} was changed by somebody else at the same moment.").format(
                stage=stage_instance.stage_id
            ),
            fix=_("Look at it again, then repeat what is still right."),
            stage_instance_id=stage_instance.pk,
        )


def _session_changes(change: Change, stage_instance: StageInstance) -> dict[str, tuple[Any, Any]]:
    """Note the stage's state on the session and move its current stage."""
    change.set_stage_state(stage_instance.stage_id, stage_instance.status)
    flow_session = change.flow_session
    current = flow_session.current_stage_id
    if stage_instance.status == StageStatus.ACTIVE:
        current = stage_instance.stage_id
    elif stage_instance.status in DONE and flow_session.status == machine.ACTIVE:
        current = _following(change, stage_instance.stage_id)
    return {f"session.{name}": pair for name, pair in change.set(current_stage_id=current).items()}


def _following(change: Change, stage_id: str) -> str:
    """The current stage after ``stage_id`` is done: the one at hand, else one that is open, else what comes next."""
    flow_session = change.flow_session
    states = flow_session.stage_states
    current = str(flow_session.current_stage_id)
    if current not in ("", stage_id) and states.get(current) not in DONE:
        return current
    known = [*flow_session.published.stage_ids, *sorted(states)]
    opened = [other for other in known if states.get(other) in (StageStatus.ACTIVE, StageStatus.PAUSED)]
    if opened:
        return str(opened[0])
    following = progress.proposals(flow_session.published, states, after=stage_id)
    return str(following[0].stage_id) if following else ""


def _retry(change: Change, previous: StageInstance, reason: str, name: str = "") -> StageInstance:
    if previous.status in DONE:
        change.warnings.append(
            _("The stage {stage} was {status}; later stages keep their state.").format(
                stage=previous.stage_id, status=stage_state_in_full(previous.status)
            )
        )
    stage_instance = new_attempt(change, previous.stage_id, status=StageStatus.ACTIVE, name=name, previous=previous)
    _record_beginning(change, stage_instance, "stage.retried", reason, force=False)
    return stage_instance


def _record_beginning(
    change: Change, stage_instance: StageInstance, event_type: str, reason: str, *, force: bool
) -> None:
    changes = creation_changes(stage_instance) | _session_changes(change, stage_instance)
    change.record(
        event_type,
        changes,
        stage_instance_id=stage_instance.pk,
        reason=reason,
        level=session_verbs.event_level(stage_instance.status, force=force),
    )


def _complete_session_if_done(change: Change) -> None:
    """The last required stage completes the session, unless something is still being worked on."""
    flow_session = change.flow_session
    if progress.open_required(flow_session.published, flow_session.stage_states):
        return
    if _holds_back(change):
        return
    session_verbs.perform(change, "complete", current_stage_id="")


def _holds_back(change: Change) -> bool:
    known = change.flow_session.published.stage_ids
    for stage_id, status in change.flow_session.stage_states.items():
        if status in (StageStatus.ACTIVE, StageStatus.PAUSED):
            return True
        if status == StageStatus.PENDING and stage_id not in known:
            return True
    return False
