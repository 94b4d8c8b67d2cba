"""Open sessions brought to another version of their workflow: sorted, then each changed by itself, the one way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils import timezone

from sessions_app import access, parts, verbs
from sessions_app.actors import Actor
from sessions_app.bulk import session_key
from sessions_app.capturing import capture, capture_many, put_back
from sessions_app.change import Change, NothingToDo, Outcome
from sessions_app.exceptions import Conflict, FlowError, InvalidInput
from sessions_app.idempotency import AlreadyAnswered, Idempotency, fingerprint
from sessions_app.language import gettext as _
from sessions_app.listing import some_of
from sessions_app.masking import mask_text, shown
from sessions_app.models import FlowSession, WorkflowDefinition
from sessions_app.models.definitions import PublishedVersion, published_version
from sessions_app.moving import AD_HOC, STAGE_GONE, Move, Reason, moved, proposals
from sessions_app.parts import State
from sessions_app.publishing import get_workflow
from sessions_app.querysets import FlowSessionQuerySet
from sessions_app.services import Manager
from sessions_app.text import clean_text
from sessions_app.versions import get_version

SAFE, MIGRATED, UNCHANGED = "safe", "migrated", "unchanged"
NEEDS_MAPPING, BLOCKED, FAILED = "needs-mapping", "blocked", "failed"
OUTCOMES = (SAFE, MIGRATED, UNCHANGED, NEEDS_MAPPING, BLOCKED, FAILED)
LEFT = (NEEDS_MAPPING, BLOCKED, FAILED)
"""What is not done, and why: a mapping is missing, something stands in the way, the storage failed."""

STEP = 100
"""How many sessions are looked at together."""


@dataclass(frozen=True)
class Plan:
    """A workflow's version, and which stage becomes which on the way there; made by :func:`make_plan`."""

    workflow: WorkflowDefinition
    target_id: str
    target: PublishedVersion
    mapping: Mapping[str, str]
    _proposals: dict[str, dict[str, str]] = field(default_factory=dict)

    def move(self, flow_session: FlowSession) -> Move:
        """The way of one session."""
        source_id, source = flow_session.pinned_version_id, flow_session.published
        if source_id not in self._proposals:
            self._proposals[source_id] = proposals(source, self.target)
        return Move(source, self.target, self.target_id, self.mapping, self._proposals[source_id])

    def sessions(self, actor: Actor) -> FlowSessionQuerySet:
        """The open sessions that the actor sees and that are on another version, in the order of their ids."""
        seen = FlowSession.objects.visible_to(actor).filter(workflow=self.workflow).open()
        return seen.exclude(pinned_version=self.target_id).order_by("id")


class Result(NamedTuple):
    """What may become or became of one session: one of ``OUTCOMES``, and why not more.

    ``savepoint`` is the one to restore for going back, ``version`` the session's; None when nothing was done.
    """

    session_id: str
    outcome: str
    from_version: int
    reasons: Sequence[Reason] = ()
    warnings: Sequence[str] = ()
    version: int | None = None
    savepoint: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "id": self.session_id,
            "outcome": self.outcome,
            "from_version": self.from_version,
            "version": self.version,
            "savepoint": self.savepoint,
            "reasons": [reason_json(reason) for reason in self.reasons],
            "warnings": list(self.warnings),
        }


def reason_json(reason: Reason) -> dict[str, Any]:
    """As JSON data; null where a reason is about no stage, or nothing is proposed."""
    return {
        "code": reason.code,
        "detail": mask_text(reason.message),
        "fix": reason.fix,
        "stage_id": reason.stage_id or None,
        "proposal": reason.proposal or None,
    }


def make_plan(workflow_id: str, to: int | None = None, mapping: Mapping[str, str] | None = None) -> Plan:
    """Where to, checked: the workflow's version of that number (else its newest), and what stages become there.

    Raises NotFound, or InvalidInput for a mapping that names a stage which isn't there.
    """
    workflow = get_workflow(workflow_id)
    version = get_version(workflow, to)
    plan = Plan(workflow, version.pk, published_version(version.pk), dict(mapping or {}))
    known = _stages_of_all_versions(workflow) if mapping else set()
    for old, new in plan.mapping.items():
        if old not in known:
            raise _wrong_mapping(
                old, new, _("No version of the workflow has a stage {id}.").format(id=shown(old)), known
            )
        has_old = old in plan.target.stage_ids
        if new == AD_HOC and has_old:
            told = _("Version {number} has the stage {id}, so it can't become an ad hoc one.")
            raise _wrong_mapping(old, new, told.format(number=plan.target.number, id=old), plan.target.stage_ids)
        if new != AD_HOC and new not in plan.target.stage_ids:
            told = _("Version {number} has no stage {id}.")
            raise _wrong_mapping(old, new, told.format(number=plan.target.number, id=shown(new)), plan.target.stage_ids)
    return plan


def _stages_of_all_versions(workflow: WorkflowDefinition) -> set[str]:
    versions = workflow.versions.values_list("pk", flat=True)
    return {stage_id for version_id in versions for stage_id in published_version(version_id).stage_ids}


def _wrong_mapping(old: str, new: str, message: str, known: Iterable[str]) -> InvalidInput:
    return InvalidInput(
        _("The mapping {mapping} can't be used: {why}").format(mapping=f"{shown(old)}={shown(new)}"[:200], why=message),
        fix=_("Known here: {names}.").format(names=some_of(sorted(known))),
        code="mapping-unknown",
        field="mapping",
    )


class MigrationManager(Manager):
    """Brings sessions to another version of their workflow.  Without an actor it acts as the local user."""

    def migrate_session(self, session_id: str, plan: Plan, *, reason: str = "") -> Result:
        """Bring one session there, as one event; what it is now is kept as a savepoint before.

        Raises Conflict ``migration-refused`` when something stands in the way (``details["reasons"]``), and
        what the verbs of :class:`~sessions_app.services.FlowSessionManager` raise.
        """
        reason = clean_text(reason, _("reason"))
        with self._change(session_id, "migrate", keep_before="migrate") as change:
            flow_session = change.flow_session
            before, source = flow_session.version, flow_session.workflow_version
            _migrate(change, plan, reason)
            savepoint = f"{session_id}@{before}"
            change.result = Result(session_id, MIGRATED, source, (), change.warnings, flow_session.version, savepoint)
        self.outcome = change.outcome()
        if not self.outcome.changed:
            return Result(session_id, UNCHANGED, source, version=before)
        result: Result = change.result
        return result


def _migrate(change: Change, plan: Plan, reason: str) -> None:
    flow_session = change.flow_session
    if flow_session.workflow_id != plan.workflow.pk:
        raise other_workflow(flow_session.pk, plan)
    if flow_session.pinned_version_id == plan.target_id:
        raise NothingToDo
    move, before = plan.move(flow_session), capture(flow_session)
    after = moved(before, move)
    if reasons := [*hindrances([flow_session])[0], *move.reasons]:
        raise MigrationRefused(flow_session.pk, plan, reasons)
    verbs.ask_guards(change, flow_session, "migrate", force=False)
    changes = {**put_back(change, before, after), "workflow_version": (move.source.number, move.target.number)}
    change.warnings += move.warnings
    change.record("session.migrated", changes, reason=reason)


class MigrationRefused(Conflict):
    """What stands in the way of one session."""

    code = "migration-refused"

    def __init__(self, session_id: str, plan: Plan, reasons: Sequence[Reason]) -> None:
        super().__init__(
            _("The session {id} can't be migrated to version {number}: {why}").format(
                id=session_id, number=plan.target.number, why=" ".join(each.message for each in reasons)
            ),
            fix=reasons[0].fix,
            session_id=session_id,
            reasons=[reason_json(each) for each in reasons],
        )
        self.reasons = reasons


def other_workflow(session_id: str, plan: Plan) -> InvalidInput:
    """The refusal of a session that runs something else."""
    return InvalidInput(
        _("The session {id} is not of the workflow {workflow}.").format(id=session_id, workflow=plan.workflow.pk),
        fix=_("Leave it out, or name its own workflow."),
        field="sessions",
        session_id=session_id,
    )


def hindrances(flow_sessions: Sequence[FlowSession]) -> list[list[Reason]]:
    """For each session what beside its state stands in the way, of all floors."""
    now = timezone.now()
    found = [holder.hindrances(flow_sessions, now) for holder in parts.holders()]
    return [[reason for share in found for reason in share[place]] for place in range(len(flow_sessions))]


def sort_sessions(actor: Actor, plan: Plan, flow_sessions: Sequence[FlowSession]) -> list[Result]:
    """What would become of each, in as many queries as for one; owners and teams should be selected."""
    kept = zip(flow_sessions, capture_many(flow_sessions), hindrances(flow_sessions), strict=True)
    return [_sorted(actor, plan, *each) for each in kept]


def _sorted(actor: Actor, plan: Plan, flow_session: FlowSession, state: State, hindering: list[Reason]) -> Result:
    source = flow_session.workflow_version
    if flow_session.pinned_version_id == plan.target_id:
        return Result(flow_session.pk, UNCHANGED, source, version=flow_session.version)
    move = plan.move(flow_session)
    moved(state, move)
    reasons = [*_refusal(actor, flow_session), *hindering, *move.reasons]
    return Result(flow_session.pk, outcome_of(reasons), source, reasons, move.warnings)


def _refusal(actor: Actor, flow_session: FlowSession) -> Iterator[Reason]:
    try:
        access.require(actor, "migrate", flow_session)
    except FlowError as error:
        yield Reason(error.code, error.message, error.fix)


def outcome_of(reasons: Sequence[Reason]) -> str:
    """SAFE without reasons; a missing mapping is told before all that may stand in the way besides."""
    if any(reason.code == STAGE_GONE for reason in reasons):
        return NEEDS_MAPPING
    return BLOCKED if reasons else SAFE


def migrate_all(
    actor: Actor,
    plan: Plan,
    flow_sessions: Sequence[FlowSession],
    *,
    reason: str = "",
    key: str | None = None,
    tell: Callable[[FlowError], FlowError] = lambda error: error,
) -> Iterator[Result]:
    """Bring each that is safe there, one transaction per session; what is refused leaves the others alone.

    Each is looked at again inside its change.  One that was done under the idempotency ``key`` is told again;
    ``tell`` makes of other errors what may be told.
    """
    reason = clean_text(reason, _("reason"))
    for result in sort_sessions(actor, plan, flow_sessions):
        if result.outcome == SAFE or (result.outcome == UNCHANGED and key is not None):
            yield _perform(actor, plan, result, reason, key, tell)
        else:
            yield result


def _perform(
    actor: Actor,
    plan: Plan,
    sorted_as: Result,
    reason: str,
    key: str | None,
    tell: Callable[[FlowError], FlowError],
) -> Result:
    session_id, source = sorted_as.session_id, sorted_as.from_version
    asked = fingerprint(["migrate", plan.target_id, dict(plan.mapping), reason, session_id])
    own_key = session_key(key, session_id) if key is not None else None
    try:
        manager = MigrationManager(actor, idempotency=Idempotency(own_key, asked, _kept))
        return manager.migrate_session(session_id, plan, reason=reason)
    except AlreadyAnswered as before:
        return Result(session_id, **before.answer)
    except MigrationRefused as error:
        return Result(session_id, outcome_of(error.reasons), source, error.reasons)
    except FlowError as error:
        told = tell(error)
        why = [Reason(told.code, told.message, told.fix)]
        return Result(session_id, FAILED if error.http_status >= 500 else BLOCKED, source, why)


def _kept(result: Any, outcome: Outcome) -> dict[str, Any]:
    """The answer that is stored under a key; one that had nothing to do has the session for a result."""
    if isinstance(result, Result):
        kept = result._asdict()
        del kept["session_id"]
        return kept
    return {"outcome": UNCHANGED, "from_version": result.workflow_version, "version": outcome.version}
