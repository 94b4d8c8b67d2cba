"""The admin's pages for status entries."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sessions_app.actors import local_actor
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from status_bridge import conflicts, subscriptions
from status_bridge.models import ConflictKind, StatusEntry, Subscription
from tests.factories import (
    assert_entry_tells,
    event_types,
    events_of,
    in_team,
    new_session,
    person,
    session_in,
    stage_in,
)

pytestmark = pytest.mark.django_db

LIST = "admin:status_bridge_statusentry_changelist"
OVERVIEW = "admin:status-overview"


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def flow_session():
    return in_team(new_session(name="Plan <b>\u202e"), "platform")


@pytest.fixture
def viewer(client):
    """Somebody who may look at the team's entries, signed in."""
    found = get_user_model().objects.create_user("li", is_staff=True)
    found.user_permissions.add(Permission.objects.get(codename="view_statusentry"))
    client.force_login(found)
    return person("li", watches=["platform"])


def page_of(flow_session, name="set-entry-status"):
    return reverse(f"admin:{name}", args=[quote(f"flow-{flow_session.pk}")])


def entry_page(flow_session):
    return page_of(flow_session, "status_bridge_statusentry_change")


def ask(client, flow_session, **given):
    version = FlowSession.objects.get(pk=flow_session.pk).version
    return client.post(page_of(flow_session), {"version": version, **given}, follow=True)


def test_list_shows_entries_and_leads_to_the_overview(admin_client, flow_session):
    for query in ({}, {"q": "Plan"}, {"status__exact": "IN_PROGRESS"}):
        page = admin_client.get(reverse(LIST), query)
        assert page.status_code == 200
        assert f"flow-{flow_session.pk}" in page.text
        assert 'class="vc-state vc-active"' in page.text
        assert "In progress" in page.text
        assert "Plan &lt;b&gt;\\u202e" in page.text
        assert reverse(OVERVIEW) in page.text
    assert f"flow-{flow_session.pk}" not in admin_client.get(reverse(LIST), {"status__exact": "FAILED"}).text


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_the_same_queries_whatever_its_length(admin_client, count, django_assert_num_queries):
    for _number in range(count):
        new_session()
    with django_assert_num_queries(6):
        admin_client.get(reverse(LIST))


def test_entry_has_no_field_to_fill_in_and_a_way_to_ask(admin_client, flow_session):
    page = admin_client.get(entry_page(flow_session))
    assert page.status_code == 200
    assert page_of(flow_session) in page.text
    main = page.text[page.text.index('id="content"') :]
    assert re.findall(r"<(?:input|select|textarea)[^>]*name=\"(?!csrf)", main) == []
    for address in (entry_page(flow_session), reverse("admin:status_bridge_statusentry_add")):
        assert admin_client.post(address, {"status": "FAILED"}).status_code == 403


def test_page_offers_what_may_be_asked_for_with_the_verb(admin_client, flow_session):
    page = admin_client.get(page_of(flow_session))
    assert page.status_code == 200
    assert re.findall(r'name="status" value="(\w+)"', page.text) == ["ON_HOLD", "COMPLETED", "FAILED", "CANCELED"]
    assert re.findall(r"<dd><strong>(\w+)", page.text) == ["pause", "complete", "fail", "abort"]
    assert "The session and its active stages stop." in page.text
    assert "Plan &lt;b&gt;\\u202e" in page.text
    assert "<script>" not in page.text
    assert " style=" not in page.text
    assert event_types(flow_session) == ["session.created", "session.updated"]


def test_asking_does_the_verb(admin_client, flow_session):
    page = ask(admin_client, flow_session, status="ON_HOLD", reason="lunch")
    assert page.redirect_chain[-1][0] == entry_page(flow_session)
    assert "is On hold (ON_HOLD) now." in page.text
    event = events_of(flow_session)[-1]
    assert (event.type, event.door, event.actor, event.reason) == ("session.paused", "admin", "admin", "lunch")
    assert_entry_tells(FlowSession.objects.get(pk=flow_session.pk))


def test_force_completes(admin_client, flow_session):
    stage_in("ACTIVE", flow_session)
    assert "session.completed" not in event_types(flow_session)
    page = ask(admin_client, flow_session, status="COMPLETED", reason="enough", force="on")
    assert page.status_code == 200
    assert StatusEntry.objects.get().status == "COMPLETED"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"status": "PENDING"}, "nothing leads from there to PENDING"),
        ({"status": "COMPLETED"}, "Required stages are still open"),
        ({"status": "FAILED"}, "A reason is required"),
        ({"status": "DANCING"}, "There is no status DANCING"),
        ({}, "There is no status"),
        ({"status": "ON_HOLD", "version": "1"}, "has changed since"),
        ({"status": "ON_HOLD", "version": "x"}, "has changed since"),
    ],
)
def test_refusals_are_told_and_change_nothing(admin_client, flow_session, given, words):
    page = ask(admin_client, flow_session, **{"reason": "", **given})
    assert (page.status_code, page.redirect_chain) == (200, [])
    assert words in page.text
    assert 'name="version" value="2"' in page.text
    assert event_types(flow_session) == ["session.created", "session.updated"]


def test_refused_page_keeps_the_reason(admin_client, flow_session):
    page = ask(admin_client, flow_session, status="PENDING", reason="because <b>")
    assert "because &lt;b&gt;</textarea>" in page.text


def test_ended_session_offers_nothing(admin_client):
    page = admin_client.get(page_of(session_in("ABORTED")))
    assert "There is nothing that you may ask" in page.text
    assert 'name="status"' not in page.text


def test_viewer_looks_and_is_offered_nothing(client, viewer, flow_session):
    assert client.get(entry_page(flow_session)).status_code == 200
    assert 'name="status"' not in client.get(page_of(flow_session)).text
    page = ask(client, flow_session, status="ON_HOLD")
    assert "needs an operator" in page.text
    assert event_types(flow_session) == ["session.created", "session.updated"]


def test_what_is_not_seen_is_told_as_what_is_not_there(client, viewer):
    hidden = new_session()
    for address in (page_of(hidden), page_of(hidden).replace(quote(hidden.pk), "nothing")):
        for page in (client.get(address, follow=True), client.post(address, {"status": "ON_HOLD"}, follow=True)):
            assert page.redirect_chain[-1][0] == reverse(LIST)
            assert "There is no status entry" in page.text
    assert event_types(hidden) == ["session.created"]


def test_pages_need_the_permission_to_view(client, flow_session):
    client.force_login(get_user_model().objects.create_user("ann", is_staff=True))
    for address in (reverse(LIST), reverse(OVERVIEW), entry_page(flow_session), page_of(flow_session)):
        assert client.get(address).status_code == 403
    assert client.post(page_of(flow_session), {"status": "ON_HOLD"}).status_code == 403


def test_asking_needs_the_token_of_the_form(flow_session, admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.post(page_of(flow_session), {"status": "ON_HOLD", "version": 2}).status_code == 403
    assert event_types(flow_session) == ["session.created", "session.updated"]


def test_overview_shows_domains_and_workflows(admin_client, flow_session):
    FlowSessionManager().fail_session(flow_session.pk, reason="broken")
    page = admin_client.get(reverse(OVERVIEW))
    assert page.status_code == 200
    for words in ("</span> unhealthy", "1 session failed.", "floor(100 ×", ">dev<", "Deliveries"):
        assert words in page.text, words
    sessions = reverse("admin:sessions_app_flowsession_changelist")
    assert f'href="{sessions}?workflow__id__exact=dev&amp;status__exact=FAILED">1</a>' in page.text
    assert "/api/v1/" not in page.text


def test_overview_shows_what_the_viewer_sees(client, viewer):
    session_in("FAILED", id="secretive")
    page = client.get(reverse(OVERVIEW))
    assert "</span> healthy" in page.text
    assert "</span> unhealthy" not in page.text
    assert "secretive" not in page.text


def test_pages_speak_chinese(admin_client, flow_session, settings):
    settings.LANGUAGE_CODE = "zh-hans"
    assert "总览" in admin_client.get(reverse(LIST)).text
    assert "设置状态" in admin_client.get(entry_page(flow_session)).text
    assert "选择状态" in admin_client.get(page_of(flow_session)).text
    assert "</span> 健康" in admin_client.get(reverse(OVERVIEW)).text


def test_list_tells_what_is_not_outside_yet(admin_client, flow_session):
    subscriptions.create(local_actor(), name="board", url="https://board.example.com/", reach="all")
    FlowSessionManager().pause_session(flow_session.pk)
    page = admin_client.get(reverse(LIST)).text
    assert "waiting: 1" in page
    assert reverse("admin:sessions_app_flowsession_change", args=[flow_session.pk]) in page


def test_overviews_reasons_lead_to_lists_of_the_admin(admin_client, flow_session):
    webhook, _secret = subscriptions.create(local_actor(), name="board", url="https://board.example.com/", reach="all")
    conflicts.found(webhook.pk, flow_session.pk, "title", ConflictKind.BOTH_CHANGED, ("a", "b", "c"))
    Subscription.objects.update(parked_at=timezone.now())
    StatusEntry.objects.update(updated_at=timezone.now() - timedelta(days=8))
    page = admin_client.get(reverse(OVERVIEW))
    addresses = re.findall(r'<li><a href="([^"]+)"', page.text)
    listed = [address for address in map(unescape, addresses) if "?" in address]
    assert any("statusentry/?status__in=" in address for address in listed)
    assert any("conflict/?settled=no" in address for address in listed)
    for address in listed:
        assert flow_session.pk in admin_client.get(address).text
    assert reverse("admin:status_bridge_subscription_change", args=[quote(webhook.pk)]) in page.text


def test_empty_overview_says_what_to_do(admin_client):
    assert "vc flow run" in admin_client.get(reverse(OVERVIEW)).text


@pytest.mark.parametrize("count", [1, 3])
def test_pages_take_the_same_queries_whatever_there_is(admin_client, count, django_assert_num_queries):
    made = [new_session() for _number in range(count)]
    for flow_session in made:
        FlowSessionManager().fail_session(flow_session.pk, reason="broken")
    with django_assert_num_queries(11):
        admin_client.get(reverse(OVERVIEW))
    with django_assert_num_queries(5):
        admin_client.get(entry_page(made[0]))
    with django_assert_num_queries(5):
        admin_client.get(page_of(made[0]))
