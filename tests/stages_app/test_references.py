"""Stages by what people type."""

import pytest

from sessions_app.exceptions import Ambiguous, IllegalTransition, InvalidInput, NotFound
from stages_app.references import stage_id_of
from stages_app.services import StageInstanceManager
from tests.factories import new_session, snapshot, stage, stage_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow_session():
    return new_session(
        stage("code", name={"zh-hans": "编码", "en": "Coding"}), stage("code-review", name="Second look"), "test"
    )


@pytest.mark.parametrize(
    ("reference", "stage_id"),
    [
        ("code", "code"),
        ("code-", "code-review"),
        ("t", "test"),
        ("TEST", "test"),
        ("编", "code"),
        ("coding", "code"),
        ("second", "code-review"),
    ],
)
def test_stage_is_named_by_its_id_or_a_unique_beginning(flow_session, reference, stage_id):
    assert stage_id_of(flow_session, reference, "start") == stage_id


def test_ambiguous_stage_is_refused_with_the_candidates(flow_session):
    with pytest.raises(Ambiguous) as caught:
        stage_id_of(flow_session, "co", "start")
    assert caught.value.details["candidates"] == [{"id": "code"}, {"id": "code-review"}]


@pytest.mark.parametrize("reference", ["", "nothing", "ode", "\x00", "\ud800"])
def test_unknown_stage_is_refused_with_the_known_ones(flow_session, reference):
    before = snapshot()
    with pytest.raises(NotFound) as caught:
        StageInstanceManager().perform(flow_session.pk, reference, "start")
    assert caught.value.details["stages"] == ["code", "code-review", "test"]
    assert snapshot() == before


def test_no_stage_means_the_current_one(flow_session):
    assert stage_id_of(flow_session, None, "start") == "code"


def test_no_stage_means_the_only_one_that_the_verb_fits(flow_session):
    stage_in("PAUSED", flow_session, "test")
    stage_in("ACTIVE", flow_session, "code")
    stored = StageInstanceManager().get_instance(f"{flow_session.pk}.code.1").session
    assert stage_id_of(stored, None, "resume") == "test"
    assert stage_id_of(stored, None, "complete") == "code"


def test_no_stage_at_no_stage_is_refused():
    flow_session = new_session("code", "test", parallel=True)
    stages = StageInstanceManager()
    for stage_id in ("code", "test"):
        stages.perform(flow_session.pk, stage_id, "start")
        stages.perform(flow_session.pk, stage_id, "complete")
    with pytest.raises(InvalidInput) as caught:
        stages.perform(flow_session.pk, None, "pause")
    assert caught.value.code == "stage-needed"


def test_located_instance_is_the_last_attempt(flow_session):
    first = stage_in("FAILED", flow_session, "code")
    second = StageInstanceManager().retry_instance(first.pk)
    assert StageInstanceManager().locate_instance(flow_session.pk).pk == second.pk
    with pytest.raises(IllegalTransition):
        StageInstanceManager().locate_instance(flow_session.pk, "test")


def test_instances_are_listed_by_session_and_status(flow_session):
    other = new_session("build", id="other")
    stage_in("ACTIVE", flow_session, "code")
    stage_in("FAILED", other, "build")
    listed = StageInstanceManager().list_instances
    assert listed().count() == 2
    assert [row.session_id for row in listed(session_id=flow_session.pk)] == [flow_session.pk]
    assert [row.session_id for row in listed(status="failed")] == [other.pk]


@pytest.mark.parametrize("instance_id", ["", "nothing", "\x00", "\ud800", None, 5, "x" * 10_000])
def test_unknown_instance_is_not_found(flow_session, instance_id):
    for look_up in (StageInstanceManager().get_instance, StageInstanceManager().pause_instance):
        with pytest.raises(NotFound):
            look_up(instance_id)


def test_id_of_another_kind_is_not_found(flow_session):
    with pytest.raises(NotFound):
        StageInstanceManager().pause_instance(flow_session.pk)
