"""Sessions brought to another version of their workflow, and back."""

from __future__ import annotations

import random
from typing import Any

import pytest

from sessions_app.actors import Grant, local_actor
from sessions_app.capturing import capture
from sessions_app.exceptions import Conflict, FlowError, GuardUnmet, InvalidInput, NotAllowed, NotFound
from sessions_app.migrating import (
    MigrationManager,
    MigrationRefused,
    make_plan,
    migrate_all,
    sort_sessions,
)
from sessions_app.migration_batches import Tally, batches, in_time, named_sessions, rows, step
from sessions_app.models import FlowSession, Savepoint
from sessions_app.permissions import SCOPES
from sessions_app.publishing import retire
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from sessions_app.signals import transition_requested
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from tests.factories import (
    assert_consistent,
    event_types,
    events_of,
    in_team,
    new_session,
    person,
    publish_workflow,
    session_in,
    stage,
    user,
)

pytestmark = pytest.mark.django_db

OLD = (stage("plan", items=["goal"]), stage("build", items=["one", "two"]), stage("test"))
NEW = (stage("plan"), stage("make", name="Build", items=["two", "three"]), stage("check"))


def fresh(flow_session: FlowSession) -> FlowSession:
    return FlowSession.objects.get(pk=flow_session.pk)


def outcome(flow_session: FlowSession, plan: Any, actor: Any = None) -> tuple[str, list[str]]:
    found = sort_sessions(actor or local_actor(), plan, [fresh(flow_session)])[0]
    return found.outcome, [reason.code for reason in found.reasons]


@pytest.fixture
def building() -> FlowSession:
    """Half way on version 1: build is active, one of its items ticked."""
    flow_session = new_session(*OLD, name="Login")
    stages = StageInstanceManager()
    stages.complete_instance(stages.run_stage(flow_session.pk, "plan").pk, force=True, reason="so")
    build = stages.run_stage(flow_session.pk, "build")
    stages.complete_item(build.pk, "one", "two")
    stages.add_item(build.pk, "Ask")
    publish_workflow(*NEW)
    return fresh(flow_session)


def test_migration_moves_the_session_by_one_event_and_restoring_brings_it_back_exactly(building):
    before, version = capture(building), building.version
    with pytest.raises(MigrationRefused) as refused:
        MigrationManager().migrate_session(building.pk, make_plan("dev"))
    assert (refused.value.code, refused.value.details["reasons"][0]["proposal"]) == ("migration-refused", "make")
    assert fresh(building).version == version

    plan = make_plan("dev", mapping={"build": "make"})
    result = MigrationManager().migrate_session(building.pk, plan, reason="new rules")
    assert (result.outcome, result.from_version, result.version) == ("migrated", 1, version + 1)
    assert result.savepoint == f"{building.pk}@{version}"
    assert (Savepoint.objects.get(pk=result.savepoint).verb, result.warnings) == ("migrate", [])
    event = events_of(building)[-1]
    assert (event.type, event.reason) == ("session.migrated", "new rules")
    assert event.changes["workflow_version"] == {"before": 1, "after": 2}
    assert set(event.changes) >= {"pinned_version_id", "attempts.build.1", "attempts.make.1", "current_stage_id"}
    after = fresh(building)
    assert (after.workflow_version, after.current_stage_id) == (2, "make")
    assert after.stage_states == {"plan": "COMPLETED", "make": "ACTIVE"}
    made = StageInstance.objects.get(session=building, stage_id="make")
    items = [(item.item_id, item.is_done, item.is_added) for item in made.items.order_by("number")]
    assert items == [("two", True, False), ("three", False, False), ("one", True, True), ("ask", False, True)]
    assert_consistent(building.pk)

    again = MigrationManager()
    assert (again.migrate_session(building.pk, plan).outcome, again.outcome.changed) == ("unchanged", False)
    SavepointManager().restore_savepoint(result.savepoint)
    assert capture(fresh(building)) == before
    assert fresh(building).workflow_version == 1
    assert_consistent(building.pk)


def test_migrated_session_goes_on_by_the_new_version(building):
    MigrationManager().migrate_session(building.pk, make_plan("dev", mapping={"build": "make"}))
    stages = StageInstanceManager()
    make = StageInstance.objects.get(session=building, stage_id="make")
    with pytest.raises(GuardUnmet) as unfinished:
        stages.complete_instance(make.pk)
    assert unfinished.value.details["open_items"] == ["three", "ask"]
    stages.complete_item(make.pk, "three", "ask")
    stages.complete_instance(make.pk)
    assert fresh(building).current_stage_id == "check"
    stages.complete_instance(stages.run_stage(building.pk, "check").pk)
    assert fresh(building).status == "COMPLETED"
    assert_consistent(building.pk)


def test_retired_workflow_and_older_version_can_be_migrated_to(building):
    retire(local_actor(), "dev")
    result = MigrationManager().migrate_session(building.pk, make_plan("dev", mapping={"build": "-"}))
    assert StageInstance.objects.get(session=building, stage_id="build").is_ad_hoc
    back = MigrationManager().migrate_session(building.pk, make_plan("dev", to=1))
    assert (result.from_version, back.from_version, fresh(building).workflow_version) == (1, 2, 1)
    assert not StageInstance.objects.get(session=building, stage_id="build").is_ad_hoc
    assert_consistent(building.pk)


def test_session_with_nothing_left_stays_active_and_says_so():
    flow_session = new_session("plan", "build")
    stages = StageInstanceManager()
    stages.complete_instance(stages.run_stage(flow_session.pk, "plan").pk)
    publish_workflow("plan")
    result = MigrationManager().migrate_session(flow_session.pk, make_plan("dev"))
    assert (len(result.warnings), fresh(flow_session).status) == (1, "ACTIVE")
    assert FlowSessionManager().complete_session(flow_session.pk).status == "COMPLETED"
    assert_consistent(flow_session.pk)


def test_what_stands_in_the_way_is_told():
    made = {status: session_in(status, "build", "test") for status in ("PENDING", "PAUSED", "FAILED", "COMPLETED")}
    active = new_session("build", "test")
    held = StageInstanceManager().run_stage(active.pk, "build")
    StageInstanceManager().claim_stage(active.pk, "build")
    publish_workflow("build", "test", "last")
    plan = make_plan("dev")
    assert {status: outcome(each, plan) for status, each in made.items()} == {
        "PENDING": ("safe", []),
        "PAUSED": ("safe", []),
        "FAILED": ("safe", []),
        "COMPLETED": ("blocked", ["session-ended"]),
    }
    assert outcome(active, plan) == ("blocked", ["leased"])
    with pytest.raises(MigrationRefused):
        MigrationManager().migrate_session(active.pk, plan)
    StageInstance.objects.filter(pk=held.pk).update(lease_expires_at=held.started_at)
    assert outcome(active, plan) == ("safe", [])
    viewer = person("li", watches=["platform"])
    in_team(made["PAUSED"], "platform")
    assert outcome(made["PAUSED"], plan, viewer) == ("blocked", ["not-allowed"])
    with pytest.raises(NotAllowed):
        MigrationManager(viewer).migrate_session(made["PAUSED"].pk, plan)


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ({"bild": "make"}, "bild"),
        ({"plan": "-"}, "plan"),
        ({"build": "nowhere"}, "nowhere"),
        ({"\x1b": "-"}, "mapping"),
    ],
)
def test_mapping_of_what_is_not_there_is_refused(building, mapping, told):
    with pytest.raises(InvalidInput) as refused:
        make_plan("dev", mapping=mapping)
    assert refused.value.code == "mapping-unknown"
    assert told in refused.value.message.lower()


@pytest.mark.parametrize(("workflow", "to"), [("nothing", None), ("dev", 9), ("dev", 0), ("dev", 10**30)])
def test_version_that_is_not_there_is_refused(building, workflow, to):
    with pytest.raises(NotFound):
        make_plan(workflow, to)


def test_batches_go_through_open_sessions_of_other_versions_that_are_seen(monkeypatch):
    monkeypatch.setattr("sessions_app.migration_batches.STEP", 2)
    made = [new_session("build", "test") for _number in range(5)]
    mine = in_team(made[0], "platform")
    session_in("ABORTED", "build", "test")
    other = new_session("build", id="other")
    publish_workflow("build", "last")
    there = new_session("build", "last")
    plan, local = make_plan("dev"), local_actor()
    ids = sorted(each.pk for each in made)
    assert [row.pk for batch in batches(local, plan, None) for row in batch] == ids
    assert step(local, plan, ids[1], 2) == ids[2:4]
    operator = person("wang", operates=["platform"])
    assert step(operator, plan) == [mine.pk]
    bound = person("mei", grant=Grant("t", frozenset(SCOPES), workflow_id="other"))
    assert step(bound, plan) == []
    tally = Tally(plan, dry_run=False, most=3)
    for batch in batches(local, plan, None):
        for result in migrate_all(local, plan, batch, reason="new"):
            tally.add(result)
    told = tally.as_dict()
    assert (told["counts"], len(told["results"]), step(local, plan)) == ({"migrated": 5}, 3, [])
    assert named_sessions(local, plan, [there.pk, there.pk]) == [there.pk]
    assert [result.outcome for result in sort_sessions(local, plan, rows(local, [there.pk]))] == ["unchanged"]
    for names, error in (([other.pk], InvalidInput), ([there.pk, "nobody"], NotFound), (["a\x00"], NotFound)):
        with pytest.raises(error):
            named_sessions(local, plan, names)
    assert len(list(in_time(iter([1, 2])))) == 2
    monkeypatch.setattr("sessions_app.bulk.SECONDS", -1)
    assert len(list(in_time(iter([1, 2])))) == 1


def test_session_that_changed_meanwhile_is_looked_at_again_and_a_refused_one_stops_nobody():
    first, second, third = sorted((new_session("build", "test") for _number in range(3)), key=lambda each: each.pk)
    publish_workflow("test")
    plan, local = make_plan("dev"), local_actor()

    def veto(subject: Any, verb: str, **_kwargs: Any) -> None:
        if verb == "migrate" and subject.pk == second.pk:
            raise GuardUnmet("not this one", fix="wait", code="stage-unfinished")

    running = migrate_all(local, plan, rows(local, [first.pk, second.pk, third.pk]))
    transition_requested.connect(veto)
    try:
        assert next(running).outcome == "migrated"
        StageInstanceManager().run_stage(third.pk, "build")
        refused, changed = running
    finally:
        transition_requested.disconnect(veto)
    assert (refused.outcome, refused.reasons[0].code) == ("blocked", "stage-unfinished")
    assert (changed.outcome, changed.reasons[0].code) == ("needs-mapping", "stage-gone")
    assert "session.migrated" not in event_types(second)


def test_idempotency_key_tells_again_what_was_done_and_does_it_once():
    flow_session = new_session("build", "test")
    publish_workflow("build")
    plan, local = make_plan("dev"), local_actor()
    found = rows(local, [flow_session.pk])
    first, *_none = migrate_all(local, plan, found, reason="new", key="k")
    again, *_none = migrate_all(local, plan, rows(local, [flow_session.pk]), reason="new", key="k")
    assert (again.as_dict(), first.outcome) == (first.as_dict(), "migrated")
    other, *_none = migrate_all(local, plan, found, reason="other", key="k")
    assert (other.outcome, other.reasons[0].code) == ("blocked", "idempotency-key-reused")
    same, *_none = migrate_all(local, plan, rows(local, [flow_session.pk]), key="another")
    repeated, *_none = migrate_all(local, plan, rows(local, [flow_session.pk]), key="another")
    assert (same.outcome, repeated.as_dict()) == ("unchanged", same.as_dict())
    assert event_types(flow_session).count("session.migrated") == 1


def test_queries_are_the_same_for_one_session_and_for_many(django_assert_num_queries):
    local = local_actor()
    made = [new_session(*OLD) for _number in range(6)]
    for each in made:
        StageInstanceManager().run_stage(each.pk, "plan")
    publish_workflow(*OLD, "last")
    plan = make_plan("dev")
    ids = [each.pk for each in made]
    sort_sessions(local, plan, rows(local, ids[:1]))
    for several in (ids[:1], ids):
        with django_assert_num_queries(4):
            sort_sessions(local, plan, rows(local, several))


# Random lives, migrated by random mappings between random versions.

NAMES = ("a", "b", "c", "d", "e")


def _random_stages(chance: random.Random) -> tuple[list[Any], dict[str, Any]]:
    ids = chance.sample(NAMES, chance.randint(1, 4))
    stages = [
        stage(
            each,
            items=chance.sample(["i", "j", "k?"], chance.randint(0, 3)),
            depends_on=chance.sample(ids[:place], chance.randint(0, min(place, 1))),
        )
        for place, each in enumerate(ids)
    ]
    return stages, {"parallel": chance.random() < 0.5}


def _live(chance: random.Random, session_id: str, ids: list[str]) -> None:
    """Some steps, many of which are refused."""
    stages, sessions = StageInstanceManager(), FlowSessionManager()
    for _step in range(chance.randint(0, 7)):
        stage_id = chance.choice([*ids, "spike"])
        try:
            match chance.choice(["run", "run", "run", "tick", "add", "end", "end", "pause", "session", "retry"]):
                case "run":
                    stages.run_stage(session_id, stage_id, force=True, reason="so")
                case "tick":
                    stages.complete_item(f"{session_id}.{stage_id}.1", chance.choice("ijk"))
                case "add":
                    stages.add_item(f"{session_id}.{stage_id}.1", "More")
                case "end":
                    verb = chance.choice(["fail", "skip", "complete"])
                    forced = {"force": True} if verb == "complete" else {}
                    stages.perform(session_id, stage_id, verb, reason="so", **forced)
                case "pause":
                    stages.perform(session_id, stage_id, "pause")
                case "retry":
                    stages.perform(session_id, stage_id, "retry")
                case "session":
                    getattr(sessions, chance.choice(["pause_session", "resume_session"]))(session_id)
        except FlowError:
            continue


def _random_mapping(chance: random.Random, old: list[str], new: list[str]) -> dict[str, str]:
    gone = [each for each in old if each not in new]
    return {each: chance.choice([*new, "-", "-"]) for each in gone if chance.random() < 0.5}


def test_random_sessions_replay_after_migrating_and_come_back_exactly():
    outcomes: dict[str, int] = {}
    for seed in range(40):
        chance = random.Random(seed)
        workflow = f"w{seed}"
        old, options = _random_stages(chance)
        new, other_options = _random_stages(chance)
        flow_session = new_session(*old, id=workflow, **options)
        old_ids, new_ids = [each.id for each in old], [each.id for each in new]
        _live(chance, flow_session.pk, old_ids)
        publish_workflow(*new, id=workflow, **other_options)
        before = capture(fresh(flow_session))
        plan = make_plan(workflow, mapping=_random_mapping(chance, old_ids, new_ids))
        foretold = outcome(flow_session, plan)[0]
        outcomes[foretold] = outcomes.get(foretold, 0) + 1
        try:
            result = MigrationManager().migrate_session(flow_session.pk, plan)
        except Conflict:
            assert foretold in ("blocked", "needs-mapping"), seed
            assert capture(fresh(flow_session)) == before, seed
            continue
        assert foretold in ("safe", "unchanged"), seed
        assert_consistent(flow_session.pk)
        _live(chance, flow_session.pk, new_ids)
        assert_consistent(flow_session.pk)
        if result.savepoint:
            SavepointManager().restore_savepoint(result.savepoint)
            assert capture(fresh(flow_session)) == before, seed
            assert_consistent(flow_session.pk)
    assert outcomes["safe"] > 10
    assert {"blocked", "needs-mapping"} <= set(outcomes), "the walk meets every outcome"


def test_assignee_stays_with_the_stage(building):
    user("mei", operates=["platform"])
    in_team(building, "platform")
    StageInstanceManager().assign_stage(building.pk, "build", "mei")
    result = MigrationManager().migrate_session(building.pk, make_plan("dev", mapping={"build": "make"}))
    assert result.warnings == []
    assert StageInstance.objects.get(session=building, stage_id="make").assignee.username == "mei"
    assert_consistent(building.pk)
