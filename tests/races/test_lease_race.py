"""Claims at once: one holds the stage; who was superseded changes nothing; a heartbeat in time wins."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.definitions.schema import Lease
from stages_app.expiry import expire_leases
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from tests.factories import assert_consistent, event_types, new_session, stage, stage_in
from tests.races.harness import Result, kinds, race

pytestmark = pytest.mark.usefixtures("database")

ITEMS = [f"i{number}" for number in range(6)]


def building(**options):
    made = replace(stage("build", items=ITEMS), lease=Lease(**options))
    return stage_in("ACTIVE", new_session(made, "test", id="leased", parallel=True))


def ends(row, seconds):
    StageInstance.objects.filter(pk=row.pk).update(lease_expires_at=timezone.now() + timedelta(seconds=seconds))


def call(row, verb, *args, lease=None, **options):
    """A call of the stage manager that answers with the token that the row then has."""

    def act():
        return getattr(StageInstanceManager(lease=lease), verb)(row.pk, *args, **options).lease_token

    return act


def test_of_eight_that_claim_one_wins():
    row = building()
    results = race(*[call(row, "claim_instance")] * 8)
    assert kinds(results) == ["done"] + ["refused"] * 7
    assert {result.value for result in results if result.kind == "refused"} == {"leased"}
    assert event_types(row.session_id).count("stage.claimed") == 1
    assert_consistent(row.session_id)


def test_of_eight_that_take_up_what_ran_out_one_wins():
    row = building()
    first = StageInstanceManager().claim_instance(row.pk).lease_token
    ends(row, -1)
    results = race(*[call(row, "claim_instance")] * 7, call(row, "heartbeat_instance", lease=first))
    *claims, beat = results
    stored = StageInstance.objects.get(pk=row.pk)
    winners = [result.value for result in claims if result.kind == "done"]
    assert (winners == [stored.lease_token] and beat == Result("refused", "lease-lost")) or (
        winners == [] and beat == Result("done", first) and stored.lease_token == first
    )
    assert_consistent(row.session_id)


def test_superseded_holder_writes_nothing_after_its_successor():
    row = building()
    old = StageInstanceManager().claim_instance(row.pk).lease_token
    results = race(
        call(row, "claim_instance", take=True, reason="gone"),
        *(call(row, "complete_item", item, lease=old) for item in ITEMS),
        call(row, "heartbeat_instance", lease=old),
    )
    taken, *writes, _beat = results
    assert taken.kind == "done"
    assert {result.value for result in writes if result.kind == "refused"} <= {"lease-lost"}
    types = event_types(row.session_id)
    after = types[types.index("stage.claimed", types.index("stage.claimed") + 1) :]
    assert "item.done" not in after
    assert [result.kind for result in writes].count("done") == types.count("item.done")
    assert StageInstance.objects.get(pk=row.pk).lease_token == taken.value
    assert_consistent(row.session_id)


def test_expiry_against_a_heartbeat_has_one_winner():
    row = building(seconds=60, on_expiry="fail")
    token = StageInstanceManager().claim_instance(row.pk).lease_token
    ends(row, -1)
    expired, beat = race(expire_leases, call(row, "heartbeat_instance", lease=token))
    stored = StageInstance.objects.get(pk=row.pk)
    assert (expired.value, beat.kind, stored.status) in ((1, "refused", "FAILED"), (0, "done", "ACTIVE"))
    assert (stored.lease_token is None) == (stored.status == "FAILED")
    assert_consistent(row.session_id)


def test_workers_at_once_end_a_lease_once():
    row = building(seconds=60, on_expiry="pause")
    StageInstanceManager().claim_instance(row.pk)
    ends(row, -1)
    assert sorted(result.value for result in race(*[expire_leases] * 4)) == [0, 0, 0, 1]
    assert event_types(row.session_id).count("stage.paused") == 1
    assert_consistent(row.session_id)
