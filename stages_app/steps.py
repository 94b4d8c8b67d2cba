"""What the stage manager's methods are made of: a locked attempt, and the verb that a request means."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sessions_app import verbs as session_verbs
from sessions_app.actors import Actor, get_user
from sessions_app.change import Change, NothingToDo, lock_session_where, open_change
from sessions_app.definitions.checks import MAX_TIMEOUT
from sessions_app.exceptions import FlowError, InvalidInput, NotFound
from sessions_app.idempotency import Idempotency
from sessions_app.language import gettext as _
from sessions_app.masking import unmask
from sessions_app.models import FlowSession
from sessions_app.permissions import STAGE_ACTIONS, Need
from sessions_app.rows import table
from sessions_app.services import Cleaners, cleaned_update, merged
from sessions_app.text import clean_json_object, clean_name
from sessions_app.words import verb_name
from stages_app import assignment, items, leases, references, refusals, verbs
from stages_app.attempts import checked_stage_id, creation_changes, last_attempt, locked_attempt, new_attempt
from stages_app.machine import STAGE_RULES, WITH_SESSION_ONLY
from stages_app.models import StageInstance
from stages_app.states import StageStatus

_SESSION_OF_STAGE = "id = (SELECT session_id FROM stage_instances WHERE id = %s)"

_VERBS_TO_ACTIVE = {
    StageStatus.PENDING: "start",
    StageStatus.PAUSED: "resume",
    StageStatus.FAILED: "retry",
    StageStatus.COMPLETED: "retry",
    StageStatus.SKIPPED: "retry",
}
_VERBS = {
    StageStatus.PAUSED: "pause",
    StageStatus.COMPLETED: "complete",
    StageStatus.FAILED: "fail",
    StageStatus.SKIPPED: "skip",
}


@contextmanager
def open_stage_change(
    actor: Actor,
    instance_id: str,
    action: Need,
    *,
    force: bool = False,
    idempotency: Idempotency | None = None,
    expected_versions: Collection[int] | None = None,
    lease: int | None = None,
    keep_before: str = "",
) -> Iterator[Change]:
    """A change of the session that an attempt belongs to; ``change.result`` is the attempt."""

    def unknown() -> NotFound:
        return refusals.instance_not_found(instance_id)

    def obtain() -> FlowSession:
        flow_session = lock_session_where(_SESSION_OF_STAGE, instance_id)
        if flow_session is None:
            raise unknown()
        return flow_session

    with open_change(
        actor,
        obtain,
        action=action,
        force=force,
        unknown=unknown,
        idempotency=idempotency,
        expected_versions=expected_versions,
        lease=lease,
        keep_before=keep_before,
    ) as change:
        change.result = locked_attempt(change.flow_session, instance_id)
        yield change


def kept_before(verb: str, *, force: bool = False) -> str:
    """The verb if a savepoint is taken before it: what is forced or left out may be regretted."""
    return verb if force or verb == "skip" else ""


def check_verb(verb: str) -> None:
    """Refuse what nobody may ask of a stage, such as to abort it without its session."""
    known = [name for name in STAGE_RULES if name not in WITH_SESSION_ONLY]
    if verb not in known:
        raise InvalidInput(
            _("{verb} can't be asked of a stage.").format(verb=verb),
            fix=_("Use one of: {names}.").format(names=", ".join(known)),
            code="unknown-verb",
            verb=verb,
        )


def perform(
    change: Change,
    stage_instance: StageInstance,
    verb: str,
    deliverables: Mapping[str, Any] | None,
    **options: Any,
) -> StageInstance:
    """Do a verb to an attempt; deliverables are handed in with its completion."""
    if not deliverables:
        return verbs.perform(change, stage_instance, verb, **options)
    if verb != "complete":
        raise InvalidInput(
            _("Deliverables can't be given to {verb}.").format(verb=verb_name(verb)),
            fix=_("Give them when the stage is completed, or add them before."),
        )
    given = items.merged_deliverables(stage_instance, deliverables)
    items.warn_unknown(change, stage_instance, deliverables)
    return verbs.perform(change, stage_instance, verb, deliverables=given, **options)


def run(change: Change, reference: str, *, name: str | None, force: bool, reason: str, ad_hoc: bool) -> StageInstance:
    """Get a stage going from wherever it stands."""
    flow_session = change.flow_session
    if change.events:
        return _run_first(change, reference, force=force, reason=reason, ad_hoc=ad_hoc)
    session_verbs.refuse_unless_active(flow_session, "run")
    given_name = "" if name is None else clean_name(name, _("name"))
    stage_id = checked_stage_id(reference) if ad_hoc else references.stage_id_of(flow_session, reference, "start")
    stage_instance = last_attempt(flow_session, stage_id)
    given_name = unmask(given_name, stage_instance.name if stage_instance else "", "name")
    if stage_instance is None:
        return verbs.begin(change, stage_id, name=given_name, reason=reason, force=force)
    change.result = stage_instance
    renamed: dict[str, Any] = {"name": given_name} if given_name else {}
    verb = verb_towards(stage_instance, StageStatus.ACTIVE)
    change.require(STAGE_ACTIONS[verb])
    return verbs.perform(change, stage_instance, verb, reason=reason, force=force, **renamed)


def _run_first(change: Change, reference: str, *, force: bool, reason: str, ad_hoc: bool) -> StageInstance:
    """Begin a stage in a session that the same change makes; a refusal doesn't name it, for it will not come to be."""
    flow_session = change.flow_session
    try:
        stage_id = (
            checked_stage_id(reference)
            if ad_hoc
            else references.stage_id_of(flow_session, reference, "start", is_new=True)
        )
        return verbs.begin(change, stage_id, reason=reason, force=force)
    except FlowError as error:
        if "session_id" in error.details:
            del error.details["session_id"]
            error.details["workflow_id"] = flow_session.workflow_id
        raise


def verb_towards(stage_instance: StageInstance, target: StageStatus) -> str:
    """The verb that leads from where an attempt stands to ``target``."""
    if stage_instance.status == target:
        raise NothingToDo
    if target == StageStatus.ACTIVE:
        verb = _VERBS_TO_ACTIVE.get(StageStatus(stage_instance.status))
    else:
        verb = _VERBS.get(target)
    if verb is None:
        raise refusals.illegal_stage_verb(stage_instance, target.value)
    return verb


def checked_status(status: str) -> StageStatus:
    """The status of that name, whatever its case."""
    try:
        return StageStatus(str(status).upper())
    except ValueError:
        raise InvalidInput(
            _("There is no status {status}.").format(status=status),
            fix=_("Use one of: {names}.").format(names=", ".join(StageStatus.values)),
        ) from None


def assign(change: Change, reference: str | None, username: str | None) -> StageInstance:
    """Set whose turn a stage is (None: nobody's); an attempt that is missing is made beforehand."""
    session_verbs.refuse_if_ended(change.flow_session, "update")
    stage_id = references.stage_id_of(change.flow_session, reference, "update")
    stage_instance = last_attempt(change.flow_session, stage_id)
    if stage_instance is None:
        if username is None:
            raise refusals.stage_not_begun(change.flow_session, stage_id, "update")
        stage_instance = _made_ready(change, stage_id)
    change.result = stage_instance
    update(change, stage_instance, {"assignee": username})
    return stage_instance


def _made_ready(change: Change, stage_id: str) -> StageInstance:
    change.require(STAGE_ACTIONS["create"])
    stage_instance = new_attempt(change, stage_id)
    change.set_stage_state(stage_id, stage_instance.status)
    change.record("stage.created", creation_changes(stage_instance), stage_instance_id=stage_instance.pk)
    return stage_instance


def update(change: Change, stage_instance: StageInstance, values: Mapping[str, Any]) -> None:
    """Set columns of an attempt; objects are merged key by key, the assignee is a username."""
    if not change.events:  # else the verb that is done in the same change has asked
        leases.admit(change, stage_instance)
    after = merged(stage_instance, _with_user_id(values))
    before = {name: getattr(stage_instance, name) for name in after}
    for name, value in after.items():
        setattr(stage_instance, name, value)
    changes = verbs.column_changes(before, stage_instance)
    if changes:
        if not change.events:
            session_verbs.refuse_if_ended(change.flow_session, "update")
        told = assignment.checked(change, changes)
        table(StageInstance).update(stage_instance, after, {})
        event_type = "stage.assigned" if told.keys() == {"assignee"} else "stage.updated"
        change.record(event_type, told, stage_instance_id=stage_instance.pk)
    elif not change.events:
        raise NothingToDo


def cleaned_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """What an update sets of an attempt, checked but for who the assignee is: that is told inside the change alone."""
    return cleaned_update(data, _UPDATABLE)


def clean_config(value: object, what: str) -> dict[str, Any]:
    """An attempt's configuration; its ``timeout``, if it has one, in whole seconds within the definitions' bounds."""
    config = clean_json_object(value, what)
    timeout = config.get("timeout")
    if timeout is None or (type(timeout) is int and 1 <= timeout <= MAX_TIMEOUT):
        return config
    raise InvalidInput(
        _("The timeout must be a whole number of seconds from 1 to {limit}.").format(limit=MAX_TIMEOUT),
        fix=_('Give it as {"timeout": 3600}, or leave it out.'),
    )


def _with_user_id(values: Mapping[str, Any]) -> dict[str, Any]:
    columns = dict(values)
    if "assignee" in columns:
        username = columns.pop("assignee")
        columns["assignee_id"] = None if username is None else get_user(username).pk
    return columns


_UPDATABLE: Cleaners = {
    "name": clean_name,
    "assignee": lambda username, _name: username,
    "context": clean_json_object,
    "config": clean_config,
    "metadata": clean_json_object,
}
