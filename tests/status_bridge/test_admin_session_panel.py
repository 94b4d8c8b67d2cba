"""What the status bridge puts on a session's page, and the list of workers."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from sessions_app.actors import local_actor
from status_bridge import conflicts, subscriptions
from status_bridge.models import ConflictKind, Link, WorkerBeat
from tests.factories import in_team, new_session, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"


def session_page(flow_session):
    return reverse("admin:sessions_app_flowsession_change", args=[flow_session.pk])


@pytest.fixture
def linked():
    """A session that a tracker knows, that has a conflict and a message on its way."""
    webhook, _secret = subscriptions.create(local_actor(), name="board", url="https://board.example.com/", reach="all")
    made = in_team(new_session(), "platform")
    found = conflicts.found(webhook.pk, made.pk, "title", ConflictKind.BOTH_CHANGED, ("a", "b", "c"))
    for number, address in (("42", "https://github.com/acme/app/issues/42"), ("43", "javascript:alert(1)")):
        hook, _secret = subscriptions.create(local_actor(), name=number, url="https://board.example.com/")
        Link.objects.create(
            subscription=hook,
            session_id=made.pk,
            external_id=number,
            external_url=address,
            updated_at=timezone.now(),
        )
    return made, found


def test_panel_tells_how_the_session_stands_outside(admin_client, linked):
    made, found = linked
    page = admin_client.get(session_page(made)).text
    panel = page[page.index('id="panel-status"') :].partition("</section>")[0]
    assert "</span> In progress" in panel
    assert reverse("admin:set-entry-status", args=[f"flow-{made.pk}"]) in panel
    assert reverse("admin:status_bridge_conflict_change", args=[found.pk]) in panel
    assert '<a href="https://github.com/acme/app/issues/42" rel="noreferrer">42</a>' in panel
    assert "javascript:" not in panel


def test_panel_leads_nowhere_that_the_reader_may_not_go(client, linked):
    made, _found = linked
    user = get_user_model().objects.create_user("li", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_flowsession"))
    person("li", watches=["platform"])
    client.force_login(user)
    page = client.get(session_page(made)).text
    assert 'id="panel-status"' in page
    assert "/admin/status_bridge/" not in page


def test_workers_are_told_apart_by_when_they_were_heard(admin_client, django_assert_num_queries):
    now = timezone.now()
    for host, seen in (("near", now), ("far", now - timedelta(minutes=5))):
        WorkerBeat.objects.create(id=host, host=host, pid=7, engine="native", started_at=seen, seen_at=seen)
    with django_assert_num_queries(5):
        page = admin_client.get(reverse("admin:status_bridge_workerbeat_changelist")).text
    assert page.index("</span> runs") < page.index(">far<")
    assert page.count("</span> silent") == 1


def test_without_a_worker_the_list_says_what_to_do(admin_client):
    assert "vc flow worker" in admin_client.get(reverse("admin:status_bridge_workerbeat_changelist")).text
