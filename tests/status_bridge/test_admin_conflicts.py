"""The admin's pages for conflicts."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.urls import reverse

from sessions_app.actors import local_actor
from status_bridge import conflicts, subscriptions
from status_bridge.models import ConflictKind, Link
from tests.factories import in_team, new_session, person

pytestmark = pytest.mark.django_db

LIST = "admin:status_bridge_conflict_changelist"
KEY = "ghp_" + "a1B2" * 9


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def row():
    made = new_session(name="ours")
    webhook, _secret = subscriptions.create(local_actor(), name="board", url="https://board.example.com/", reach="all")
    values = ("before", "ours", f"<b>\u202e {KEY}")
    return conflicts.found(webhook.pk, made.pk, "title", ConflictKind.BOTH_CHANGED, values, reason="so <i>")


@pytest.mark.parametrize("name", ["list", "page", "settle"])
def test_pages_show_both_sides_and_no_secret(admin_client, row, name):
    addresses = {
        "list": reverse(LIST),
        "page": reverse("admin:status_bridge_conflict_change", args=[row.pk]),
        "settle": reverse("admin:settle-conflict", args=[row.pk]),
    }
    page = admin_client.get(addresses[name])
    assert page.status_code == 200
    assert "&lt;b&gt;\\u202e ••••••" in page.text
    assert row.session_id in page.text
    for hidden in (KEY, "<i>", "\u202e"):
        assert hidden not in page.text


def test_the_button_settles(admin_client, row):
    conflicts.refresh(row, "ours", "Theirs")
    answer = admin_client.post(reverse("admin:settle-conflict", args=[row.pk]), {"keep": "theirs"}, follow=True)
    assert "is settled: theirs" in answer.text
    row.refresh_from_db()
    assert (row.settlement, row.settled_by, row.session.name) == ("theirs", "admin", "Theirs")
    assert '<form method="post">' not in admin_client.get(reverse("admin:settle-conflict", args=[row.pk])).text


def test_a_refusal_is_said_and_the_question_stays(admin_client, row):
    answer = admin_client.post(reverse("admin:settle-conflict", args=[row.pk]), {"keep": "both", "reason": "why"})
    assert "Only one of the two sides can be kept" in answer.text
    assert "why</textarea>" in answer.text
    row.refresh_from_db()
    assert row.settled_at is None


def test_an_unknown_one_leads_back_to_the_list(admin_client, row):
    for method in (admin_client.get, admin_client.post):
        answer = method(reverse("admin:settle-conflict", args=[99]), follow=True)
        assert "There is no conflict 99" in answer.text


def test_sides_lead_to_the_session_and_the_task(admin_client, row):
    Link.objects.create(
        subscription=row.subscription,
        session_id=row.session_id,
        external_url="https://board.example.com/7",
        updated_at=row.found_at,
    )
    page = admin_client.get(reverse("admin:status_bridge_conflict_change", args=[row.pk])).text
    assert reverse("admin:sessions_app_flowsession_change", args=[row.session_id]) in page
    assert 'href="https://board.example.com/7"' in page
    assert page.index("Last in common") < page.index("Ours") < page.index("Theirs")


def test_who_only_looks_on_is_offered_nothing(client, row):
    in_team(row.session, "platform")
    found = get_user_model().objects.create_user("li", is_staff=True)
    found.user_permissions.add(Permission.objects.get(codename="view_conflict"))
    person("li", watches=["platform"])
    client.force_login(found)
    address = reverse("admin:settle-conflict", args=[row.pk])
    page = client.get(address)
    assert 'name="keep"' not in page.text
    assert "Operators of the session settle it." in page.text
    assert "needs an operator" in client.post(address, {"keep": "ours"}).text
    row.refresh_from_db()
    assert row.settled_at is None


def test_the_list_tells_open_ones_from_settled_ones(admin_client, row):
    for asked, is_shown in (({}, True), ({"settled": "no"}, True), ({"settled": "yes"}, False)):
        assert (row.session_id in admin_client.get(reverse(LIST), asked).text) is is_shown


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_and_the_page_take_the_same_queries(admin_client, row, count, django_assert_num_queries):
    for number in range(count - 1):
        conflicts.found(row.subscription_id, row.session_id, f"f/{number}", ConflictKind.REFUSED, (0, 1, 0))
    with django_assert_num_queries(4):
        admin_client.get(reverse(LIST), {"settled": "no"})
    with django_assert_num_queries(3):
        admin_client.get(reverse("admin:status_bridge_conflict_change", args=[row.pk]))
