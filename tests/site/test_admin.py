import html

import pytest
from django.contrib import admin
from django.core import checks
from django.urls import reverse
from django.utils import translation

from sessions_app import language, words
from sessions_app.actors import local_actor
from sessions_app.definitions.schema import ChecklistItem, Definition, StageDefinition
from sessions_app.models import FlowSession, SessionEvent, Tombstone, WorkflowDefinition, WorkflowVersion
from sessions_app.publishing import publish
from sessions_app.services import FlowSessionManager
from sessions_app.states import SessionStatus
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from stages_app.states import StageStatus

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script> \u202ecod.exe ' \" & {{ 7*7 }} 名前"
SHOWN = [WorkflowDefinition, WorkflowVersion, FlowSession, SessionEvent, Tombstone, StageInstance]


@pytest.fixture
def workflow():
    items = (ChecklistItem("scope", HOSTILE), ChecklistItem("names", {"zh-hans": "名称", "en": "Names"}))
    stages = (StageDefinition("story", HOSTILE, 1, checklist=items), StageDefinition("code", "Code", 2))
    return publish(local_actor(), Definition("dev", {"zh-hans": "开发", "en": "Development"}, stages)).version.workflow


def play(count):
    manager = FlowSessionManager()
    for _ in range(count):
        flow_session = manager.create_session("dev", HOSTILE, context={"note": HOSTILE})
        stages = StageInstanceManager()
        stage_instance = stages.start_instance(stages.create_instance(flow_session.pk, "story").pk)
        stages.complete_item(stage_instance.pk, "scope")
    return flow_session


def list_page(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def row_page(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


@pytest.mark.parametrize("model", SHOWN)
def test_list_opens_searches_and_offers_no_change(admin_client, workflow, model):
    FlowSessionManager().delete_session(play(3).pk, reason=HOSTILE)
    for query in ({}, {"q": "dev"}, {"q": "\x01' OR 1=1"}, {"p": "999"}):
        page = admin_client.get(list_page(model), query, follow=True)
        assert page.status_code == 200
        assert "<script>alert(1)" not in page.text
        assert "\u202e" not in page.text
    assert admin_client.get(list_page(model) + "add/").status_code == 403


@pytest.mark.parametrize("model", SHOWN)
def test_row_opens_and_can_not_be_changed(admin_client, workflow, model):
    FlowSessionManager().delete_session(play(2).pk, reason=HOSTILE)
    row = model.objects.all()[0]
    page = admin_client.get(row_page(row))
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text
    assert 'name="_save"' not in page.text
    assert admin_client.post(row_page(row), {"status": "COMPLETED"}).status_code == 403
    assert admin_client.post(row_page(row).replace("/change/", "/delete/"), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", [FlowSession, SessionEvent, StageInstance])
def test_list_takes_as_many_queries_at_one_row_as_at_three(
    admin_client, workflow, model, django_assert_max_num_queries
):
    play(1)
    admin_client.get(list_page(model))
    with django_assert_max_num_queries(50) as at_one:
        admin_client.get(list_page(model))
    play(2)
    with django_assert_max_num_queries(len(at_one)):
        admin_client.get(list_page(model))


def test_session_page_shows_its_stages_and_its_latest_events(admin_client, workflow):
    flow_session = play(1)
    page = admin_client.get(row_page(flow_session)).text
    assert "story" in page
    assert "1/2" in page
    assert "\\u202ecod.exe" in page


def test_nested_data_shows_its_marks_and_no_markup(admin_client, workflow):
    flow_session = play(1)
    page = html.unescape(admin_client.get(row_page(flow_session)).text)
    assert 'note</span> <span class="told vc-value"><script>alert(1)</script> \\u202ecod.exe' in page
    assert ">None<" not in page


@pytest.mark.parametrize("language_code", language.SUPPORTED)
def test_states_have_the_words_of_the_command_line(language_code):
    language.activate(language_code)
    with translation.override(language_code):
        assert {key: str(word) for key, word in SessionStatus.choices} == {
            key: words.session_state(key) for key in SessionStatus.values
        }
        assert {key: str(word) for key, word in StageStatus.choices} == {
            key: words.stage_state(key) for key in StageStatus.values
        }


@pytest.mark.parametrize("language_code", language.SUPPORTED)
def test_pages_name_themselves_vcflow_and_are_translated(admin_client, workflow, language_code):
    page = admin_client.get(row_page(play(1)), headers={"accept-language": language_code}).text
    assert "· vcflow</title>" in page
    assert "Django" not in page
    assert ("What it waits for" in page) is (language_code == "en")
    assert "sessions_app/admin.css" in page


def test_everybody_without_permission_is_kept_out(client, django_user_model, workflow):
    client.force_login(django_user_model.objects.create_user("ann", is_staff=True))
    assert client.get(list_page(FlowSession)).status_code == 403


def test_every_shown_model_is_registered():
    assert all(admin.site.is_registered(model) for model in SHOWN)


def test_system_checks_find_nothing():
    assert checks.run_checks() == []
