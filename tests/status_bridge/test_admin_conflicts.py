"""The admin's pages for conflicts."""

import pytest
from django.urls import reverse

from sessions_app.actors import local_actor
from status_bridge import conflicts, subscriptions
from status_bridge.models import ConflictKind
from tests.factories import new_session

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
