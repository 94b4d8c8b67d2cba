"""The admin's pages show no secret either."""

import pytest
from django.contrib.admin.utils import quote
from django.urls import reverse

from sessions_app.actors import local_actor
from sessions_app.masking import MASK
from sessions_app.models import FlowSession, SessionEvent, Tombstone
from sessions_app.services import FlowSessionManager
from sessions_app.tokens import create_token
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from tests.factories import publish_workflow, stage
from tests.site.staff import messages_of

pytestmark = pytest.mark.django_db

KEY = "ghp" + "_" + "a1B2" * 9
PASSWORD = "hunter-two"
MODELS = [FlowSession, StageInstance, SessionEvent, Tombstone]


@pytest.fixture(autouse=True)
def _secrets():
    publish_workflow("build")
    sessions, stages = FlowSessionManager(), StageInstanceManager()
    options = {"context": {"password": PASSWORD}, "metadata": {"text": f"see {KEY}"}, "tags": [KEY]}
    flow_session, other = (sessions.create_session("dev", f"Use {KEY}", **options) for _ in range(2))
    stage_instance = stages.run_stage(flow_session.pk, "build", name=f"With {KEY}")
    stages.update_instance(stage_instance.pk, {"context": {"dsn": PASSWORD}, "config": {"pwd": PASSWORD}})
    stages.add_deliverables(stage_instance.pk, {"token": PASSWORD})
    stages.add_item(stage_instance.pk, f"Rotate {KEY}")
    sessions.pause_session(flow_session.pk, reason=f"{KEY} leaked")
    sessions.delete_session(other.pk, reason=f"{KEY} leaked")


def pages_of(client, model):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield client.get(reverse(f"{name}_changelist")).text
    yield from (client.get(reverse(f"{name}_change", args=[row.pk])).text for row in model.objects.all())


@pytest.mark.parametrize("model", MODELS)
def test_page_shows_no_secret(admin_client, model):
    pages = list(pages_of(admin_client, model))
    assert len(pages) > 1
    assert any(MASK in page for page in pages)
    for page in pages:
        assert KEY not in page
        assert PASSWORD not in page


def test_what_is_said_after_an_act_shows_no_secret(admin_client):
    token = create_token(local_actor(), f"for {KEY}")[0]
    revoked = admin_client.post(reverse("admin:revoke-token", args=[token.token_key]), follow=True)
    flow_session = FlowSessionManager().create_session(publish_workflow(stage("review", deliverables=["spec"]), id="x"))
    attempt = StageInstanceManager().run_stage(flow_session.pk, "review")
    handed_in = {"name": KEY, "value": "here"}
    given = admin_client.post(reverse("admin:stage-deliverables", args=[quote(attempt.pk)]), handed_in, follow=True)
    for page in (revoked, given):
        assert MASK in messages_of(page)
        assert KEY not in page.text


def test_what_the_page_of_a_new_webhook_says_shows_no_secret(admin_client):
    form = {"name": f"for {KEY}", "url": "https://board.example.com/", "kind": "webhook", "reach": "own"}
    page = admin_client.post(reverse("admin:status_bridge_subscription_add"), form)
    assert page.status_code == 200
    assert page.context["told"].count(MASK) == 1
    assert KEY not in page.text


def test_a_warning_of_a_service_shows_no_secret():
    flow_session = FlowSessionManager().create_session(publish_workflow(stage("review", deliverables=["spec"]), id="x"))
    stages = StageInstanceManager()
    stages.add_deliverables(stages.run_stage(flow_session.pk, "review").pk, {KEY: "here"})
    assert MASK in stages.outcome.warnings[0]
    assert KEY not in stages.outcome.warnings[0]
