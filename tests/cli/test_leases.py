"""Claiming stages and finding what was interrupted, on the command line."""

import pytest

from sessions_app import language
from stages_app.models import StageInstance
from tests.factories import actor, new_session, stage, stage_in
from tests.stages_app.test_leases import run_out

from .conftest import play

pytestmark = pytest.mark.django_db


@pytest.fixture
def building(run):
    return stage_in("ACTIVE", new_session(stage("build", items=["one", "two"]), "test"))


def test_claim_write_beat_and_release(building):
    actor("ann")
    place = ("--session", building.session_id)
    claim = play("flow", "stage", "claim", "build", *place, "--for", "60", "--holder", "agent 7", "--json")
    lease = claim.data["lease"]
    assert (claim.status, lease["holder"], lease["token"], lease["expired"]) == (0, "agent 7", 3, False)
    assert (claim.data["version"], claim.data["changed"]) == (3, True)

    refused = play("flow", "item", "done", "1", *place, "--json")
    assert (refused.status, refused.diagnostic["code"], refused.diagnostic["holder"]) == (5, "leased", "agent 7")
    assert "stage claim build" in play("flow", "item", "done", "1", *place).err
    assert play("flow", "item", "done", "1", *place, "--lease", "9").status == 5
    assert play("flow", "item", "done", "1", *place, "--lease", "3").status == 0
    assert play("flow", "item", "done", "2", *place, VCFLOW_LEASE="3").status == 0
    assert play("flow", "deliverable", "add", "spec=x", *place, VCFLOW_LEASE="x").status == 2

    again = play("flow", "stage", "claim", "build", *place, "--lease", "3", "--json").data
    assert (again["changed"], again["lease"]["token"]) == (False, 3)
    beat = play("flow", "stage", "heartbeat", *place, VCFLOW_LEASE="3", LANG="en", VCFLOW_LANG="en")
    assert (beat.status, beat.out.startswith("agent 7 holds build")) == (0, True)
    assert play("flow", "stage", "heartbeat", *place, "--lease", "2").status == 5
    assert play("flow", "stage", "heartbeat", *place).status == 2
    shown = play("flow", "session", "show", building.session_id, "--json").data["stages"][0]["lease"]
    assert set(shown) == {"holder", "expires_at", "expired"}
    assert "held by agent 7 until" in play("flow", "session", "show", building.session_id, VCFLOW_LANG="en").out

    assert play("flow", "stage", "release", "build", *place).status == 5
    released = play("flow", "stage", "release", "build", *place, "--lease", "3", "--json")
    assert (released.status, released.data["lease"]) == (0, None)
    lost = play("flow", "stage", "complete", *place, "--lease", "3", "--json")
    assert (lost.status, lost.diagnostic["code"]) == (5, "lease-lost")
    assert play("flow", "session", "pause", building.session_id, VCFLOW_LEASE="99").status == 0


def test_taking_needs_a_reason(building):
    place = ("build", "--session", building.session_id)
    assert play("flow", "stage", "claim", *place).status == 0
    assert play("flow", "stage", "claim", *place).status == 5
    assert play("flow", "stage", "claim", *place, "--take").status == 2
    taken = play("flow", "stage", "claim", *place, "--take", "--reason", "gone", VCFLOW_LANG="en")
    assert (taken.status, "--lease 4" in taken.out) == (0, True)


def test_key_gives_the_same_lease_again(building):
    words = ("flow", "stage", "claim", "build", "--session", building.session_id, "--idempotency-key", "k", "--json")
    first, again = play(*words).data, play(*words, VCFLOW_LEASE="3").data
    assert (again["replayed"], again["lease"]["token"]) == (True, first["lease"]["token"])


def test_recover_names_the_command_that_continues(building):
    empty = play("flow", "session", "recover", VCFLOW_LANG="en")
    assert (empty.status, empty.out.strip()) == (0, "Nothing was interrupted.")
    play("flow", "stage", "claim", "build", "--session", building.session_id, "--holder", "agent 7")
    run_out(StageInstance.objects.get(pk=building.pk))
    found = play("flow", "session", "recover", "--json").data
    assert [row["why"] for row in found["results"]] == ["lease-expired"]
    assert found["results"][0]["command"] == f"vc flow stage claim build --session {building.session_id}"
    text = play("flow", "session", "recover", "--workflow", "dev", "--mine", VCFLOW_LANG="en").out
    assert "the lease of agent 7 ran out" in text
    assert found["results"][0]["command"] in text
    assert play("flow", "session", "recover", "--limit", "0").status == 2
    assert play("flow", "session", "recover", "--workflow", "nope").status == 3


def test_next_steps_heed_who_holds_the_stage(building):
    place = ("--session", building.session_id)
    claim = play("flow", "stage", "claim", "build", *place, "--holder", "agent 7", "--json").data
    token = str(claim["lease"]["token"])
    assert claim["next"][0]["command"].endswith(f"item done 1 --session {building.session_id} --stage build --lease 3")
    done = play("flow", "item", "done", "1", *place, "--lease", token, "--json").data
    assert done["next"][0]["command"].endswith("--lease 3")

    others = play("flow", "next", building.session_id, "--json").data["next"]
    assert not [step for step in others if " item done " in step["command"]]
    assert "agent 7 holds the stage build until" in others[0]["why"]
    assert "--take --reason" in others[1]["command"]
    language.activate("zh-hans")
    assert "由 agent 7 占用至" in play("flow", "next", building.session_id).out
    language.activate("en")
    assert "--lease 3" in play("flow", "next", building.session_id, VCFLOW_LEASE=token).out
    assert "holds the stage" in play("flow", "next", building.session_id, VCFLOW_LEASE="x", VCFLOW_LANG="en").out

    run_out(StageInstance.objects.get(pk=building.pk))
    assert "item done 2" in play("flow", "next", building.session_id).out
    released = play("flow", "stage", "release", "build", *place, "--lease", token, "--json").data
    assert "--lease" not in released["next"][0]["command"]
