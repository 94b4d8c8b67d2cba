"""Messages from outside: wishes for a status, echoes, and what wakes a lane."""

import json
import logging

import pytest
from django.contrib.auth import get_user_model

from sessions_app.actors import Grant, local_actor
from sessions_app.exceptions import (
    FlowError,
    GuardUnmet,
    IllegalTransition,
    InvalidInput,
    NotAllowed,
    NotFound,
    PreconditionFailed,
)
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from status_bridge import signing, subscriptions
from status_bridge.incoming import Taken, take_in
from status_bridge.models import Delivery, IncomingMessage, Lane, Subscription
from status_bridge.sinks import base
from status_bridge.sinks.base import Arrival, Request, Sink
from tests.factories import event_types, events_of, new_session, person, publish_workflow, snapshot

pytestmark = pytest.mark.django_db

URL = "https://x.example/"


@pytest.fixture
def board():
    """A webhook of all sessions and its secret."""
    return subscriptions.create(local_actor(), name="board", url=URL, reach="all")


@pytest.fixture
def flow_session(board):
    return new_session()


def wish(flow_session, status, **more):
    data = {"id": f"flow-{flow_session.pk}", "status": status, **more}
    return json.dumps({"type": "vcflow.status.requested", "data": data})


def signed(secret, body, message_id="m1"):
    return Arrival(signing.sign({"secret": secret}, message_id, body), body.encode())


def taken(board, body, message_id="m1"):
    row, secret = board
    return take_in(row.pk, signed(secret, body, message_id))


def refusal_of(error, call, *args):
    with pytest.raises(error) as refused:
        call(*args)
    return refused.value


def status_of(flow_session):
    return FlowSession.objects.get(pk=flow_session.pk).status


def test_a_wish_becomes_the_verb_in_the_owners_name(board, flow_session):
    answer = taken(board, wish(flow_session, "ON_HOLD", reason="waiting", by="gao <gao@x>"))
    assert (answer.changed, answer.entry["status"], answer.entry["id"]) == (True, "ON_HOLD", f"flow-{flow_session.pk}")
    event = events_of(flow_session)[-1]
    assert (event.type, event.actor, event.door, event.reason) == ("session.paused", "local", "webhook", "waiting")
    assert event.submitted_by == f"webhook:{board[0].pk} gao <gao@x>"
    assert answer.entry["version"] == event.seq


def test_who_it_was_is_kept_short_and_visible(board, flow_session):
    taken(board, wish(flow_session, "ON_HOLD", by="\x1b[31m" + "x" * 500))
    told = events_of(flow_session)[-1].submitted_by
    assert len(told) == 150
    assert told.startswith(f"webhook:{board[0].pk} \\x1b[31mx")


def test_the_change_is_told_outside_again(board, flow_session):
    before = Delivery.objects.count()
    taken(board, wish(flow_session, "ON_HOLD"))
    assert Delivery.objects.count() > before


def test_what_holds_already_changes_nothing(board, flow_session):
    assert not taken(board, wish(flow_session, "IN_PROGRESS")).changed
    assert event_types(flow_session) == ["session.created"]


def test_the_same_message_counts_once(board, flow_session):
    body = wish(flow_session, "ON_HOLD")
    assert taken(board, body).changed
    FlowSessionManager().resume_session(flow_session.pk)
    again = taken(board, body)
    assert (again.changed, again.entry["status"]) == (False, "IN_PROGRESS")
    assert status_of(flow_session) == "ACTIVE"
    assert taken(board, body, "m2").changed


def test_another_wish_under_the_same_id_is_refused(board, flow_session):
    taken(board, wish(flow_session, "ON_HOLD"))
    refused = refusal_of(GuardUnmet, taken, board, wish(flow_session, "CANCELED"))
    assert refused.code == "idempotency-key-reused"
    assert status_of(flow_session) == "PAUSED"


def test_what_was_refused_may_come_again(board, flow_session):
    manager = FlowSessionManager()
    manager.fail_session(flow_session.pk, reason="broken")
    body = wish(flow_session, "ON_HOLD")
    refusal_of(IllegalTransition, taken, board, body)
    manager.resume_session(flow_session.pk)
    assert taken(board, body).changed


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        ("COMPLETED", GuardUnmet, "stages-open"),
        ("PENDING", IllegalTransition, "illegal-transition"),
        ("FAILED", InvalidInput, "reason-required"),
        ("DANCING", InvalidInput, "invalid-input"),
    ],
)
def test_a_refused_wish_changes_nothing(board, flow_session, status, error, code):
    before = snapshot()
    assert refusal_of(error, taken, board, wish(flow_session, status)).code == code
    assert snapshot() == before


def test_a_session_that_is_not_there_is_not_found(board, flow_session):
    body = wish(flow_session, "ON_HOLD").replace(flow_session.pk, "dev-none-2345")
    refusal_of(NotFound, taken, board, body)


# Bounds


def test_only_sessions_that_it_tells_of_are_steered():
    publish_workflow()
    publish_workflow(id="docs")
    mei, zhao = person("mei"), person("zhao")
    own = FlowSessionManager(mei).create_session("dev")
    hers, other = FlowSessionManager(zhao).create_session("dev"), FlowSessionManager(mei).create_session("docs")
    hook = subscriptions.create(mei, name="mine", url=URL, workflow="dev")
    before = snapshot()
    refusals = [refusal_of(NotFound, taken, hook, wish(row, "ON_HOLD")) for row in (hers, other)]
    nothing = refusal_of(NotFound, taken, hook, wish(own, "ON_HOLD").replace(own.pk, "dev-none-2345"))
    assert {refused.code for refused in refusals} == {nothing.code}
    assert snapshot() == before
    assert taken(hook, wish(own, "ON_HOLD")).changed


def test_the_local_users_own_are_not_everybodys():
    publish_workflow()
    hers = FlowSessionManager(person("zhao")).create_session("dev")
    hook = subscriptions.create(local_actor(), name="mine", url=URL)
    refusal_of(NotFound, taken, hook, wish(hers, "ON_HOLD"))


def test_no_more_is_done_than_the_token_allowed_that_made_it():
    publish_workflow()
    mei = person("mei")
    own = FlowSessionManager(mei).create_session("dev")
    weak = person("mei", grant=Grant("t", frozenset({"webhook", "work"})))
    hook = subscriptions.create(weak, name="mine", url=URL)
    assert taken(hook, wish(own, "ON_HOLD")).changed
    assert refusal_of(NotAllowed, taken, hook, wish(own, "CANCELED"), "m2").code == "missing-scope"
    assert status_of(own) == "PAUSED"


def test_an_owner_who_may_no_more_does_nothing(board, flow_session):
    mei = person("mei")
    hook = subscriptions.create(mei, name="mine", url=URL)
    own = FlowSessionManager(mei).create_session("dev")
    get_user_model().objects.filter(username="mei").update(is_active=False)
    refused = refusal_of(NotAllowed, taken, hook, wish(own, "ON_HOLD"))
    assert "disabled" in refused.message
    assert status_of(own) == "ACTIVE"


def test_an_owner_who_was_an_administrator_steers_nothing_by_it():
    get_user_model().objects.create_superuser("boss")
    publish_workflow()
    hook = subscriptions.create(person("boss"), name="all", url=URL, reach="all")
    own = FlowSessionManager(person("boss")).create_session("dev")
    get_user_model().objects.filter(username="boss").update(is_superuser=False)
    assert "boss" in refusal_of(NotAllowed, taken, hook, wish(own, "ON_HOLD")).message
    assert status_of(own) == "ACTIVE"


# Who may say something at all


def refusals(board, arrival):
    row, _secret = board
    cases = {row.pk: arrival, "wh_0000000000000000": arrival, "\x00": arrival, "": arrival}
    return [refusal_of(NotAllowed, take_in, *case).as_dict() for case in cases.items()]


def test_a_wrong_signature_and_a_wrong_id_are_refused_alike(board, flow_session):
    before = snapshot()
    body = wish(flow_session, "ON_HOLD")
    wrong = [
        signed(signing.new_secret(), body),
        Arrival({}, body.encode()),
        Arrival(signed(board[1], body).headers, wish(flow_session, "CANCELED").encode()),
    ]
    told = [refused for arrival in wrong for refused in refusals(board, arrival)]
    assert {refused["code"] for refused in told} == {"bad-signature"}
    assert all(refused == told[0] for refused in told)
    assert snapshot() == before


def test_a_webhook_that_is_off_or_takes_nothing_in_is_refused_as_if_it_were_not_there(board, flow_session, monkeypatch):
    class Deaf(Sink):
        kind = label = "deaf"

    body = wish(flow_session, "ON_HOLD")
    monkeypatch.setitem(base._sinks, "deaf", Deaf())
    deaf, _none = subscriptions.create(local_actor(), name="deaf", url=URL, kind="deaf")
    unknown = refusal_of(NotAllowed, take_in, "wh_0", signed(board[1], body)).as_dict()
    assert refusal_of(NotAllowed, take_in, deaf.pk, signed(board[1], body)).as_dict() == unknown
    Subscription.objects.update(is_active=False)
    assert refusal_of(NotAllowed, taken, board, body).as_dict() == unknown


def test_the_secret_before_still_counts_for_a_day(board, flow_session):
    subscriptions.rotate_secret(local_actor(), board[0].pk)
    assert taken(board, wish(flow_session, "ON_HOLD")).changed


def test_whoever_signs_rightly_is_counted_and_nobody_else(board, flow_session):
    counted = []
    body = wish(flow_session, "ON_HOLD")
    take_in(board[0].pk, signed(board[1], body), admit=counted.append)
    refusal_of(NotAllowed, take_in, board[0].pk, signed(signing.new_secret(), body), counted.append)
    assert counted == [board[0].pk]


def test_no_secret_is_in_a_refusal_or_a_log(board, flow_session, caplog):
    caplog.set_level(logging.DEBUG)
    row, secret = board
    refused = [(body, secret) for body in (wish(flow_session, "PENDING"), "[]", wish(flow_session, "FAILED"))]
    told = [
        str(refusal_of(FlowError, take_in, row.pk, signed(key, body)).as_dict())
        for body, key in [*refused, ("{}", signing.new_secret())]
    ]
    assert secret not in "".join([*told, caplog.text])


# Echoes


def test_what_we_told_is_an_echo_and_does_nothing(board, flow_session):
    manager = FlowSessionManager()
    paused = manager.pause_session(flow_session.pk)
    resumed = manager.resume_session(flow_session.pk)
    before = snapshot()
    for status, version in (("ON_HOLD", paused.version), ("IN_PROGRESS", resumed.version), ("IN_PROGRESS", 1)):
        answer = taken(board, wish(flow_session, status, version=version), f"m{version}")
        assert (answer.changed, answer.entry["status"]) == (False, "IN_PROGRESS")
    assert snapshot() == before


def test_an_echo_of_a_note_in_between_is_one_too(board, flow_session):
    manager = FlowSessionManager()
    manager.pause_session(flow_session.pk)
    noted = manager.note_session(flow_session.pk, "hm")
    manager.resume_session(flow_session.pk)
    assert not taken(board, wish(flow_session, "ON_HOLD", version=noted.version)).changed


def test_a_stages_own_status_is_not_taken_for_the_sessions(board, flow_session):
    StageInstanceManager().run_stage(flow_session.pk, "build")
    StageInstanceManager().perform(flow_session.pk, "build", "pause")
    version = FlowSession.objects.get(pk=flow_session.pk).version
    FlowSessionManager().note_session(flow_session.pk, "hm")
    assert not taken(board, wish(flow_session, "IN_PROGRESS", version=version)).changed
    refusal_of(PreconditionFailed, taken, board, wish(flow_session, "ON_HOLD", version=version))


def test_a_wish_of_who_is_up_to_date_is_done(board, flow_session):
    assert taken(board, wish(flow_session, "ON_HOLD", version=flow_session.version)).changed


def test_a_wish_of_who_knows_too_little_is_stale(board, flow_session):
    FlowSessionManager().note_session(flow_session.pk, "hm")
    before = snapshot()
    refused = refusal_of(PreconditionFailed, taken, board, wish(flow_session, "ON_HOLD", version=1))
    assert (refused.code, refused.details["version"]) == ("stale", 2)
    refusal_of(PreconditionFailed, taken, board, wish(flow_session, "ON_HOLD", version=99))
    assert snapshot() == before


# Waking


class Looking(Sink):
    """Says that a session changed on the far side; anything signed by nobody is fine."""

    kind = label = "looking"
    coalesces = True

    def receive(self, arrival, target):
        found = json.loads(arrival.body)
        return Request(found["id"], session_id=found["session"]) if found else None


@pytest.fixture
def tracker(monkeypatch, board):
    monkeypatch.setitem(base._sinks, "looking", Looking())
    return subscriptions.create(
        local_actor(), name="looking", url=URL, kind="looking", reach="all", events=["item.done"]
    )[0]


def looked(row, session_id, message_id="d1"):
    return take_in(row.pk, Arrival({}, json.dumps({"id": message_id, "session": session_id}).encode()))


def test_a_message_without_a_wish_wakes_the_lane_once(tracker, flow_session):
    assert looked(tracker, flow_session.pk) == Taken(is_queued=True)
    assert looked(tracker, flow_session.pk) == Taken()
    (delivery,) = Delivery.objects.filter(subscription=tracker)
    assert (delivery.event_type, delivery.session_id, delivery.state) == ("remote.changed", flow_session.pk, "WAITING")
    assert Lane.objects.get(subscription=tracker, session_id=flow_session.pk).due_at is not None
    assert IncomingMessage.objects.get().message_id == "d1"
    assert looked(tracker, flow_session.pk, "d2").is_queued


def test_a_message_about_nothing_of_ours_does_nothing(tracker, flow_session):
    before = snapshot()
    for session_id in ("", "dev-none-2345"):
        assert looked(tracker, session_id) == Taken()
    assert take_in(tracker.pk, Arrival({}, b"{}")) == Taken()
    own = subscriptions.create(person("mei"), name="l", url=URL, kind="looking")[0]
    assert looked(own, flow_session.pk) == Taken()
    own.delete()
    assert {**snapshot(), "auth.User": before["auth.User"]} == before
