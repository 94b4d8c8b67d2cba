"""Whose turn it is: assigning stages, and the list of those that wait for somebody."""

import pytest

from sessions_app.actors import Grant
from sessions_app.exceptions import IllegalTransition, InvalidInput, NotFound
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from sessions_app.states import Level
from stages_app.inbox import inbox, inbox_json
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from tests.factories import (
    assert_consistent,
    events_of,
    in_team,
    new_session,
    person,
    snapshot,
    stage,
    stage_in,
    user,
)

pytestmark = pytest.mark.django_db

TEAM = "platform"
STAGES = ("build", stage("test", depends_on=["build"]), "docs")


@pytest.fixture
def stages():
    return StageInstanceManager()


@pytest.fixture
def flow_session():
    user("mei", operates=[TEAM])
    return in_team(new_session(*STAGES, parallel=True), TEAM)


def assigned(flow_session, stage_id, status):
    row = stage_in(status, flow_session, stage_id)
    return StageInstanceManager().update_instance(row.pk, {"assignee": "mei"})


def test_assigning_is_an_event_of_its_own_that_names_who(stages, flow_session):
    row = assigned(flow_session, "build", "ACTIVE")
    event = events_of(flow_session)[-1]
    assert (event.type, event.level) == ("stage.assigned", Level.INFO)
    assert event.changes == {"assignee": {"before": None, "after": "mei"}}
    stages.update_instance(row.pk, {"assignee": "mei"})
    assert not stages.outcome.changed
    stages.update_instance(row.pk, {"assignee": None, "name": "Build it"})
    event = events_of(flow_session)[-1]
    assert event.type == "stage.updated"
    assert event.changes["assignee"] == {"before": "mei", "after": None}
    assert_consistent(flow_session.pk)


def test_beginning_names_the_assignee(stages, flow_session):
    row = assigned(flow_session, "build", "PENDING")
    stages.start_instance(row.pk)
    assert events_of(flow_session)[-1].changes["assignee"]["after"] == "mei"
    stages.fail_instance(row.pk)
    assert stages.retry_instance(row.pk).assignee.username == "mei"
    event = events_of(flow_session)[-1]
    assert (event.type, event.changes["assignee"]["after"]) == ("stage.retried", "mei")


@pytest.mark.parametrize(
    ("setup", "mend"),
    [
        (lambda: user("bo"), "platform"),
        (lambda: user("bo", watches=["other"], operates=["others"]), "platform"),
        (lambda: user("bo", operates=[TEAM], is_active=False), "enabled"),
    ],
)
def test_assignee_must_be_able_to_work(stages, flow_session, setup, mend):
    setup()
    row = stage_in("ACTIVE", flow_session)
    before = snapshot()
    with pytest.raises(InvalidInput) as caught:
        stages.update_instance(row.pk, {"assignee": "bo"})
    assert (caught.value.code, caught.value.exit_status) == ("assignee-cannot-work", 2)
    assert mend in caught.value.fix
    assert snapshot() == before


def test_only_its_owner_works_on_a_session_without_a_team(stages):
    row = stage_in("ACTIVE", new_session())
    user("mei", operates=[TEAM])
    with pytest.raises(InvalidInput) as caught:
        stages.update_instance(row.pk, {"assignee": "mei"})
    assert "team" in caught.value.fix
    assert stages.update_instance(row.pk, {"assignee": "local"}).assignee.username == "local"


def test_stage_that_has_not_begun_is_made_ready_for_its_assignee(stages, flow_session):
    row = stages.assign_stage(flow_session.pk, "test", "mei")
    assert (row.status, row.assignee.username) == ("PENDING", "mei")
    assert [event.type for event in events_of(flow_session)[-2:]] == ["stage.created", "stage.assigned"]
    assert stages.assign_stage(flow_session.pk, "test", None).assignee is None
    assert StageInstance.objects.count() == 1
    assert_consistent(flow_session.pk)


def test_assigning_what_can_not_be_is_refused_and_leaves_nothing(stages, flow_session):
    user("bo")
    before = snapshot()
    with pytest.raises(InvalidInput):
        stages.assign_stage(flow_session.pk, "test", "bo")
    with pytest.raises(NotFound):
        stages.assign_stage(flow_session.pk, "test", "nobody")
    with pytest.raises(IllegalTransition):
        stages.assign_stage(flow_session.pk, "test", None)
    assert snapshot() == before
    FlowSessionManager().abort_session(flow_session.pk)
    with pytest.raises(IllegalTransition):
        stages.assign_stage(flow_session.pk, "build", "mei")


@pytest.mark.parametrize(
    ("status", "listed"),
    [("PENDING", True), ("ACTIVE", True), ("PAUSED", True), ("FAILED", True), ("COMPLETED", False), ("SKIPPED", False)],
)
def test_inbox_has_what_could_be_worked_on(flow_session, status, listed):
    row = assigned(flow_session, "build", status)
    assert inbox(person("mei")) == ([row] if listed else [])
    assert inbox(person("bo")) == []


def test_stage_made_ready_waits_for_those_it_depends_on(stages, flow_session):
    waiting = stages.assign_stage(flow_session.pk, "test", "mei")
    assert inbox(person("mei")) == []
    stages.perform(flow_session.pk, "build", "skip", reason="done elsewhere")
    assert inbox(person("mei")) == [waiting]


def test_failed_attempt_that_was_tried_again_waits_no_more(stages, flow_session):
    failed = assigned(flow_session, "build", "FAILED")
    again = stages.retry_instance(failed.pk)
    assert inbox(person("mei")) == [again]
    stages.complete_instance(again.pk)
    assert inbox(person("mei")) == []


@pytest.mark.parametrize("verb", ["pause_session", "abort_session", "delete_session"])
def test_inbox_is_about_active_sessions(flow_session, verb):
    assigned(flow_session, "build", "ACTIVE")
    getattr(FlowSessionManager(), verb)(flow_session.pk)
    assert inbox(person("mei")) == []


def test_inbox_has_what_is_seen_alone(flow_session):
    row = assigned(flow_session, "build", "ACTIVE")
    elsewhere = Grant("ci", frozenset({"read"}), workflow_id="docs")
    assert inbox(person("mei", grant=elsewhere)) == []
    assert inbox(person("mei")) == [row]
    user("mei").groups.clear()
    assert inbox(person("mei")) == []


def test_inbox_takes_the_same_queries_at_any_length_oldest_first(flow_session, django_assert_num_queries):
    rows = [assigned(flow_session, "docs", "ACTIVE")]
    assert inbox(person("mei"))  # versions are remembered
    mei = person("mei")
    with django_assert_num_queries(1 + 2):  # the rows, and mei's rights
        assert len([inbox_json(row) for row in inbox(mei)]) == 1
    rows += [assigned(in_team(new_session(*STAGES, parallel=True), TEAM), "docs", "ACTIVE") for _ in range(2)]
    mei = person("mei")
    with django_assert_num_queries(1 + 2):
        told = [inbox_json(row) for row in inbox(mei)]
    assert [row["stage_instance_id"] for row in told] == [row.pk for row in rows]
    assert told[0]["session_name"] == FlowSession.objects.get(pk=flow_session.pk).name
