"""Creating, changing, deleting sessions, and their progress."""

import re
from datetime import UTC, datetime

import pytest

from sessions_app import identifiers
from sessions_app.actors import local_actor
from sessions_app.exceptions import Conflict, IllegalTransition, InvalidInput, NotFound
from sessions_app.models import FlowSession, SessionEvent, Tombstone
from sessions_app.publishing import publish, retire
from sessions_app.services import FlowSessionManager, get_session_progress
from sessions_app.states import Level
from stages_app.models import StageInstance, StageItem
from tests.factories import (
    actor,
    assert_consistent,
    definition,
    event_types,
    events_of,
    new_session,
    publish_workflow,
    session_in,
    snapshot,
    stage,
    stage_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    return FlowSessionManager()


def test_new_session_is_active_and_at_its_first_stage(manager):
    publish_workflow("build", "test")
    made = manager.create_session(
        "dev", "User auth", metadata={"a": 1}, context={"branch": "main"}, tags=["x", "y", "x"]
    )
    stored = FlowSession.objects.get(pk=made.pk)
    assert (stored.name, stored.status, stored.current_stage_id) == ("User auth", "ACTIVE", "build")
    assert (stored.metadata, stored.context, stored.tags) == ({"a": 1}, {"branch": "main"}, ["x", "y"])
    assert (stored.owner.username, stored.team, stored.version, stored.workflow_version) == ("local", None, 1, 1)
    event = events_of(made)[0]
    assert (event.seq, event.type, event.changes["status"]) == (
        1,
        "session.created",
        {"before": None, "after": "ACTIVE"},
    )
    assert stored.created_at == stored.updated_at
    assert_consistent(made.pk)


def test_new_session_waits_when_it_is_not_to_start(manager):
    publish_workflow("build")
    assert manager.create_session("dev", start=False).status == "PENDING"


def test_first_stage_is_one_whose_dependencies_are_met():
    assert new_session(stage("build", depends_on=["plan"]), "plan").current_stage_id == "plan"


def test_session_without_a_name_has_its_workflows(manager):
    publish_workflow("build", name={"zh-hans": "开发", "en": "Development"})
    assert manager.create_session("dev").name == "Development"


@pytest.mark.parametrize(
    ("name", "middle"),
    [("User auth", "user-auth"), ("用户认证", "flow"), ("用户 auth", "auth"), ("Ünïcode!", "n-code"), ("---", "flow")],
)
def test_session_id_is_for_people(manager, name, middle):
    publish_workflow("build")
    made = manager.create_session("dev", name)
    assert re.fullmatch(rf"dev-{middle}-[23456789abcdefghjkmnpqrstvwxyz]{{4}}", made.pk)


def test_session_id_fits_its_column_at_its_longest(manager):
    publish_workflow("build", id="w" * 64)
    assert len(manager.create_session("w" * 64, "n" * 200).pk) <= 120


def test_session_id_grows_when_short_tails_are_taken(manager, monkeypatch):
    publish_workflow("build")
    monkeypatch.setattr(identifiers.secrets, "choice", lambda alphabet: alphabet[0])
    first, second = manager.create_session("dev"), manager.create_session("dev")
    assert (first.pk, second.pk) == ("dev-flow-2222", "dev-flow-22222")


def test_session_id_is_never_used_again(manager, monkeypatch):
    publish_workflow("build")
    monkeypatch.setattr(identifiers.secrets, "choice", lambda alphabet: alphabet[0])
    first = manager.create_session("dev")
    manager.delete_session(first.pk)
    assert manager.create_session("dev").pk == first.pk + "2"


def test_session_needs_a_known_workflow(manager):
    publish_workflow("build")
    before = snapshot()
    with pytest.raises(NotFound) as caught:
        manager.create_session("nothing")
    assert caught.value.details["workflow_id"] == "nothing"
    assert "dev" in caught.value.fix
    after = snapshot()
    after["auth.User"] = before["auth.User"]
    assert after == before


def test_session_stays_on_its_version(manager):
    old = new_session("build")
    publish(local_actor(), definition("build", "test"))
    new = manager.create_session("dev")
    assert (old.workflow_version, new.workflow_version) == (1, 2)
    assert FlowSession.objects.get(pk=old.pk).published.stage_ids == ("build",)
    stage_in("COMPLETED", old)
    assert manager.get_session(old.pk).status == "COMPLETED"


def test_retired_workflow_keeps_its_sessions_and_starts_no_new_ones(manager):
    old = new_session("build", "test")
    workflow, changed = retire(local_actor(), "dev")
    assert (changed, workflow.retired_at is None) == (True, False)
    assert retire(local_actor(), "dev")[1] is False
    with pytest.raises(Conflict) as caught:
        manager.create_session("dev")
    assert caught.value.code == "workflow-retired"
    assert stage_in("COMPLETED", old).status == "COMPLETED"


def test_update_merges_objects_and_says_what_changed(manager):
    made = new_session()
    manager.update_session(made.pk, {"name": "New name", "context": {"a": 1, "b": 2}, "tags": ["x"]})
    updated = manager.update_session(made.pk, {"context": {"b": None, "c": 3}})
    assert (updated.name, updated.context, updated.tags) == ("New name", {"a": 1, "c": 3}, ["x"])
    event = events_of(made)[-1]
    assert event.changes == {"context": {"before": {"a": 1, "b": 2}, "after": {"a": 1, "c": 3}}}
    assert_consistent(made.pk)


@pytest.mark.parametrize("data", [{}, {"name": "Same"}, {"context": {"a": 1}}, {"context": {"b": None}}, {"tags": []}])
def test_update_to_what_is_there_changes_nothing(manager, data):
    made = new_session(name="Same")
    manager.update_session(made.pk, {"context": {"a": 1}})
    before = snapshot()
    manager.update_session(made.pk, data)
    assert snapshot() == before
    assert not manager.outcome.changed


@pytest.mark.parametrize("key", ["status", "id", "workflow_id", "version", "owner_id", "stage_states", "", "名"])
def test_update_refuses_all_else_by_name(manager, key):
    made = new_session()
    before = snapshot()
    with pytest.raises(InvalidInput) as caught:
        manager.update_session(made.pk, {"name": "New", key: "PAUSED"})
    assert caught.value.details["names"] == [key]
    assert snapshot() == before


@pytest.mark.parametrize("state", ["COMPLETED", "ABORTED"])
def test_update_of_an_ended_session_is_refused(manager, state):
    made = session_in(state)
    with pytest.raises(IllegalTransition):
        manager.update_session(made.pk, {"name": "New"})


@pytest.mark.parametrize("state", ["PENDING", "ACTIVE", "COMPLETED", "ABORTED"])
def test_note_is_written_into_the_log_of_any_session(manager, state):
    made = session_in(state)
    manager.note_session(made.pk, "  Waiting for\n the answer ")
    event = events_of(made)[-1]
    assert (event.type, event.reason, event.level) == ("session.noted", "Waiting for\n the answer", Level.INFO)
    assert_consistent(made.pk)


def test_empty_note_is_refused(manager):
    with pytest.raises(InvalidInput):
        manager.note_session(new_session().pk, " \n")


@pytest.mark.parametrize("state", ["PENDING", "ACTIVE", "PAUSED", "COMPLETED", "FAILED", "ABORTED"])
def test_deleted_session_leaves_a_tombstone_alone(manager, state):
    made = session_in(state, stage("build", items=["one"]), "test")
    version = made.version
    tombstone = manager.delete_session(made.pk, reason="a mistake")
    stored = Tombstone.objects.get(pk=made.pk)
    assert (stored.last_seq, stored.reason, stored.actor, stored.workflow_id) == (
        version + 1,
        "a mistake",
        "local",
        "dev",
    )
    assert stored.chain_head == tombstone.chain_head != ""
    assert tombstone.as_dict()["id"] == made.pk
    assert not any(model.objects.exists() for model in (FlowSession, SessionEvent, StageInstance, StageItem))
    with pytest.raises(NotFound):
        manager.delete_session(made.pk)


def test_sessions_are_listed_newest_first_by_status_and_workflow(manager):
    first, second = new_session(), session_in("PAUSED", id="docs")
    assert [row.pk for row in manager.list_sessions()] == [second.pk, first.pk]
    assert [row.pk for row in manager.list_sessions(status="paused")] == [second.pk]
    assert [row.pk for row in manager.list_sessions(workflow_id="dev")] == [first.pk]
    assert list(manager.list_sessions(workflow_id="nothing")) == []
    with pytest.raises(InvalidInput) as caught:
        manager.list_sessions(status="sleeping")
    assert "PAUSED" in caught.value.fix


def test_sessions_are_searched_by_id_and_name_and_those_open_are_told(manager):
    first, second = new_session(name="User AUTH"), session_in("ABORTED")
    assert [row.pk for row in FlowSession.objects.search("auth")] == [first.pk]
    assert {row.pk for row in FlowSession.objects.search("dev-")} == {first.pk, second.pk}
    assert [row.pk for row in FlowSession.objects.open()] == [first.pk]


@pytest.mark.parametrize(("done", "percent"), [(0, 0), (1, 33), (2, 66), (3, 100)])
def test_progress_is_the_floor_of_the_stages_done(done, percent):
    flow_session = new_session("one", "two", "three", parallel=True)
    order = [("COMPLETED", "one"), ("SKIPPED", "two"), ("COMPLETED", "three")]
    for state, stage_id in order[:done]:
        stage_in(state, flow_session, stage_id)
    stored = FlowSession.objects.get(pk=flow_session.pk)
    told = get_session_progress(flow_session.pk)
    assert stored.progress == told["progress"] == percent
    assert told["completed"] == ["one", "three"][: (done + 1) // 2]
    assert told["skipped"] == (["two"] if done > 1 else [])
    assert told["remaining"] == ["one", "two", "three"][done:]
    assert told["total"] == 3
    assert [each["stage_id"] for each in told["stages"]] == ["one", "two", "three"]


def test_completed_session_is_at_a_hundred_percent():
    assert FlowSession.objects.get(pk=session_in("COMPLETED").pk).progress == 100


def test_failed_stage_is_no_progress():
    flow_session = new_session("build", "test")
    stage_in("FAILED", flow_session)
    assert get_session_progress(flow_session.pk)["progress"] == 0


def test_session_belongs_to_who_made_it():
    publish_workflow("build")
    made = FlowSessionManager(actor("lin", "api")).create_session("dev")
    FlowSessionManager(actor("wei", "admin")).pause_session(made.pk)
    assert made.owner.username == "lin"
    assert [(e.actor, e.door) for e in events_of(made)] == [("lin", "api"), ("wei", "admin")]


def test_clock_that_goes_back_does_not_disturb_the_order(manager, monkeypatch):
    made = new_session()
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2020, 1, 1, tzinfo=UTC))
    manager.pause_session(made.pk)
    assert event_types(made) == ["session.created", "session.paused"]
    assert_consistent(made.pk)
