"""Claims: who holds a stage may write to it, and nobody else may meanwhile."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app.actors import Grant
from sessions_app.definitions.schema import Lease
from sessions_app.exceptions import Conflict, IllegalTransition, InvalidInput, NotAllowed
from sessions_app.idempotency import AlreadyAnswered, Idempotency
from sessions_app.services import FlowSessionManager
from stages_app.models import StageInstance
from stages_app.representation import stage_json
from stages_app.services import StageInstanceManager
from tests.factories import (
    actor,
    assert_consistent,
    event_types,
    events_of,
    new_session,
    person,
    snapshot,
    stage,
    stage_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def building():
    return stage_in("ACTIVE", new_session(stage("build", items=["one", "two"]), "test"))


def run_out(stage_instance, seconds=1):
    """The time of the stage's lease is over since then."""
    StageInstance.objects.filter(pk=stage_instance.pk).update(
        lease_expires_at=timezone.now() - timedelta(seconds=seconds)
    )


def claimed(stage_instance, username="ann", **options):
    return StageInstanceManager(actor(username)).claim_instance(stage_instance.pk, **options)


def holder_of(claim):
    """The manager of whoever made that claim."""
    return StageInstanceManager(actor("ann"), lease=claim.lease_token)


def stored(stage_instance):
    return StageInstance.objects.get(pk=stage_instance.pk)


def refused(code, call, *args, **options):
    """The refusal's details; nothing was changed."""
    before = snapshot()
    with pytest.raises(Conflict) as refusal:
        call(*args, **options)
    assert refusal.value.code == code
    assert snapshot() == before
    return refusal.value


def test_claim_is_an_event_whose_number_is_the_token(building):
    claim = claimed(building, seconds=60, holder="agent 7")
    event = events_of(building.session_id)[-1]
    assert (event.type, event.seq, event.stage_instance_id) == ("stage.claimed", claim.lease_token, building.pk)
    assert event.changes == {
        "lease": {"before": None, "after": {"holder": "agent 7", "number": event.seq, "seconds": 60}}
    }
    assert (claim.lease_holder, claim.lease_seconds) == ("agent 7", 60)
    assert 55 < (claim.lease_expires_at - timezone.now()).total_seconds() <= 60
    assert_consistent(building.session_id)


def test_claim_lasts_as_the_definition_says_else_900_seconds(building):
    assert claimed(building).lease_seconds == 900
    other = new_session(replace(stage("make"), lease=Lease(120, "pause")), id="other")
    assert claimed(stage_in("ACTIVE", other, "make")).lease_seconds == 120


def test_stage_of_somebody_else_is_written_to_by_nobody_else(building):
    claimed(building, holder="agent 7")
    other, key = StageInstanceManager(actor("bob")), building.pk
    refusal = refused("leased", other.complete_item, key, "one")
    assert refusal.details["holder"] == "agent 7"
    assert refusal.details["expires_at"]
    refused("leased", other.add_item, key, "More")
    refused("leased", other.add_deliverables, key, {"spec": "x"})
    refused("leased", other.update_instance, key, {"name": "Other"})
    refused("leased", other.assign_stage, building.session_id, "build", "bob")
    refused("leased", other.fail_instance, key)
    refused("leased", other.skip_instance, key, reason="so")
    refused("leased", other.update_stage_status, key, "PAUSED")
    refused("leased", other.perform, building.session_id, "build", "pause")
    refused("leased", other.claim_instance, key)
    refused("leased", other.release_instance, key)


def test_holder_writes_and_each_write_renews(building):
    claim = claimed(building)
    holder = holder_of(claim)
    run_out(building)
    holder.complete_item(building.pk, "one", "two")
    assert stored(building).lease_expires_at > timezone.now()
    holder.add_deliverables(building.pk, {"spec": "x"})
    holder.update_instance(building.pk, {"name": "Mine"})
    done = holder.complete_instance(building.pk)
    assert (done.status, done.lease_token, done.lease_holder, done.lease_expires_at) == ("COMPLETED", None, "", None)
    assert "stage.released" not in event_types(building.session_id)
    assert_consistent(building.session_id)


def test_holder_changes_status_and_metadata_in_one_change(building):
    holder_of(claimed(building)).update_stage_status(building.pk, "PAUSED", {"reason": "lunch"})
    assert (stored(building).status, stored(building).metadata) == ("PAUSED", {"reason": "lunch"})


def test_what_was_done_already_is_done_for_its_holder_too(building):
    holder = holder_of(claimed(building))
    holder.fail_instance(building.pk)
    holder.fail_instance(building.pk)
    assert not holder.outcome.changed


def test_superseded_holder_changes_nothing(building):
    first = claimed(building)
    second = StageInstanceManager(actor("bob")).claim_instance(building.pk, take=True, reason="ann is away")
    assert second.lease_token > first.lease_token
    assert events_of(building.session_id)[-1].reason == "ann is away"
    holder = holder_of(first)
    refusal = refused("lease-lost", holder.complete_item, building.pk, "one")
    assert (refusal.details["holder"], refusal.http_status, refusal.exit_status) == ("bob", 409, 5)
    refused("lease-lost", holder.complete_instance, building.pk, force=True, reason="enough")
    refused("lease-lost", holder.heartbeat_instance, building.pk)
    refused("lease-lost", holder.release_instance, building.pk)


def test_write_without_a_token_ends_a_lease_whose_time_ran_out(building):
    claim = claimed(building)
    run_out(building)
    StageInstanceManager(actor("bob")).complete_item(building.pk, "one")
    assert stored(building).lease_token is None
    refused("lease-lost", holder_of(claim).complete_item, building.pk, "two")
    refused("lease-lost", holder_of(claim).heartbeat_instance, building.pk)


def test_lease_whose_time_ran_out_is_claimed_without_more(building):
    first = claimed(building)
    run_out(building)
    second = claimed(building, "bob")
    assert second.lease_token > first.lease_token
    told = events_of(building.session_id)[-1].changes["lease"]
    assert (told["before"]["number"], told["after"]["holder"]) == (first.lease_token, "bob")


def test_taking_needs_a_reason_and_the_scope_to_decide(building):
    claimed(building)
    with pytest.raises(InvalidInput) as refusal:
        claimed(building, "bob", take=True)
    assert refusal.value.code == "reason-required"
    worker = person("sue", is_superuser=True, grant=Grant("agent", frozenset({"read", "work"})))
    with pytest.raises(NotAllowed):
        StageInstanceManager(worker).claim_instance(building.pk, take=True, reason="mine")
    run_out(building)
    StageInstanceManager(worker).claim_instance(building.pk, take=True)


def test_claim_with_the_token_renews_without_an_event(building):
    claim = claimed(building)
    holder, count = holder_of(claim), len(events_of(building.session_id))
    again = holder.claim_instance(building.pk, seconds=60)
    assert (holder.outcome.changed, again.lease_token, stored(building).lease_seconds) == (False, claim.lease_token, 60)
    assert len(events_of(building.session_id)) == count
    assert stored(building).lease_expires_at < claim.lease_expires_at


def test_claim_is_answered_once_per_key(building):
    def once():
        return Idempotency("k", "same", lambda row, outcome: {"token": row.lease_token, "changed": outcome.changed})

    token = StageInstanceManager(idempotency=once()).claim_instance(building.pk).lease_token
    with pytest.raises(AlreadyAnswered) as again:
        StageInstanceManager(idempotency=once()).claim_instance(building.pk)
    assert again.value.answer["token"] == token


@pytest.mark.parametrize("status", ["PENDING", "PAUSED", "COMPLETED", "FAILED", "SKIPPED"])
def test_only_an_active_stage_is_claimed(status):
    waiting = stage_in(status, new_session("build", "test"))
    with pytest.raises(IllegalTransition) as refusal:
        claimed(waiting)
    assert refusal.value.details["status"] == status


def test_stage_that_has_not_begun_is_not_claimed():
    flow_session = new_session("build", "test")
    with pytest.raises(IllegalTransition):
        StageInstanceManager().claim_stage(flow_session.pk, "build")


@pytest.mark.parametrize("seconds", [0, -1, 604_801, True, "60", 1.5])
def test_length_that_cannot_be_is_refused(building, seconds):
    with pytest.raises(InvalidInput):
        claimed(building, seconds=seconds)


def test_session_is_never_held_up_and_what_leaves_active_is_free():
    for verb, options in (
        ("pause", {}),
        ("fail", {"reason": "x"}),
        ("abort", {}),
        ("complete", {"force": True, "reason": "x"}),
    ):
        building = stage_in("ACTIVE", new_session("build", "test"))
        claim = claimed(building)
        getattr(FlowSessionManager(), f"{verb}_session")(building.session_id, **options)
        assert stored(building).lease_token is None
        refused("lease-lost", holder_of(claim).heartbeat_instance, building.pk)
        assert_consistent(building.session_id)


def test_resumed_stage_is_nobodys(building):
    claim, sessions = claimed(building), FlowSessionManager()
    sessions.pause_session(building.session_id)
    sessions.resume_session(building.session_id)
    refused("lease-lost", holder_of(claim).complete_item, building.pk, "one")
    StageInstanceManager().complete_item(building.pk, "one")


def test_heartbeat_is_cheap_and_tells_nobody(building):
    claim = claimed(building)
    version, holder = events_of(building.session_id)[-1].seq, holder_of(claim)
    run_out(building)
    assert holder.actor.rights
    with CaptureQueriesContext(
        connection,
    ) as queries:
        beaten = holder.heartbeat_instance(building.pk)
    assert len(queries) <= 3
    assert beaten.lease_expires_at > timezone.now()
    assert stored(building).session.version == version
    with pytest.raises(InvalidInput):
        StageInstanceManager().heartbeat_instance(building.pk)


def test_release_lets_others_write(building):
    claim = claimed(building)
    holder = holder_of(claim)
    holder.release_instance(building.pk, reason="done for today")
    event = events_of(building.session_id)[-1]
    assert (event.type, event.reason, event.changes["lease"]["after"]) == ("stage.released", "done for today", None)
    StageInstanceManager(actor("bob")).complete_item(building.pk, "one")
    holder.release_instance(building.pk)
    assert not holder.outcome.changed
    refused("lease-lost", holder.complete_item, building.pk, "two")
    assert_consistent(building.session_id)


def test_others_see_the_holder_and_never_the_token(building):
    assert stage_json(building)["lease"] is None
    claim = claimed(building)
    told = stage_json(stored(building))["lease"]
    assert told == {"holder": "ann", "expires_at": claim.lease_expires_at, "expired": False}
    run_out(building)
    assert stage_json(stored(building))["lease"]["expired"] is True


def test_stage_without_a_lease_costs_no_more_queries(building):
    StageInstanceManager().complete_item(building.pk, "one")
    with CaptureQueriesContext(connection) as queries:
        StageInstanceManager(actor("ann")).complete_item(building.pk, "two")
    assert not [query for query in queries if "lease_token" in query["sql"] and query["sql"].startswith("UPDATE")]
