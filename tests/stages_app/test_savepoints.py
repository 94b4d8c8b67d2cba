"""Savepoints of sessions with stages: taken by themselves and by hand, put back, gone on from."""

import pytest

from sessions_app.actors import Grant, local_actor
from sessions_app.capturing import capture
from sessions_app.exceptions import Conflict, IllegalTransition, NotAllowed, NotFound
from sessions_app.models import FlowSession, Savepoint
from sessions_app.publishing import retire
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.factories import (
    assert_consistent,
    event_types,
    events_of,
    in_team,
    new_session,
    person,
    session_in,
    stage,
    stage_in,
    user,
)

pytestmark = pytest.mark.django_db

STAGES = (stage("build", items=["one", "two?"], deliverables=["report?"]), stage("test", items=["run"]))


def kinds(flow_session):
    found = Savepoint.objects.filter(session=flow_session).order_by("seq")
    return [(each.kind, each.verb, each.stage_id, each.seq) for each in found]


def state(flow_session):
    return capture(FlowSession.objects.get(pk=flow_session.pk))


@pytest.fixture
def worked_on():
    """Half way: build is done with all that a stage can have, test is active."""
    flow_session = new_session(*STAGES, name="Login")
    FlowSessionManager().update_session(flow_session.pk, {"context": {"password": "hunter2", "branch": "main"}})
    stages = StageInstanceManager()
    build = stages.run_stage(flow_session.pk, "build")
    stages.complete_item(build.pk, "one", "two")
    stages.add_item(build.pk, "three")
    stages.complete_item(build.pk, "three")
    stages.update_instance(build.pk, {"context": {"a": 1}, "metadata": {"b": [2]}, "config": {"timeout": 60}})
    stages.complete_instance(build.pk, {"report": "r.md"})
    stages.run_stage(flow_session.pk, "test")
    return flow_session


def test_end_of_a_stage_takes_a_savepoint(worked_on):
    completed = [event.seq for event in events_of(worked_on) if event.type == "stage.completed"]
    assert kinds(worked_on) == [("STAGE_END", "completed", "build", completed[0])]
    kept = Savepoint.objects.get(session=worked_on)
    assert kept.pk == f"{worked_on.pk}@{completed[0]}"
    assert kept.state["session"]["context"] == {"password": "hunter2", "branch": "main"}
    assert kept.state["attempts"]["build.1"]["status"] == "COMPLETED"
    assert list(kept.state["attempts"]) == ["build.1"]


def test_restore_puts_everything_back_as_one_event(worked_on):
    before = state(worked_on)
    kept = SavepointManager().create_savepoint(worked_on.pk, "before the worst")
    stages, sessions = StageInstanceManager(), FlowSessionManager()
    stages.complete_item(f"{worked_on.pk}.test.1", "run")
    stages.fail_instance(f"{worked_on.pk}.test.1", reason="red")
    stages.run_stage(worked_on.pk, "build", name="again")
    sessions.update_session(worked_on.pk, {"context": {"branch": "other"}, "name": "Another", "tags": ["x"]})
    sessions.abort_session(worked_on.pk)
    count = len(events_of(worked_on))
    restored = SavepointManager().restore_savepoint(kept.pk, reason="a wrong click")
    assert state(worked_on) == before
    assert restored.status == "ACTIVE"
    *_, last = events_of(worked_on)
    assert (last.seq, last.type, last.reason) == (count + 1, "session.restored", "a wrong click")
    assert last.changes["savepoint"]["after"] == kept.pk
    assert "hunter2" not in str(last.changes)
    assert_consistent(worked_on.pk)


def test_restore_can_itself_be_undone(worked_on):
    kept = SavepointManager().create_savepoint(worked_on.pk)
    StageInstanceManager().fail_instance(f"{worked_on.pk}.test.1", reason="red")
    StageInstanceManager().run_stage(worked_on.pk, "test")
    later = state(worked_on)
    SavepointManager().restore_savepoint(kept.pk)
    undo = Savepoint.objects.filter(session=worked_on, kind="BEFORE", verb="restore").get()
    SavepointManager().restore_savepoint(undo.pk)
    assert state(worked_on) == later
    assert_consistent(worked_on.pk)


def test_restore_ends_leases(worked_on):
    kept = SavepointManager().create_savepoint(worked_on.pk)
    stages = StageInstanceManager()
    lease = stages.claim_instance(f"{worked_on.pk}.test.1").lease_token
    FlowSessionManager().update_session(worked_on.pk, {"name": "Another"})
    SavepointManager().restore_savepoint(kept.pk)
    assert stages.get_instance(f"{worked_on.pk}.test.1").lease_token is None
    with pytest.raises(Conflict) as refused:
        StageInstanceManager(lease=lease).complete_item(f"{worked_on.pk}.test.1", "run")
    assert refused.value.code == "lease-lost"


def test_work_goes_on_after_a_restore(worked_on):
    kept = SavepointManager().create_savepoint(worked_on.pk)
    stages = StageInstanceManager()
    stages.fail_instance(f"{worked_on.pk}.test.1", reason="red")
    stages.retry_instance(f"{worked_on.pk}.test.1")
    SavepointManager().restore_savepoint(kept.pk)
    stages.fail_instance(f"{worked_on.pk}.test.1", reason="red once more")
    again = stages.retry_instance(f"{worked_on.pk}.test.1")
    assert again.attempt == 2
    stages.complete_item(again.pk, "run")
    stages.complete_instance(again.pk)
    assert FlowSession.objects.get(pk=worked_on.pk).status == "COMPLETED"
    assert_consistent(worked_on.pk)


def test_restore_to_what_is_changes_nothing(worked_on):
    kept = SavepointManager().create_savepoint(worked_on.pk)
    manager = SavepointManager()
    manager.restore_savepoint(kept.pk)
    assert not manager.outcome.changed
    assert event_types(worked_on)[-1] == "savepoint.created"
    assert [kind for kind, *_ in kinds(worked_on)] == ["STAGE_END", "MANUAL"]


@pytest.mark.parametrize("status", ["PENDING", "ACTIVE", "PAUSED", "FAILED", "COMPLETED", "ABORTED"])
def test_restore_works_from_every_state(status):
    flow_session = session_in("ACTIVE", "build", "test")
    kept = SavepointManager().create_savepoint(flow_session.pk)
    ways = {
        "PAUSED": lambda sessions: sessions.pause_session(flow_session.pk),
        "FAILED": lambda sessions: sessions.fail_session(flow_session.pk, reason="x"),
        "COMPLETED": lambda sessions: sessions.complete_session(flow_session.pk, force=True, reason="x"),
        "ABORTED": lambda sessions: sessions.abort_session(flow_session.pk),
    }
    ways.get(status, lambda _sessions: None)(FlowSessionManager())
    assert SavepointManager().restore_savepoint(kept.pk).status == "ACTIVE"
    assert_consistent(flow_session.pk)


def test_a_savepoint_is_taken_before_what_is_forced_skipped_or_aborted():
    flow_session = new_session("build", "test", "ship")
    stages = StageInstanceManager()
    stages.run_stage(flow_session.pk, "test")
    stages.pause_instance(f"{flow_session.pk}.test.1")
    stages.perform(flow_session.pk, "build", "skip", reason="not needed")
    FlowSessionManager().complete_session(flow_session.pk, force=True, reason="enough")
    FlowSessionManager().reopen_session(flow_session.pk, reason="not enough")
    FlowSessionManager().abort_session(flow_session.pk)
    assert [(kind, verb) for kind, verb, *_ in kinds(flow_session)] == [
        ("BEFORE", "skip"),
        ("STAGE_END", "skipped"),  # nothing has changed since when the session is completed
        ("STAGE_END", "completed"),
        ("BEFORE", "abort"),
    ]


def test_refused_verb_leaves_no_savepoint():
    flow_session = session_in("COMPLETED")
    count = Savepoint.objects.count()
    with pytest.raises(IllegalTransition):
        FlowSessionManager().abort_session(flow_session.pk)
    assert Savepoint.objects.count() == count


def test_restore_leaves_owner_and_team_and_forgets_who_can_no_longer_work():
    flow_session = in_team(new_session("build"), "blue")
    user("lin", operates=["blue"])
    stages = StageInstanceManager()
    stages.assign_stage(flow_session.pk, "build", "lin")
    kept = SavepointManager().create_savepoint(flow_session.pk)
    stages.assign_stage(flow_session.pk, "build", None)
    user("owner")
    FlowSessionManager().update_session(flow_session.pk, {"team": None, "owner": "owner"})
    manager = SavepointManager()
    restored = manager.restore_savepoint(kept.pk)
    assert (restored.owner.username, restored.team) == ("owner", None)
    assert not manager.outcome.changed or "lin" in manager.outcome.warnings[0]
    assert stages.get_instance(f"{flow_session.pk}.build.1").assignee is None
    assert_consistent(flow_session.pk)


def test_fork_goes_on_from_where_another_session_was(worked_on):
    kept = SavepointManager().create_savepoint(worked_on.pk, "try two ways")
    StageInstanceManager().fail_instance(f"{worked_on.pk}.test.1", reason="red")
    manager = SavepointManager()
    fork = manager.fork_savepoint(kept.pk, "The other way")
    assert (fork.pk == worked_on.pk, fork.forked_from) == (False, kept.pk)
    told, kept_state = state(fork), kept.state
    assert told["attempts"] == kept_state["attempts"]
    assert told["session"]["context"] == {"password": "hunter2", "branch": "main"}
    assert (told["session"]["name"], fork.version) == ("The other way", 1)
    assert event_types(fork) == ["session.forked"]
    assert list(manager.list_forks(worked_on.pk)) == [fork]
    assert_consistent(fork.pk)
    StageInstanceManager().complete_item(f"{fork.pk}.test.1", "run")
    StageInstanceManager().complete_instance(f"{fork.pk}.test.1")
    assert_consistent(fork.pk)
    assert_consistent(worked_on.pk)


def test_fork_of_a_retired_workflow_is_refused(worked_on):
    kept = SavepointManager().create_savepoint(worked_on.pk)
    retire(local_actor(), "dev")
    with pytest.raises(Conflict, match="retired"):
        SavepointManager().fork_savepoint(kept.pk)


def test_savepoint_of_a_session_that_is_not_seen_does_not_exist(worked_on):
    kept = SavepointManager().create_savepoint(worked_on.pk)
    manager = SavepointManager(person("stranger"))
    for verb in (manager.get_savepoint, manager.restore_savepoint, manager.fork_savepoint):
        with pytest.raises(NotFound, match="no savepoint") as seen:
            verb(kept.pk)
        assert kept.pk not in seen.value.fix
    with pytest.raises(NotFound):
        manager.get_savepoint("nothing@1")


def test_watchers_neither_restore_nor_fork(worked_on):
    kept = SavepointManager().create_savepoint(in_team(worked_on, "blue").pk)
    watcher = SavepointManager(person("watcher", watches=["blue"]))
    assert watcher.get_savepoint(kept.pk) == kept
    for verb in (watcher.restore_savepoint, watcher.fork_savepoint):
        with pytest.raises(NotAllowed):
            verb(kept.pk)
    agent = person("agent", operates=["blue"], grant=Grant("t", frozenset({"read", "work"})))
    with pytest.raises(NotAllowed, match="decide"):
        SavepointManager(agent).restore_savepoint(kept.pk)
    fork = SavepointManager(agent).fork_savepoint(kept.pk)
    assert (fork.owner.username, fork.team.name) == ("agent", "blue")


def test_damaged_savepoint_is_refused(worked_on):
    kept = SavepointManager().create_savepoint(worked_on.pk)
    Savepoint.objects.filter(pk=kept.pk).update(data=kept.data[:-3])
    StageInstanceManager().fail_instance(f"{worked_on.pk}.test.1", reason="red")
    before = state(worked_on)
    for verb in (SavepointManager().restore_savepoint, SavepointManager().fork_savepoint):
        with pytest.raises(Conflict) as refused:
            verb(kept.pk)
        assert refused.value.code == "savepoint-damaged"
    assert state(worked_on) == before


def test_stage_ends_together_with_its_deleted_session(worked_on):
    assert stage_in("ABORTED", session_in("ACTIVE"))
    FlowSessionManager().delete_session(worked_on.pk)
    assert not Savepoint.objects.filter(session=worked_on.pk).exists()
