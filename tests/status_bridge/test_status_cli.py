"""``vc flow status``: a session's place, its entry, what is asked for; and the overview."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from sessions_app import language
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from status_bridge import outbox
from status_bridge.api import urls as urls  # the schemas
from status_bridge.models import Conflict, Delivery, StatusEntry, Subscription
from tests.api.conftest import assert_fits
from tests.cli.conftest import dev as dev
from tests.cli.conftest import run as run
from tests.cli.conftest import session_id as session_id
from tests.factories import event_types, events_of, new_session, person, session_in, user


def in_chinese(run, *words):
    language.activate("zh-hans")
    return run(*words).out


def subscribe(name="hook", **columns):
    """A receiver of the local user's sessions, made by hand."""
    now = timezone.now()
    given = {"reach": "all", "owner": user("local"), "kind": "webhook", "url": "https://example.org/", **columns}
    return Subscription.objects.create(id=f"wh_{name}", name=name, created_at=now, updated_at=now, **given)


def conflict(subscription, session_id):
    return Conflict.objects.create(
        subscription=subscription, session_id=session_id, field="title", kind="both-changed", found_at=timezone.now()
    )


def test_status_shows_the_entry(run, session_id):
    told = run("flow", "status", session_id).out
    assert "Status system: In progress (IN_PROGRESS)" in told
    assert "Outside" not in told
    assert run("flow", "status", session_id, "--json").data["status_entry"]["id"] == f"flow-{session_id}"
    assert "状态系统: 进行中 (IN_PROGRESS)" in in_chinese(run, "flow", "status", session_id)


def test_status_tells_what_has_not_arrived_outside(run, session_id):
    receiver = subscribe()
    FlowSessionManager().note_session(session_id, "one")
    FlowSessionManager().note_session(session_id, "two")
    FlowSessionManager().note_session(session_id, "three")
    Delivery.objects.filter(pk=Delivery.objects.order_by("pk").first().pk).update(state="PARKED")
    conflict(receiver, session_id)
    told = run("flow", "status", session_id)
    assert "   Outside: 2 messages wait; 1 message is parked; 1 conflict is open" in told.out
    assert all(len(line) <= 80 for line in told.out.splitlines())
    data = run("flow", "status", session_id, "--json").data["status_entry"]
    assert (data["deliveries"], data["conflicts"]) == ({"waiting": 2, "parked": 1}, 1)


def test_status_of_a_session_without_entry_says_so(run, session_id):
    StatusEntry.objects.all().delete()
    assert "--sync" in run("flow", "status", session_id).out
    assert run("flow", "status", session_id, "--json").data["status_entry"] is None
    done = run("flow", "status", session_id, "--sync")
    assert f"✅ flow-{session_id} was written anew" in done.out


def test_set_does_the_verb(run, session_id):
    done = run("flow", "status", "--set", "on_hold", "--reason", "lunch")
    assert done.status == 0
    assert f"✅ {session_id} (User auth) is On hold (ON_HOLD) now." in done.out
    assert "it is your current session" in done.out
    assert f"vc flow session resume {session_id}" in done.out
    assert (events_of(session_id)[-1].door, events_of(session_id)[-1].reason) == ("cli", "lunch")
    again = run("flow", "status", "--set", "ON_HOLD")
    assert "is unchanged: it is On hold (ON_HOLD) already." in again.out
    chinese = in_chinese(run, "flow", "status", "--set", "IN_PROGRESS")
    assert f"✅ {session_id} (User auth) 现在是 进行中 (IN_PROGRESS)。" in chinese


def test_set_as_json_is_what_rest_answers(run, session_id):
    data = run("flow", "status", session_id, "--set", "ON_HOLD", "--json").data
    assert data.pop("next")
    assert_fits("StatusChange", data)
    assert data["changed"] is True


def test_set_with_a_key_is_done_once(run, session_id):
    first = run("flow", "status", session_id, "--set", "ON_HOLD", "--idempotency-key", "k", "--json").data
    FlowSessionManager().resume_session(session_id)
    again = run("flow", "status", session_id, "--set", "ON_HOLD", "--idempotency-key", "k", "--json").data
    assert again == {**first, "replayed": True}
    assert (
        f"Session: {session_id} (User auth), Paused then"
        in run("flow", "status", session_id, "--set", "ON_HOLD", "--idempotency-key", "k").out
    )
    other = run("flow", "status", session_id, "--set", "FAILED", "--idempotency-key", "k", "--json")
    assert (other.status, other.diagnostic["code"]) == (7, "idempotency-key-reused")


def test_set_by_force_completes(run, session_id):
    open_ = run("flow", "status", session_id, "--set", "COMPLETED")
    assert open_.status == 7
    done = run("flow", "status", session_id, "--set", "COMPLETED", "--force", "--reason", "enough")
    assert done.status == 0
    assert FlowSession.objects.get(pk=session_id).status == "COMPLETED"


def test_set_as_somebody_else(run, session_id):
    user("zhao")
    told = run("flow", "status", session_id, "--set", "ON_HOLD", "--as", "zhao")
    assert told.status == 3
    assert len(event_types(session_id)) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--set", "DANCING"],
        ["--set", "ON_HOLD", "--sync"],
        ["--overview", "--sync"],
        ["--overview", "dev-x"],
        ["--force"],
        ["--reason", "so"],
        ["--idempotency-key", "k"],
        ["--sync", "--force"],
    ],
)
def test_what_makes_no_sense_is_a_usage_error(run, session_id, words):
    result = run("flow", "status", *words, "--json")
    assert result.status == 2
    assert len(event_types(session_id)) == 1


def test_sync_says_what_differed(run, session_id):
    assert "unchanged" in run("flow", "status", session_id, "--sync").out
    StatusEntry.objects.update(status="FAILED", progress=3)
    done = run("flow", "status", session_id, "--sync")
    assert f"✅ flow-{session_id} was written anew: status, progress." in done.out
    StatusEntry.objects.update(status="FAILED")
    data = run("flow", "status", session_id, "--sync", "--json").data
    assert data.pop("next")
    assert_fits("StatusSync", data)
    assert data["changes"] == {"status": {"before": "FAILED", "after": "IN_PROGRESS"}}


@pytest.fixture
def project(run, session_id):
    """Something of everything."""
    session_in("FAILED", id="docs")
    failed = new_session("a", "b", id="other")
    StageInstanceManager().run_stage(failed.pk, "a")
    StageInstanceManager().perform(failed.pk, "a", "fail")
    receiver = subscribe()
    FlowSessionManager().note_session(session_id, "one")
    conflict(receiver, session_id)
    return failed


def test_overview_fits_a_terminal_in_both_languages(run, project):
    told = run("flow", "status", "--overview")
    assert told.status == 0
    assert "Health: ❌ 0 (unhealthy)" in told.out
    assert "Sessions: ⚠️ 66 (needs attention)" in told.out
    assert "- 1 session failed." in told.out
    assert f"  {project.pk}.a.1" in told.out
    assert "- 1 message waits and no worker runs: start vc flow worker." in told.out
    assert "- 1 conflict waits for somebody to settle it." in told.out
    assert all(len(line) <= 80 for line in told.out.splitlines())
    chinese = in_chinese(run, "flow", "status", "--overview")
    assert "健康: ❌ 0 (不健康)" in chinese
    english = [word for word in ("Health", "session", "Deliveries", "Stuck", "worker runs") if word in chinese]
    assert english == []


def test_overview_as_json_is_what_rest_answers(run, project):
    data = run("flow", "status", "--overview", "--json").data
    assert_fits("StatusOverview", json.loads(json.dumps(data)))
    assert [domain["name"] for domain in data["domains"]] == ["sessions", "stages", "deliveries"]


def test_overview_shows_what_the_user_may_see(run, project):
    person("zhao")
    data = run("flow", "status", "--overview", "--as", "zhao", "--json").data
    assert (data["score"], data["workflows"], data["types"]) == (100, [], [])


def test_what_is_put_into_an_outbox_waits_for_a_worker(run, session_id):
    assert outbox.active_subscriptions() == []
    subscribe()
    FlowSessionManager().note_session(session_id, "one")
    assert "1 message waits" in run("flow", "status", session_id).out
