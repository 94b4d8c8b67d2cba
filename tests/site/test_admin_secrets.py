"""The admin's pages show no secret either."""

import pytest
from django.urls import reverse

from sessions_app.masking import MASK
from sessions_app.models import FlowSession, SessionEvent, Tombstone
from sessions_app.services import FlowSessionManager
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from tests.factories import publish_workflow

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
