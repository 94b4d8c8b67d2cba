"""What becomes of a stage whose lease ran out is what its definition says."""

from dataclasses import replace

import pytest

from sessions_app import chores
from sessions_app.definitions.schema import Lease
from sessions_app.exceptions import GuardUnmet
from sessions_app.signals import transition_requested
from stages_app import expiry
from stages_app.expiry import expire_leases
from stages_app.services import StageInstanceManager
from tests.factories import assert_consistent, events_of, new_session, stage, stage_in
from tests.stages_app.test_leases import claimed, holder_of, refused, run_out, stored

pytestmark = pytest.mark.django_db


def held(on_expiry):
    """A claimed stage whose time ran out."""
    made = replace(stage("build"), lease=Lease(60, on_expiry)) if on_expiry else stage("build")
    building = stage_in("ACTIVE", new_session(made, "test", id=f"dev-{on_expiry}"))
    claim = claimed(building, holder="agent 7")
    run_out(building)
    return claim


def test_stage_is_paused_failed_or_kept_as_its_definition_says():
    paused, failed, kept, silent = (held(each) for each in ("pause", "fail", "keep", ""))
    assert expire_leases() == 2
    assert [stored(each).status for each in (paused, failed, kept, silent)] == ["PAUSED", "FAILED", "ACTIVE", "ACTIVE"]
    assert [stored(each).lease_token for each in (paused, kept)] == [None, kept.lease_token]
    event = events_of(paused.session_id)[-1]
    assert (event.type, event.actor, event.door) == ("stage.paused", "local", "worker")
    assert "agent 7" in event.reason
    refused("lease-lost", holder_of(paused).complete_instance, paused.pk)
    assert expire_leases() == 0
    assert_consistent(failed.session_id)


def test_lease_with_time_left_is_left_alone():
    claim = held("fail")
    holder_of(claim).heartbeat_instance(claim.pk)
    assert expire_leases() == 0


def test_heartbeat_or_claim_just_before_wins(monkeypatch):
    for meddle in (
        lambda claim: holder_of(claim).heartbeat_instance(claim.pk),
        lambda claim: StageInstanceManager().claim_instance(claim.pk),
        lambda claim: holder_of(claim).release_instance(claim.pk),
    ):
        claim = held("fail")
        found = list(expiry._due(StageInstanceManager().actor))
        meddle(claim)
        monkeypatch.setattr(expiry, "_due", lambda _actor, found=found: iter(found))
        assert expire_leases() == 0
        assert stored(claim).status == "ACTIVE"
        monkeypatch.undo()


def test_refusal_of_one_does_not_keep_the_others():
    first, second = held("fail"), held("pause")

    def refuse(subject, **_kwargs):
        if getattr(subject, "pk", "") == first.pk:
            raise GuardUnmet("not now", code="no")

    transition_requested.connect(refuse)
    try:
        assert expire_leases() == 1
    finally:
        transition_requested.disconnect(refuse)
    assert (stored(first).status, stored(second).status) == ("ACTIVE", "PAUSED")
    assert stored(first).lease_token == first.lease_token


def test_worker_knows_the_chore():
    assert chores._chores["leases"].work is expire_leases
