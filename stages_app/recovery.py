"""What was interrupted: where open sessions stand still, why, since when, and what continues them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Exists, F, Max, OuterRef
from django.utils import timezone

from sessions_app import machine, progress
from sessions_app.access import may
from sessions_app.actors import Actor
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.masking import mask, mask_text
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.permissions import SESSION_ACTIONS, STAGE_ACTIONS
from sessions_app.querysets import FlowSessionQuerySet
from stages_app.models import StageInstance
from stages_app.next_steps import NextStep, Post, allowed_steps
from stages_app.querysets import StageInstanceQuerySet
from stages_app.representation import StagesPart
from stages_app.standing import moved_by
from stages_app.states import StageStatus
from stages_app.timeline.moves import MOVES

MOST = 200
"""How many are told of at most."""

MOST_READ = 1000
"""Of the active and the assigned stages, which their definitions judge, the oldest are looked at."""

REASONS = {
    "lease-expired": noop("the lease of {who} ran out"),
    "stage-failed": noop("the stage failed"),
    "session-failed": noop("the session failed"),
    "overdue": noop("the stage is overdue"),
    "stage-paused": noop("the stage is paused"),
    "session-paused": noop("the session is paused"),
    "waiting": noop("it is the turn of {who}"),
    "idle": noop("no stage is being worked on"),
}
"""Why something stands still, the worst first."""

_EVENTS = {"stage-failed", "session-failed", "stage-paused", "session-paused"}
"""Reasons of which an event tells since when, who and why."""

# Large, and no part of a row.
_LARGE = ("context", "metadata")
_LEFT_OUT = (*_LARGE, "deliverables", *(f"session__{name}" for name in (*_LARGE, "tags")))


class Interruption(NamedTuple):
    """A session that stands still; ``stage_instance`` is None where it is the session itself."""

    why: str
    flow_session: FlowSession
    stage_instance: StageInstance | None
    since: datetime
    who: str
    reason: str = ""

    @property
    def about(self) -> str:
        """Why, in words."""
        return _(REASONS[self.why]).format(who=mask_text(self.who))


class Found(NamedTuple):
    """The interruptions, worst first, each with what continues it; ``more`` than these there are."""

    rows: Sequence[tuple[Interruption, NextStep]]
    more: bool


def interruptions(actor: Actor, *, workflow_id: str | None = None, mine: bool = False, limit: int = 50) -> Found:
    """The open sessions that stand still, of those that the actor sees.  Some twelve queries, whatever there is."""
    asked: dict[str, Any] = {} if workflow_id is None else {"workflow": workflow_id}
    asked |= {"owner": actor.user} if mine else {}
    sessions = FlowSession.objects.visible_to(actor).filter(**asked).select_related("owner").defer(*_LARGE, "tags")
    stages = (
        StageInstance.objects.visible_to(actor)
        .filter(session__status=machine.ACTIVE, **{f"session__{name}": value for name, value in asked.items()})
        .select_related("session", "session__owner", "assignee")
        .defer(*_LEFT_OUT)
    )
    chosen = _chosen(_all(sessions, stages, limit + 1))
    rows = _dated(actor, chosen[:limit])
    return Found(list(_with_steps(actor, rows)), len(chosen) > limit)


def interruption_json(found: Interruption) -> dict[str, Any]:
    """One row; ``since`` is a datetime."""
    flow_session, stage_instance = found.flow_session, found.stage_instance
    return {
        "why": found.why,
        "about": found.about,
        "session_id": flow_session.pk,
        "session_name": mask(flow_session.name),
        "workflow_id": flow_session.workflow_id,
        "session_status": flow_session.status,
        "stage_id": stage_instance.stage_id if stage_instance else None,
        "stage_instance_id": stage_instance.pk if stage_instance else None,
        "stage_status": stage_instance.status if stage_instance else None,
        "since": found.since,
        "who": mask_text(found.who) or None,
        "reason": found.reason or None,
    }


def _all(sessions: FlowSessionQuerySet, stages: StageInstanceQuerySet, most: int) -> Iterable[Interruption]:
    """All kinds, worst first, at most ``most`` of each, those of longest standing; one query for each kind."""
    now = timezone.now()
    active = stages.filter(status=StageStatus.ACTIVE).order_by("started_at", "pk")
    lost = active.filter(lease_expires_at__lte=now).order_by("lease_expires_at", "pk")[:most]
    yield from (_of_stage("lease-expired", row, row.lease_expires_at or now, row.lease_holder) for row in lost)
    yield from _standing("stage-failed", stages.filter(status=StageStatus.FAILED).last_attempts(), most)
    yield from _whole("session-failed", sessions.filter(status=machine.FAILED), most)
    yield from [row for row in map(_overdue(now), active[:MOST_READ]) if row][:most]
    yield from _standing("stage-paused", stages.filter(status=StageStatus.PAUSED), most)
    yield from _whole("session-paused", sessions.filter(status=machine.PAUSED), most)
    turns = stages.filter(status__in=(StageStatus.ACTIVE, StageStatus.PENDING), assignee__isnull=False)
    turns = turns.exclude(lease_expires_at__gt=now).order_by(F("started_at").asc(nulls_last=True), "pk")
    yield from [_turn(row) for row in turns[:MOST_READ] if _is_at_hand(row)][:most]
    yield from _idle(sessions, stages, most)


def _idle(sessions: FlowSessionQuerySet, stages: StageInstanceQuerySet, most: int) -> Iterable[Interruption]:
    at_work = stages.filter(session=OuterRef("pk"), status=StageStatus.ACTIVE)
    rows = sessions.filter(~Exists(at_work), status=machine.ACTIVE).order_by("updated_at", "pk")[:most]
    return (Interruption("idle", row, None, row.updated_at, row.owner.get_username()) for row in rows)


def _of_stage(why: str, row: StageInstance, since: datetime, who: str) -> Interruption:
    return Interruption(why, row.session, row, since, who)


def _standing(why: str, rows: StageInstanceQuerySet, most: int) -> Iterable[Interruption]:
    """Stages that an event put where they stand, which is read later."""
    found = rows.order_by("session__updated_at", "pk")[:most]
    return (_of_stage(why, row, row.session.updated_at, "") for row in found)


def _whole(why: str, rows: FlowSessionQuerySet, most: int) -> Iterable[Interruption]:
    """The same of sessions."""
    return (Interruption(why, row, None, row.updated_at, "") for row in rows.order_by("updated_at", "pk")[:most])


def _overdue(now: datetime) -> Callable[[StageInstance], Interruption | None]:
    def told(row: StageInstance) -> Interruption | None:
        if not row.is_overdue(now):
            return None
        since = (row.started_at or now) + timedelta(seconds=row.timeout or 0)
        return _of_stage("overdue", row, since, row.lease_holder or _worker(row))

    return told


def _turn(row: StageInstance) -> Interruption:
    return _of_stage("waiting", row, row.started_at or row.session.created_at, _worker(row))


def _worker(row: StageInstance) -> str:
    """Whose turn it is; nobody's is the session's owner's."""
    return str((row.assignee or row.session.owner).get_username())


def _is_at_hand(row: StageInstance) -> bool:
    """Whether a stage could be worked on now."""
    if row.status == StageStatus.ACTIVE:
        return True
    flow_session = row.session
    states = flow_session.stage_states
    if not flow_session.published.definition.parallel and StageStatus.ACTIVE in states.values():
        return False
    return not progress.unmet_dependencies(flow_session.published, states, row.stage_id)


def _chosen(found: Iterable[Interruption]) -> list[Interruption]:
    """Of each stage the worst; that nothing is worked on is told where nothing else is."""
    chosen: dict[tuple[str, str], Interruption] = {}
    told = set()
    for row in found:
        session_id = row.flow_session.pk
        key = (session_id, row.stage_instance.pk if row.stage_instance else "")
        if key not in chosen and not (row.why == "idle" and session_id in told):
            chosen[key] = row
            told.add(session_id)
    return list(chosen.values())


def _dated(actor: Actor, rows: Sequence[Interruption]) -> list[Interruption]:
    """With since when, who and why from their last events; of a kind those of longest standing first.  3 queries."""
    dated = [row for row in rows if row.why in _EVENTS]
    places = {(row.flow_session.pk, row.stage_instance.pk if row.stage_instance else "") for row in dated}
    types = [why.replace("-", ".") for why in _EVENTS]
    of_sessions = SessionEvent.objects.visible_to(actor).filter(session__in={key for key, _stage in places})
    seen = of_sessions.filter(stage_instance_id__in={stage for _key, stage in places})
    last = seen.filter(type__in=types).order_by().values("session", "stage_instance_id").annotate(seq=Max("seq"))
    numbers = {(each["session"], each["seq"]) for each in last}
    events = seen.filter(seq__in={number for _key, number in numbers}).only(
        "session_id", "seq", "stage_instance_id", "created_at", "actor", "reason"
    )
    told = {(e.session_id, e.stage_instance_id): e for e in events if (e.session_id, e.seq) in numbers}
    for event in of_sessions.filter(type__in=MOVES).order_by("seq").iterator():
        for place in {(event.session_id, stage) for stage in moved_by(event.session_id, event.changes)} & places:
            if place not in told or told[place].seq < event.seq:
                told[place] = event
    found = [_dated_by(row, told) if row.why in _EVENTS else row for row in rows]
    order = list(REASONS)
    return sorted(found, key=lambda row: (order.index(row.why), row.since))


def _dated_by(row: Interruption, told: Mapping[tuple[str, str], SessionEvent]) -> Interruption:
    event = told.get((row.flow_session.pk, row.stage_instance.pk if row.stage_instance else ""))
    return row._replace(since=event.created_at, who=event.actor, reason=event.reason) if event else row


def _with_steps(actor: Actor, rows: Sequence[Interruption]) -> Iterable[tuple[Interruption, NextStep]]:
    """Each with what continues it and is allowed to the actor; else with the page to look at.  Two queries."""
    sessions = {row.flow_session.pk: row.flow_session for row in rows}
    described = dict(zip(sessions, StagesPart().describe_many(list(sessions.values())), strict=True))
    for row in rows:
        steps = allowed_steps(actor, row.flow_session, described[row.flow_session.pk])
        yield row, _step(actor, row, steps)


def _step(actor: Actor, row: Interruption, steps: Sequence[NextStep]) -> NextStep:
    flow_session, stage_instance = row.flow_session, row.stage_instance
    if row.why == "lease-expired" and stage_instance and may(actor, STAGE_ACTIONS["claim"], flow_session):
        return claim_step(stage_instance)
    wanted = _wanted(row)
    return next((step for step in steps if wanted and list(step.words[: len(wanted)]) == wanted), _look(flow_session))


def _wanted(row: Interruption) -> list[str]:
    """How the step that continues it begins; what is worked on already is looked at."""
    stage_id = row.stage_instance.stage_id if row.stage_instance else ""
    if row.why == "waiting" and row.stage_instance and row.stage_instance.status == StageStatus.PENDING:
        return ["run", f"{row.flow_session.workflow_id}:{stage_id}"]
    known = {
        "stage-failed": ["stage", "retry", stage_id],
        "stage-paused": ["stage", "resume", stage_id],
        "session-failed": ["session", "resume"],
        "session-paused": ["session", "resume"],
        "idle": ["run"],
    }
    return known.get(row.why, [])


def claim_step(stage_instance: StageInstance) -> NextStep:
    """To claim a stage."""
    return NextStep(
        ["stage", "claim", stage_instance.stage_id, "--session", stage_instance.session_id],
        _("go on with the stage {stage}").format(stage=stage_instance.stage_id),
        STAGE_ACTIONS["claim"],
        Post("stage-claim", [stage_instance.pk], {}),
    )


def _look(flow_session: FlowSession) -> NextStep:
    """To look at the session."""
    return NextStep(
        ["context", flow_session.pk],
        _("look at the session"),
        SESSION_ACTIONS["read"],
        Post("session-context", [flow_session.pk], None),
    )
