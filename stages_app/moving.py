"""Attempts as they are in another version of their workflow: the share of this floor in a migration.

Attempts that are still open get the new version's items: one with the same id keeps its tick, one that the
version no longer has stays, as added by hand, if it was added or ticked.  Attempts that have ended stay as
they are, but for what the new version says of their stage: whether it has it, and whether one is active at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sessions_app import machine, progress
from sessions_app.definitions.schema import ChecklistItem, StageDefinition
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession
from sessions_app.moving import AD_HOC, STAGE_GONE, Move, Reason
from sessions_app.parts import State
from stages_app.machine import DONE, OPEN
from stages_app.models import StageInstance
from stages_app.refusals import leased
from stages_app.states import StageStatus

Attempt = Mapping[str, Any]
Attempts = Mapping[str, Attempt]
"""As in :mod:`stages_app.capturing`."""


def move(state: State, move: Move) -> None:
    """Work the move into the attempts of ``state`` and its current stage, and note on it what stands in the way."""
    before: Attempts = state["attempts"]
    last = _last(before)
    move.reasons += [*_gone(last, move), *_taken(last, move)]
    if move.reasons:
        return
    move.warnings += _renamed(last, move)
    after = dict(_moved(attempt, move) for attempt in before.values())
    states = {stage_id: str(attempt["status"]) for stage_id, attempt in _last(after).items()}
    move.reasons += [*_too_many(after, move), *_too_early(last, states, move)]
    session = state["session"]
    current = _current(session["current_stage_id"], states, move)
    state["attempts"], state["session"] = after, {**session, "current_stage_id": current}
    if session["status"] == machine.ACTIVE and not progress.open_required(move.target, states):
        move.warnings.append(_("All required stages are done in that version: complete the session if it is to end."))


def hindrances(flow_sessions: Sequence[FlowSession], now: datetime) -> list[list[Reason]]:
    """Leases that have not run out, by session: whoever holds a stage would find another one under their hands."""
    at_work = [each.pk for each in flow_sessions if StageStatus.ACTIVE in each.stage_states.values()]
    found: dict[str, list[Reason]] = defaultdict(list)
    held = StageInstance.objects.filter(session__in=at_work, lease_expires_at__gt=now).order_by("pk") if at_work else []
    for stage_instance in held:
        error = leased(stage_instance, now)
        fix = _("Wait until the lease is over or released; whoever works there can release it.")
        found[stage_instance.session_id].append(Reason(error.code, error.message, fix, stage_instance.stage_id))
    return [found[flow_session.pk] for flow_session in flow_sessions]


def _last(attempts: Attempts) -> dict[str, Attempt]:
    """Each stage's last attempt."""
    return {each["stage_id"]: each for each in sorted(attempts.values(), key=lambda attempt: attempt["attempt"])}


def _gone(last: Attempts, move: Move) -> Iterable[Reason]:
    """Stages that have begun and that the new version hasn't, and of which nobody said what becomes of them."""
    for stage_id, attempt in sorted(last.items()):
        if attempt["is_ad_hoc"] or stage_id in move.mapping or move.target.definition.stage(stage_id):
            continue
        proposal = move.proposals.get(stage_id, AD_HOC)
        yield Reason(
            STAGE_GONE,
            _("The stage {stage} has begun, and version {number} doesn't have it.").format(
                stage=stage_id, number=move.target.number
            ),
            _("Say which stage it is now, or keep it as an ad hoc one; proposed: {proposal}.").format(
                proposal=f"{stage_id}={proposal}"
            ),
            stage_id,
            proposal,
        )


def _renamed(last: Attempts, move: Move) -> Iterable[str]:
    """Stages that keep their ids though another stage has their names now: as if names had been swapped."""
    for stage_id, attempt in sorted(last.items()):
        before, after = move.source.definition.stage(stage_id), move.target.definition.stage(stage_id)
        if attempt["is_ad_hoc"] or stage_id in move.mapping or not before or not after or not before.name:
            continue
        others = [each.id for each in move.target.definition.stages if each.name == before.name and each is not after]
        if before.name != after.name and others:
            text = _("The stage {stage} has another name in version {number}, and {other} has the name it had.")
            hint = _("Say --map {mapping} if that is the one that was meant.")
            told = {"stage": stage_id, "other": others[0], "number": move.target.number}
            yield f"{text.format(**told)} {hint.format(mapping=f'{stage_id}={others[0]}')}"


def _taken(last: Attempts, move: Move) -> Iterable[Reason]:
    """Two stages can't become one."""
    origins: dict[str, list[str]] = defaultdict(list)
    for stage_id in sorted(last):
        origins[move.new_id(stage_id)].append(stage_id)
    for stage_id, several in origins.items():
        if len(several) > 1:
            message = _("The stages {stages} have begun, and only one of them can become {stage}.")
            yield Reason(
                "stage-taken",
                message.format(stages=", ".join(several), stage=stage_id),
                _("Map the others onto other stages, or keep them as ad hoc ones with '-'."),
                stage_id,
            )


def _moved(attempt: Attempt, move: Move) -> tuple[str, dict[str, Any]]:
    stage_id = move.new_id(attempt["stage_id"])
    stage = move.target.definition.stage(stage_id)
    moved = {
        **attempt,
        "stage_id": stage_id,
        "is_ad_hoc": stage is None,
        "is_exclusive": not move.target.definition.parallel,
    }
    if attempt["status"] in OPEN:
        moved["items"] = _items(attempt["items"], stage)
    return f"{stage_id}.{attempt['attempt']}", moved


def _items(before: Sequence[Mapping[str, Any]], stage: StageDefinition | None) -> list[dict[str, Any]]:
    """Those of the stage, then what else was added or ticked; an ad hoc stage keeps all, for its next attempt."""
    known = {item["id"]: item for item in before}
    asked = stage.checklist if stage else ()
    items = [_item(item, known.get(item.id)) for item in asked]
    ids = {item.id for item in asked}
    others = [item for item in before if item["id"] not in ids and (item["added"] or item["done"] or stage is None)]
    items += [{**item, "added": True} for item in others]
    return [{**item, "number": number} for number, item in enumerate(items, 1)]


def _item(item: ChecklistItem, before: Mapping[str, Any] | None) -> dict[str, Any]:
    ticked = before or {"done": False, "done_at": None, "done_by": ""}
    kept = {name: ticked[name] for name in ("done", "done_at", "done_by")}
    return {"id": item.id, "text": item.text, "required": item.required, "added": False, **kept}


def _goes_on(attempt: Attempt, *followers: str) -> bool:
    """Whether it is active, or will be as soon as its session goes on."""
    return attempt["status"] == StageStatus.ACTIVE or (attempt["follows_session"] and attempt["status"] in followers)


def _too_many(after: Attempts, move: Move) -> Iterable[Reason]:
    active = [stage_id for stage_id, each in _last(after).items() if _goes_on(each, StageStatus.PAUSED)]
    if move.target.definition.parallel or len(active) < 2:
        return
    yield Reason(
        "several-active",
        _("The stages {stages} are active, and version {number} does one stage at a time.").format(
            stages=", ".join(sorted(active)), number=move.target.number
        ),
        _("Complete, pause, fail or skip all but one of them first."),
    )


def _too_early(last: Attempts, states: Mapping[str, str], move: Move) -> Iterable[Reason]:
    """Stages that go on though what they depend on there is not done; what was passed over before may be again."""
    before = {stage_id: str(attempt["status"]) for stage_id, attempt in last.items()}
    for old_id, attempt in sorted(last.items()):
        stage_id = move.new_id(old_id)
        known = {move.new_id(each) for each in progress.unmet_dependencies(move.source, before, old_id)}
        unmet = [each for each in progress.unmet_dependencies(move.target, states, stage_id) if each not in known]
        if not unmet or attempt["status"] in DONE:
            continue
        told = {"stage": stage_id, "others": ", ".join(unmet), "number": move.target.number}
        if _goes_on(attempt, StageStatus.PAUSED, StageStatus.FAILED):
            yield Reason(
                "dependencies-unmet",
                _("The stage {stage} is active, and in version {number} it depends on {others}.").format(**told),
                _("Complete, pause, fail or skip {stage} first.").format(stage=old_id),
                old_id,
            )
        elif attempt["status"] == StageStatus.PAUSED:
            warning = _("The stage {stage} is on hold; in version {number} it depends on {others}, which is not done.")
            move.warnings.append(warning.format(**told))


def _current(current: str, states: Mapping[str, str], move: Move) -> str:
    """The current stage: the one at hand if it still can be, else one that is open, else what comes next."""
    current = move.new_id(current)
    if _stays_current(current, states, move):
        return current
    known = [*move.target.stage_ids, *sorted(states)]
    opened = [stage_id for stage_id in known if states.get(stage_id) in (StageStatus.ACTIVE, StageStatus.PAUSED)]
    following = opened or [each.stage_id for each in progress.proposals(move.target, states, after=current)]
    return following[0] if following else ""


def _stays_current(current: str, states: Mapping[str, str], move: Move) -> bool:
    if current in states:
        return states[current] not in DONE
    known = move.target.definition.stage(current) is not None
    return known and not progress.unmet_dependencies(move.target, states, current)
