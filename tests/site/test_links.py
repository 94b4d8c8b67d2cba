"""Who may open some of the admin's pages alone is led to those, and sees no links to the others."""

from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from sessions_app.actors import local_actor
from sessions_app.models import FlowSession, SessionEvent
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from status_bridge import subscriptions
from status_bridge.models import Delivery, StatusEntry
from tests.factories import in_team, new_session, user
from tests.site.staff import messages_of

pytestmark = pytest.mark.django_db

SESSIONS = reverse("admin:sessions_app_flowsession_changelist")
WORKFLOWS = reverse("admin:sessions_app_workflowdefinition_changelist")
VERSIONS = reverse("admin:sessions_app_workflowversion_changelist")
EVENTS = reverse("admin:sessions_app_sessionevent_changelist")
WORKERS = reverse("admin:status_bridge_workerbeat_changelist")


@pytest.fixture
def flow_session() -> FlowSession:
    made = in_team(new_session(), "platform")
    StageInstanceManager().run_stage(made.pk, "build")
    return made


def only(*models: str) -> Client:
    """A browser of an operator who may open the pages of some models alone."""
    made = user("ann", operates=["platform"], is_staff=True)
    made.user_permissions.add(*Permission.objects.filter(codename__in=[f"view_{model}" for model in models]))
    client = Client(headers={"accept-language": "en"})
    client.force_login(made)
    return client


def page_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[quote(row.pk)])


def list_of(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def do_url(attempt: StageInstance, verb: str) -> str:
    return reverse("admin:stage-do", args=[quote(attempt.pk), verb])


def test_who_may_not_open_sessions_is_led_to_the_stage(flow_session):
    attempt = StageInstance.objects.get()
    ann = only("stageinstance")
    for verb, told in (("pause", "on hold now"), ("start", "not possible")):
        answer = ann.post(do_url(attempt, verb), {"reason": "lunch"}, follow=True)
        assert answer.redirect_chain == [(page_of(attempt), 302)]
        assert answer.status_code == 200
        assert told in messages_of(answer).lower()


def test_a_stage_without_an_attempt_or_a_session_leads_to_the_list_of_stages(flow_session):
    ann = only("stageinstance")
    for session_id in (flow_session.pk, "none-of-that-id"):
        address = reverse("admin:stage-unbegun-start", args=[quote(session_id), "test"])
        answer = ann.post(address, follow=True)
        assert answer.redirect_chain == [(list_of(StageInstance), 302)]
        assert answer.status_code == 200


@pytest.mark.parametrize("model", ["stageinstance", "statusentry", "sessionevent", "workflowdefinition"])
def test_pages_have_no_link_to_sessions_for_who_may_not_open_them(flow_session, model):
    rows = {
        "stageinstance": StageInstance.objects.get(),
        "statusentry": StatusEntry.objects.get(),
        "sessionevent": SessionEvent.objects.first(),
        "workflowdefinition": flow_session.workflow,
    }
    row = rows[model]
    addresses = [list_of(row), page_of(row)]
    if model == "stageinstance":
        addresses.append(do_url(row, "pause"))
    for address in addresses:
        few, all_of_it = only(model).get(address), _everything(address)
        assert few.status_code == 200
        assert f'href="{SESSIONS}' not in few.text
        assert f'href="{SESSIONS}' in _content(all_of_it)


def _everything(address: str) -> str:
    """The page as an administrator sees it."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(user("root", is_staff=True, is_superuser=True))
    return client.get(address).text


def _content(page: str) -> str:
    """Without the bar of the places, which the reader's permissions decide anyway."""
    return page[page.index('id="content"') :]


def test_a_sessions_page_has_no_link_to_events_or_versions_for_who_may_not_open_them(flow_session):
    few = only("flowsession").get(page_of(flow_session))
    assert few.status_code == 200
    for address in (EVENTS, VERSIONS):
        assert f'href="{address}' not in few.text
        assert f'href="{address}' in _everything(page_of(flow_session))


def test_a_workflows_page_has_no_link_to_versions_for_who_may_not_open_them(flow_session):
    page = page_of(flow_session.workflow)
    assert f'href="{VERSIONS}' not in only("workflowdefinition").get(page).text
    assert f'href="{VERSIONS}' in _everything(page)


def test_a_versions_page_has_no_link_to_sessions_for_who_may_not_open_them(flow_session):
    page = page_of(flow_session.pinned_version)
    assert f'href="{SESSIONS}' not in only("workflowversion").get(page).text
    assert f'href="{SESSIONS}' in _content(_everything(page))


def test_webhooks_have_no_link_to_workers_or_sessions_for_who_may_not_open_them(flow_session):
    row, _secret = subscriptions.create(
        local_actor(), name="board", url="https://board.example.com/", reach="team", team="platform"
    )
    StageInstanceManager().pause_instance(StageInstance.objects.get().pk, reason="lunch")
    delivery = Delivery.objects.first()
    log = reverse("admin:webhook-delivery", args=[row.pk, delivery.pk])
    for address, hidden in ((list_of(row), WORKERS), (page_of(row), SESSIONS), (log, SESSIONS)):
        assert only("subscription").get(address).status_code == 200
        assert f'href="{hidden}' not in only("subscription").get(address).text
        assert f'href="{hidden}' in _content(_everything(address))


def test_what_is_not_offered_any_more_is_refused_on_the_sessions_page(flow_session):
    attempt = StageInstance.objects.get()
    StageInstanceManager().complete_instance(attempt.pk)
    ann = only("stageinstance", "flowsession")
    answer = ann.post(do_url(attempt, "assign"), {"assignee": "nobody-of-that-name"}, follow=True)
    assert answer.redirect_chain == [(f"{page_of(flow_session)}#stage-build", 302)]
    assert "Assign is not possible now." in messages_of(answer)
