"""The dashboard: what is running, what waits for whom, what is stuck and why, how the workflows and webhooks go."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app.masking import MASK
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.services import FlowSessionManager
from stages_app.admin import dashboard
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from stages_app.stats import throughput
from status_bridge.models import Delivery, Subscription, WorkerBeat
from tests.factories import actor, in_team, new_session, publish_workflow, session_in, stage, user
from tests.site.staff import session_url, staff_client
from tests.status_bridge.lanes_at_work import scripted, subscribe  # noqa: F401

pytestmark = pytest.mark.django_db

HOME = "/admin/"
KEY = "ghp" + "_" + "a1B2" * 9


def panel(page: str, key: str) -> str:
    """One panel's HTML; empty: the page hasn't got it."""
    found = re.search(rf'<section[^>]* id="panel-{key}".*?</section>', page, re.DOTALL)
    return found.group() if found else ""


def text_of(page: str, key: str) -> str:
    """What one reads in a panel."""
    return " ".join(re.sub(r"<[^>]+>", " ", panel(page, key)).split())


def boss() -> Client:
    return staff_client("boss", is_superuser=True)


def of_boss(name: str) -> FlowSession:
    return FlowSessionManager(actor("boss")).create_session(publish_workflow(), name)


def silent_for(flow_session: FlowSession, **length: float) -> FlowSession:
    FlowSession.objects.filter(pk=flow_session.pk).update(updated_at=timezone.now() - timedelta(**length))
    return flow_session


def attempts(*hours: float) -> None:
    """As many completed attempts at the stage ``build``, which took so long."""
    publish_workflow()
    now = timezone.now()
    for length in hours:
        flow_session = FlowSessionManager().create_session("dev")
        StageInstanceManager().run_stage(flow_session.pk, "build")
        StageInstanceManager().perform(flow_session.pk, "build", "complete", force=True, reason="enough")
        StageInstance.objects.filter(session=flow_session).update(
            started_at=now - timedelta(hours=length), completed_at=now
        )


def completed(*, days_ago: float, took_hours: float = 1) -> None:
    flow_session = session_in("COMPLETED")
    at = timezone.now() - timedelta(days=days_ago)
    SessionEvent.objects.filter(session=flow_session, type="session.completed").update(created_at=at)
    FlowSession.objects.filter(pk=flow_session.pk).update(created_at=at - timedelta(hours=took_hours))


def test_where_nothing_is_the_page_says_what_to_do_first():
    page = boss().get(HOME).text
    assert "There is no session yet" in text_of(page, "states")
    assert "vc flow run dev:story" in text_of(page, "states")
    assert 'href="/admin/sessions_app/workflowdefinition/"' in panel(page, "states")
    assert "Nothing waits for you" in text_of(page, "waits")
    assert "Nothing is stuck" in text_of(page, "stuck")
    assert panel(page, "flows") == panel(page, "deliveries") == ""


def test_sessions_are_counted_by_state_and_lead_to_their_lists():
    for status in ("PENDING", "ACTIVE", "ACTIVE", "PAUSED", "FAILED", "COMPLETED", "ABORTED"):
        session_in(status)
    page = boss().get(HOME).text
    for status, word, count in (("ACTIVE", "Active", 2), ("PENDING", "Waiting", 1), ("ABORTED", "Aborted", 1)):
        address = f'href="/admin/sessions_app/flowsession/?status__exact={status}"'
        figure = re.search(rf"<a[^>]*{re.escape(address)}.*?</a>", page, re.DOTALL)
        assert re.sub(r"<[^>]+>|\s", "", figure.group()).endswith(word)
        assert f'<span class="vc-number">{count}</span>' in figure.group()
    assert text_of(page, "states").startswith("Sessions 7")


def test_reader_counts_only_what_they_see():
    in_team(new_session(), "crew")
    new_session()
    assert text_of(staff_client("mei", watches=["crew"]).get(HOME).text, "states").startswith("Sessions 1")
    assert "There is no session yet" in staff_client("zhao").get(HOME).text


def test_whoever_may_not_look_at_sessions_is_told_so():
    new_session()
    user("li", is_staff=True)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user("li"))
    page = client.get(HOME).text
    assert "Ask an administrator" in page
    assert 'id="panel-' not in page


def test_stages_assigned_to_the_reader_wait_for_them():
    client = boss()
    flow_session = new_session(stage("build", timeout=1))
    attempt = StageInstanceManager().run_stage(flow_session.pk, "build")
    StageInstanceManager().update_instance(attempt.pk, {"assignee": "boss"})
    StageInstance.objects.update(started_at=timezone.now() - timedelta(hours=5))
    found = client.get(HOME).text
    assert session_url(flow_session) in panel(found, "waits")
    assert 'href="/admin/sessions_app/flowsession/?waits=me"' in panel(found, "waits")
    for said in ("Waits for you 1", "Build · ", "in progress", "overdue", "5 h ago"):
        assert said in text_of(found, "waits")
    assert "Nothing waits" in text_of(staff_client("li", is_superuser=True).get(HOME).text, "waits")


def test_readers_own_paused_and_failed_sessions_wait_with_the_reason():
    client, manager = boss(), FlowSessionManager(actor("boss"))
    paused = of_boss("Calm")
    manager.pause_session(paused.pk, reason="first")
    manager.resume_session(paused.pk)
    manager.pause_session(paused.pk, reason="the lawyers answer")
    manager.fail_session(of_boss("Loud").pk, reason=f"{KEY} leaked")
    manager.pause_session(of_boss("Mute").pk)
    FlowSessionManager().pause_session(new_session().pk, reason="somebody else's")
    found = text_of(client.get(HOME).text, "waits")
    assert found.index("Loud") < found.index("Mute") < found.index("Calm")
    assert "the lawyers answer" in found
    assert "no reason was given" in found
    assert "first" not in found
    assert "somebody else" not in found
    assert KEY not in found
    assert MASK in found


def test_failed_stage_says_why():
    client = boss()
    flow_session = new_session()
    attempt = StageInstanceManager().run_stage(flow_session.pk, "build")
    StageInstanceManager().update_instance(attempt.pk, {"assignee": "boss"})
    StageInstanceManager().perform(flow_session.pk, "build", "fail", reason="no disk left")
    assert "no disk left" in text_of(client.get(HOME).text, "waits")


def test_hidden_marks_are_visible():
    FlowSessionManager(actor("boss")).pause_session(of_boss("a\u202eb <b>").pk, reason="c\u202ed")
    page = boss().get(HOME).text
    assert "\u202e" not in page
    assert "a\\u202eb &lt;b&gt;" in panel(page, "waits")


def test_stuck_sessions_say_for_how_long_and_by_what_it_is_measured():
    attempts(1, 1, 2, 2, 3)
    flow_session = FlowSessionManager().create_session("dev", "Payment")
    attempt = StageInstanceManager().run_stage(flow_session.pk, "build")
    StageInstanceManager().update_instance(attempt.pk, {"assignee": user("wang", is_superuser=True).username})
    silent_for(flow_session, hours=14)
    page = boss().get(HOME).text
    assert session_url(flow_session) in panel(page, "stuck")
    assert text_of(page, "stuck") == (
        "Stuck 1 Payment Development · Build · assigned to wang"
        " ⚠ 14 h without an event ; 9 of 10 finish this stage within 3 h (5 attempts)"
    )


def test_where_too_little_is_known_the_page_says_what_counts():
    silent_for(new_session(name="Lost"), days=8)
    found = text_of(boss().get(HOME).text, "stuck")
    assert "8 d without an event ; too few finished attempts to compare with, so 7 d count" in found
    assert "owner: local" in found


def test_long_lists_are_cut_and_lead_to_the_whole(monkeypatch):
    monkeypatch.setattr(dashboard, "SHOWN", 2)
    for number in range(3):
        flow_session = silent_for(of_boss(f"Old {number}"), days=20 + number)
        FlowSessionManager(actor("boss")).pause_session(of_boss(f"Held {number}").pk)
    page = boss().get(HOME).text
    assert panel(page, "stuck").count("<li>") == panel(page, "waits").count("<li>") == 2
    assert session_url(flow_session) in panel(page, "stuck")
    for key, query in (("stuck", "stuck=1"), ("waits", "waits=me")):
        assert f'<p><a href="/admin/sessions_app/flowsession/?{query}">Show all</a></p>' in panel(page, key)
        assert f'<a href="/admin/sessions_app/flowsession/?{query}">3</a></h2>' in panel(page, key)


def test_workflow_says_how_much_was_done_and_how_long_it_took():
    for took in (2, 4, 10):
        completed(days_ago=3, took_hours=took)
    completed(days_ago=40, took_hours=5)
    completed(days_ago=41, took_hours=5)
    page = boss().get(HOME).text
    found = text_of(page, "flows")
    for said in ("3 completed", "50% more than in the 30 days before (2)", "20% quicker than before (5 h)"):
        assert said in found
    assert "typically 4 h" in found
    assert "9 of 10 within 10 h" in found
    assert "workflow__id__exact=dev&amp;status__exact=COMPLETED" in panel(page, "flows")


def test_chart_has_a_bar_for_each_day_and_says_in_words_what_it_shows():
    completed(days_ago=1)
    completed(days_ago=1)
    found = panel(boss().get(HOME).text, "flows")
    day = timezone.localtime(timezone.now() - timedelta(days=1))
    assert 'aria-label="2 sessions completed in 30 days, at most 2 a day"' in found
    assert found.count("<rect") == 30
    assert f"<title>{day:%Y-%m-%d}: 2</title>" in found
    assert "style=" not in found


def test_workflow_names_its_slowest_stage():
    attempts(6, 8, 9)
    assert "Slowest stage Build : typically 8 h of 3 attempts" in text_of(boss().get(HOME).text, "flows")


def test_figures_of_too_many_completions_say_how_far_they_reach(monkeypatch):
    monkeypatch.setattr(throughput, "MOST", 2)
    for days_ago in (1, 2, 3):
        completed(days_ago=days_ago)
    found = text_of(boss().get(HOME).text, "flows")
    day = timezone.localtime(timezone.now() - timedelta(days=2))
    assert f"they reach back to {day:%Y-%m-%d}" in found
    assert "days before" not in found


def test_missing_worker_is_told_when_messages_wait(scripted):  # noqa: F811
    subscribe("sub-1")
    new_session()
    found = text_of(boss().get(HOME).text, "deliveries")
    assert "Messages wait and no worker runs. Start one in a terminal: vc flow worker" in found
    assert "1 message waits" in found
    assert "The oldest message that is due has waited for" in found


def test_failing_and_parked_webhooks_say_why(scripted):  # noqa: F811
    now = timezone.now()
    WorkerBeat.objects.create(id="w", host="box", pid=7, engine="embedded", started_at=now, seen_at=now)
    subscribe("sub-1", failing_since=now - timedelta(hours=3), last_error="HTTP 503")
    subscribe("sub-2", parked_at=now - timedelta(days=2), last_error="gone for good")
    subscribe("sub-3")
    new_session()
    Delivery.objects.filter(subscription="sub-3").update(state="PARKED", error="HTTP 400 bad field")
    subscribe("sub-4")
    page = boss().get(HOME).text
    found = text_of(page, "deliveries")
    assert found.index("gone for good") < found.index("HTTP 400 bad field") < found.index("HTTP 503")
    for said in ("3 h ago", "1 message is parked", "1 webhook delivers as it should.", "1 worker runs."):
        assert said in found
    assert "/admin/status_bridge/subscription/sub-5F2/" not in panel(page, "deliveries")
    for key in ("sub-1", "sub-2", "sub-3"):
        assert f'href="/admin/status_bridge/subscription/{key}/change/"' in panel(page, "deliveries")
    assert "no worker runs" not in found


def test_webhooks_of_others_are_not_told_of(scripted):  # noqa: F811
    subscribe("sub-1", parked_at=timezone.now(), last_error="secret matters")
    page = staff_client("mei").get(HOME).text
    assert panel(page, "deliveries") == ""
    Subscription.objects.update(owner=user("mei"))
    assert "secret matters" in text_of(staff_client("mei").get(HOME).text, "deliveries")


def fill(count: int) -> None:
    """Something for every line of every panel."""
    for number in range(count):
        silent_for(of_boss(f"Old {number}"), days=20)
        FlowSessionManager(actor("boss")).pause_session(of_boss(f"Held {number}").pk, reason="because")
        attempt = StageInstanceManager().run_stage(of_boss(f"Assigned {number}").pk, "build")
        StageInstanceManager().update_instance(attempt.pk, {"assignee": "boss"})
        completed(days_ago=1)
        attempts(1)
        subscribe(f"sub-{Subscription.objects.count()}", failing_since=timezone.now(), last_error="HTTP 503")


@pytest.mark.parametrize(("is_admin", "queries"), [(True, 23), (False, 25)])
def test_page_takes_as_many_queries_at_one_row_as_at_three(scripted, is_admin, queries):  # noqa: F811
    client = staff_client("boss", is_superuser=is_admin)
    counts = []
    for more in (0, 1, 2):
        fill(more)
        Subscription.objects.update(owner=user("boss"))
        client.get(HOME)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(HOME).status_code == 200
        counts.append(len(asked))
    assert counts[0] < counts[1] == counts[2] == queries
