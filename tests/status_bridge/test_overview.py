"""The overview: scores by their formulas, for what the caller may see, in as many queries whatever there is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app.actors import local_actor
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from status_bridge import health
from status_bridge.health import Domain, Reason, level_of, register_domain, score_of
from status_bridge.models import Conflict, Delivery, Lane, StatusEntry, Subscription, WorkerBeat
from status_bridge.overview import overview
from tests.factories import in_team, new_session, person, publish_workflow, session_in, stage, stage_in, team, user

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7, minutes=1)


def told(actor=None):
    return overview(actor or local_actor()).as_dict()


def domain(name, actor=None):
    return next(each for each in told(actor)["domains"] if each["name"] == name)


def quiet(flow_session):
    """Nothing happened in the session for a week."""
    then = timezone.now() - WEEK
    FlowSession.objects.filter(pk=flow_session.pk).update(updated_at=then)
    StatusEntry.objects.filter(session=flow_session.pk).update(updated_at=then)


def subscribe(name, **columns):
    now = timezone.now()
    given = {"reach": "own", "owner": user("local"), "kind": "webhook", "url": "https://example.org/", **columns}
    return Subscription.objects.create(id=f"wh_{name}", name=name, created_at=now, updated_at=now, **given)


def beat(seconds_ago=0):
    now = timezone.now()
    seen = now - timedelta(seconds=seconds_ago)
    WorkerBeat.objects.create(id="w", host="h", pid=1, engine="embedded", started_at=now, seen_at=seen)


@pytest.mark.parametrize(
    ("total", "lost", "halved", "score"),
    [(0, 0, 0, 100), (1, 0, 0, 100), (1, 1, 0, 0), (1, 0, 1, 50), (3, 1, 0, 66), (3, 0, 1, 83), (3, 1, 1, 50)],
)
def test_score_is_the_floor_of_the_formula(total, lost, halved, score):
    assert score_of(total, lost=lost, halved=halved) == score


@pytest.mark.parametrize(
    ("score", "level"),
    [(100, "healthy"), (80, "healthy"), (79, "attention"), (50, "attention"), (49, "unhealthy"), (0, "unhealthy")],
)
def test_levels_begin_where_the_docs_say(score, level):
    assert level_of(score) == level


def test_nothing_is_healthy():
    body = told()
    assert (body["score"], body["level"], body["workflows"], body["types"]) == (100, "healthy", [], [])
    assert [(each["name"], each["score"], each["reasons"]) for each in body["domains"]] == [
        ("sessions", 100, []),
        ("stages", 100, []),
        ("deliveries", 100, []),
    ]


def test_sessions_count_by_what_they_are():
    for status in ("PENDING", "ACTIVE", "PAUSED", "FAILED", "COMPLETED", "ABORTED"):
        session_in(status)
    stuck = [session_in("ACTIVE"), session_in("PAUSED")]
    for row in [*stuck, session_in("COMPLETED"), session_in("PENDING")]:
        quiet(row)
    found = domain("sessions")
    assert found["counts"] == {
        "PENDING": 2,
        "IN_PROGRESS": 2,
        "ON_HOLD": 2,
        "COMPLETED": 2,
        "FAILED": 1,
        "CANCELED": 1,
        "open": 7,
        "stuck": 2,
    }
    assert found["score"] == 100 * 5 // 7
    failed, quiet_ones = found["reasons"]
    assert (failed["text"], failed["count"]) == ("1 session failed.", 1)
    assert failed["list"] == "/api/v1/sessions/?status=FAILED"
    assert (quiet_ones["text"], quiet_ones["count"]) == ("In 2 sessions nothing happened for 7 days.", 2)
    assert set(quiet_ones["ids"]) == {row.pk for row in stuck}
    assert quiet_ones["list"].startswith("/api/v1/sessions/?stuck_since=")


def test_the_address_of_a_reason_lists_what_it_counts(client, settings):
    settings.VCFLOW_API_RATE = None
    client.force_login(user("root", is_superuser=True))
    session_in("FAILED")
    quiet(session_in("ACTIVE"))
    session_in("ACTIVE")
    for reason in domain("sessions", person("root"))["reasons"]:
        assert len(client.get(reason["list"]).json()["results"]) == reason["count"] == 1


def test_workflows_and_types_have_their_own_scores():
    session_in("FAILED", id="docs")
    session_in("ACTIVE", id="dev")
    quiet(session_in("ACTIVE", id="dev"))
    body = told()
    rows = {row["workflow_id"]: (row["open"], row["stuck"], row["score"], row["level"]) for row in body["workflows"]}
    assert rows == {"docs": (1, 0, 0, "unhealthy"), "dev": (2, 1, 75, "attention")}
    assert [row["workflow_id"] for row in body["workflows"]] == ["docs", "dev"]  # the worst first
    [kind] = body["types"]
    assert (kind["open"], kind["stuck"], kind["score"]) == (3, 1, 50)


def test_the_list_of_workflows_is_bounded(monkeypatch):
    monkeypatch.setattr("status_bridge.overview.MOST_WORKFLOWS", 2)
    for number in range(3):
        session_in("ACTIVE", id=f"w{number}")
    body = told()
    assert (len(body["workflows"]), body["workflows_left_out"]) == (2, 1)


def overdue(made, seconds=100):
    StageInstance.objects.filter(pk=made.pk).update(started_at=timezone.now() - timedelta(seconds=seconds))


def test_stages_count_by_what_their_last_attempts_are():
    flow_session = new_session("a", "b", "c", "d", "e", parallel=True)
    stages = StageInstanceManager()
    stage_in("ACTIVE", flow_session, "a")
    stage_in("PAUSED", flow_session, "b")
    failed = stage_in("FAILED", flow_session, "c")
    stages.retry_instance(stage_in("FAILED", flow_session, "d").pk)
    stage_in("COMPLETED", flow_session, "e")
    session_in("ABORTED")
    found = domain("stages")
    assert found["counts"] == {"active": 2, "paused": 1, "failed": 1, "overdue": 0}
    assert found["score"] == 75
    [reason] = found["reasons"]
    assert (reason["text"], reason["ids"]) == ("1 stage failed.", [failed.pk])


def test_stages_of_ended_sessions_do_not_count():
    flow_session = new_session("a", "b")
    stage_in("FAILED", flow_session, "a")
    FlowSessionManager().abort_session(flow_session.pk)
    assert domain("stages")["counts"]["failed"] == 0


def test_overdue_stages_count_half():
    flow_session = new_session(stage("a", timeout=60), stage("b", timeout=3600), "c", "d", parallel=True)
    rows = {key: stage_in("ACTIVE", flow_session, key) for key in "abc"}
    stages = StageInstanceManager()
    stages.update_instance(rows["b"].pk, {"config": {"timeout": 30}})
    rows["d"] = stages.create_instance(flow_session.pk, "d")
    stages.update_instance(rows["d"].pk, {"config": {"timeout": 3600}})
    stages.start_instance(rows["d"].pk)
    for row in rows.values():
        overdue(row)
    found = domain("stages")
    assert found["counts"] == {"active": 4, "paused": 0, "failed": 0, "overdue": 2}
    assert found["score"] == 75
    [reason] = found["reasons"]
    assert (reason["text"], set(reason["ids"])) == ("2 stages are overdue.", {rows["a"].pk, rows["b"].pk})
    expected = {row.pk for row in StageInstance.objects.all() if row.is_overdue()}
    assert set(reason["ids"]) == expected


def test_own_timeout_wins_over_the_definitions():
    flow_session = new_session(stage("a", timeout=60))
    row = stage_in("ACTIVE", flow_session, "a")
    StageInstanceManager().update_instance(row.pk, {"config": {"timeout": 3600, "note": "x"}})
    overdue(row)
    assert domain("stages")["counts"]["overdue"] == 0


@pytest.mark.parametrize("timeout", ["soon", True, None, [], {"a": 1}, 2**70])
def test_a_timeout_that_is_none_harms_nobody(timeout):
    row = stage_in("ACTIVE", new_session(stage("a", timeout=60)), "a")
    StageInstance.objects.filter(pk=row.pk).update(config={"timeout": timeout})
    assert domain("stages")["counts"]["active"] == 1


def test_deliveries_count_by_receiver():
    flow_session = new_session()
    now = timezone.now()
    subscribe("well")
    subscribe("off", is_active=False, parked_at=now)
    subscribe("failing", failing_since=now)
    subscribe("parked", parked_at=now)
    lane = subscribe("lane", workflow_id=publish_workflow(id="docs"))
    Lane.objects.create(subscription=lane, session_id="s", due_at=now, failing_since=now)
    conflicting = subscribe("conflict", workflow_id="docs")
    Conflict.objects.create(
        subscription=conflicting, session=flow_session, field="f", kind="both-changed", found_at=now
    )
    beat()
    found = domain("deliveries")
    assert found["counts"]["receivers"] == {
        "off": 1,
        "parked": 1,
        "stuck": 0,
        "failing": 2,
        "disagreeing": 1,
        "well": 1,
    }
    assert found["score"] == 100 * 5 // 10 == 50
    assert (found["counts"]["conflicts"], found["counts"]["workers"]) == (1, 1)
    texts = [(reason["text"], reason["count"], reason["ids"]) for reason in found["reasons"]]
    assert texts == [
        ("1 receiver has parked messages: look why, then resume it.", 1, ["wh_parked"]),
        ("2 receivers fail for now.", 2, ["wh_failing", "wh_lane"]),
        ("1 conflict waits for somebody to settle it.", 1, []),
    ]


def test_one_parked_message_parks_its_receiver():
    subscribe("hook")
    beat()
    new_session()
    assert domain("deliveries")["score"] == 100
    Delivery.objects.update(state="PARKED")
    found = domain("deliveries")
    assert (found["score"], found["counts"]["parked"]) == (0, 1)


@pytest.mark.parametrize(("age", "score"), [(None, 0), (120, 0), (5, 100)])
def test_what_waits_needs_a_worker(age, score):
    subscribe("hook")
    subscribe("other", workflow_id=publish_workflow(id="docs"))
    new_session()
    if age is not None:
        beat(age)
    found = domain("deliveries")
    assert found["score"] == (score or 50)
    assert found["counts"]["waiting"] == 1
    assert [reason["ids"] for reason in found["reasons"]] == ([] if score else [["wh_hook"]])


def test_without_anything_waiting_no_worker_is_missed():
    subscribe("hook")
    assert domain("deliveries")["score"] == 100


def test_everybody_sees_what_is_theirs():
    manager = FlowSessionManager(person("mei"))
    publish_workflow()
    mine = manager.create_session("dev")
    shared = in_team(session_in("FAILED"), "platform")
    session_in("FAILED")
    stage_in("FAILED", new_session())
    subscribe("hook", parked_at=timezone.now())
    viewer = person("li", watches=["platform"])
    team("others")
    assert domain("sessions", person("mei"))["counts"]["open"] == 1
    assert domain("sessions", viewer)["counts"]["FAILED"] == 1
    assert domain("stages", viewer)["score"] == domain("deliveries", viewer)["score"] == 100
    assert told(person("zhao"))["workflows"] == []
    assert domain("sessions")["counts"]["FAILED"] == 2
    assert mine.pk != shared.pk


def full_world(size):
    """So much of everything that every query is asked."""
    receivers = [subscribe(f"{size}-{number}") for number in range(size)]
    for number in range(size):
        session_in("FAILED", id=f"w{size}-{number}")
        quiet(session_in("ACTIVE", id=f"w{size}-{number}"))
        flow_session = new_session(stage("a", timeout=1), "b", parallel=True, id=f"x{size}-{number}")
        overdue(stage_in("ACTIVE", flow_session, "a"))
        stage_in("FAILED", flow_session, "b")
        Conflict.objects.create(
            subscription=receivers[number],
            session=flow_session,
            field="f",
            kind="both-changed",
            found_at=timezone.now(),
        )
    beat()


@pytest.mark.parametrize("size", [1, 3])
def test_the_overview_takes_the_same_queries_whatever_there_is(size):
    full_world(size)
    told()  # versions are remembered
    with CaptureQueriesContext(connection) as captured:
        body = told()
    assert all(domain["reasons"] for domain in body["domains"])
    assert len(captured) == 13, "\n".join(query["sql"] for query in captured)


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(health, "_providers", {})


def test_a_plugin_adds_a_domain(registry):
    register_domain("disk", lambda actor: Domain("disk", "Disk", 40, reasons=[Reason("It is full.", 1, ["/"])]))
    body = told()
    assert (body["score"], body["level"]) == (40, "unhealthy")
    assert body["domains"][-1]["reasons"] == [{"text": "It is full.", "count": 1, "ids": ["/"], "list": None}]


def test_a_domain_is_given_once(registry):
    def disk(actor):
        raise NotImplementedError

    register_domain("disk", disk)
    register_domain("disk", disk)
    for name in ("disk", "sessions", "stages", "deliveries"):
        with pytest.raises(ValueError, match=name):
            register_domain(name, lambda actor: Domain("x", "x", 1))


def failing(actor):
    raise RuntimeError("boom")


@pytest.mark.parametrize(
    "provider",
    [failing, lambda actor: None, lambda actor: {"score": 3}, lambda actor: Domain("x", "x", 101)],
)
def test_a_domain_that_fails_is_shown_and_harms_nobody(registry, caplog, provider):
    register_domain("broken", provider)
    register_domain("fine", lambda actor: Domain("fine", "Fine", 90))
    body = told()
    assert body["score"] == 90
    broken = body["domains"][3]
    assert (broken["name"], broken["score"], broken["level"]) == ("broken", None, "unknown")
    assert "broken" in broken["reasons"][0]["text"]
    assert "boom" not in broken["reasons"][0]["text"]
    assert [row.levelname for row in caplog.records if row.name == "vcflow.health"] == ["ERROR"]
