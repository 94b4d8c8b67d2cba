"""The same request is done once."""

import pytest

from sessions_app.exceptions import GuardUnmet, IllegalTransition, InvalidInput
from sessions_app.idempotency import AlreadyAnswered, Idempotency, fingerprint
from sessions_app.models import FlowSession, IdempotencyKey
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.factories import actor, event_types, new_session, publish_workflow, snapshot

pytestmark = pytest.mark.django_db


def answer(result, outcome):
    return {"id": result.pk, "changed": outcome.changed, "version": outcome.version, "at": result.updated_at}


def keyed(request, key="k-1", *, who=None, manager=FlowSessionManager):
    return manager(who, idempotency=Idempotency(key, fingerprint(request), answer))


def test_request_with_a_known_key_gets_the_first_answer_and_does_nothing():
    publish_workflow("build")
    made = keyed(["create", "dev"]).create_session("dev")
    before = snapshot()
    with pytest.raises(AlreadyAnswered) as caught:
        keyed(["create", "dev"]).create_session("dev")
    assert caught.value.answer["id"] == made.pk
    assert (caught.value.answer["changed"], caught.value.answer["version"]) == (True, 1)
    assert isinstance(caught.value.answer["at"], str)
    assert snapshot() == before


def test_other_request_under_a_known_key_is_refused():
    publish_workflow("build")
    keyed(["create", "dev"]).create_session("dev")
    before = snapshot()
    with pytest.raises(GuardUnmet) as caught:
        keyed(["create", "other"]).create_session("dev")
    assert (caught.value.code, caught.value.http_status) == ("idempotency-key-reused", 422)
    assert snapshot() == before


def test_keys_belong_to_their_users():
    publish_workflow("build")
    first = keyed(["create"], who=actor("lin")).create_session("dev")
    second = keyed(["create"], who=actor("wei")).create_session("dev")
    assert first.pk != second.pk


def test_answer_to_a_needless_request_is_kept_too():
    flow_session = new_session()
    manager = keyed(["start"])
    manager.start_session(flow_session.pk)
    assert not manager.outcome.changed
    with pytest.raises(AlreadyAnswered) as caught:
        keyed(["start"]).start_session(flow_session.pk)
    assert caught.value.answer["changed"] is False
    assert event_types(flow_session) == ["session.created"]


def test_refused_request_leaves_its_key_free():
    flow_session = new_session("build", "test")
    with pytest.raises(GuardUnmet):
        keyed(["complete"]).complete_session(flow_session.pk)
    with pytest.raises(IllegalTransition):
        keyed(["resume"], manager=StageInstanceManager).perform(flow_session.pk, "build", "resume")
    assert not IdempotencyKey.objects.exists()
    keyed(["pause"]).pause_session(flow_session.pk)
    assert FlowSession.objects.get(pk=flow_session.pk).status == "PAUSED"


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "a\x00", "\ud800", 7])
def test_key_must_be_a_clean_name(key):
    flow_session = new_session()
    with pytest.raises(InvalidInput):
        keyed(["pause"], key).pause_session(flow_session.pk)
    assert FlowSession.objects.get(pk=flow_session.pk).status == "ACTIVE"


def test_key_is_cleaned_before_it_is_kept():
    flow_session = new_session()
    keyed(["pause"], " k-1 ").pause_session(flow_session.pk)
    row = IdempotencyKey.objects.get()
    assert (row.key, row.answer["id"]) == ("k-1", flow_session.pk)
    with pytest.raises(AlreadyAnswered):
        keyed(["pause"]).pause_session(flow_session.pk)


def test_fingerprint_does_not_depend_on_the_order_of_keys():
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1}) != fingerprint({"a": 1, "b": [3]})
