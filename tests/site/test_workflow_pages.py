"""The admin's pages for workflows: list, page, versions, comparison, and what is done there."""

import html
import json
import re
from dataclasses import replace

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from sessions_app.actors import local_actor
from sessions_app.definitions import read_text
from sessions_app.definitions.schema import ChecklistItem
from sessions_app.models import FlowSession, SessionEvent, WorkflowDefinition, WorkflowVersion
from sessions_app.publishing import publish, retire
from sessions_app.services import FlowSessionManager
from sessions_app.versions import definition_of
from tests.factories import definition, permission, publish_workflow, stage, team, user

pytestmark = pytest.mark.django_db

LIST = "/admin/sessions_app/workflowdefinition/"
HOSTILE = "<script>alert(1)</script> \u202ecod.exe"


def page_of(workflow_id="dev", what="change"):
    return f"{LIST}{workflow_id}/{what}/"


def act(workflow_id, verb):
    return f"{LIST}{workflow_id}/do/{verb}/"


def text_of(answer):
    """What a reader of the page reads."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


@pytest.fixture(autouse=True)
def _english(settings, client, admin_client):
    for each in (client, admin_client):
        each.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def reader(client):
    """A client for somebody who may look at everything, and define nothing."""
    ann = user("ann", is_staff=True)
    ann.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    client.force_login(ann)
    return client


def two_versions():
    first = definition(stage("build", items=["code"]), "test")
    publish(local_actor(), first)
    items = (*first.stages[0].checklist, ChecklistItem("lint", "Run the linter"))
    second = replace(first, stages=(replace(first.stages[0], checklist=items), first.stages[1]))
    publish(local_actor(), second)


def test_list_shows_names_versions_and_how_many_sessions_are_open(admin_client):
    two_versions()
    for _ in range(3):
        made = FlowSessionManager().create_session("dev")
    FlowSessionManager().abort_session(made.pk)
    publish_workflow("draft", id="docs", name={"zh-hans": "文档", "en": "Documents"})
    retire(local_actor(), "docs")
    rows = re.findall(r"<tr>(.*?)</tr>", admin_client.get(LIST).text, re.DOTALL)
    told = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).split() for row in rows]
    assert told[1] == ["Development", "dev", "-", "✓", "in", "use", "2", "2", "3", "just", "now"]
    assert told[2] == ["Documents", "docs", "-", "■", "retired", "1", "0", "0", "just", "now"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "文"}, ["docs"]),
        ({"q": "DOCU"}, ["docs"]),
        ({"q": "nothing"}, []),
        ({"state": "retired"}, ["docs"]),
        ({"state": "used"}, ["dev"]),
        ({"type": "writing"}, ["docs"]),
        ({"type": "\x01"}, []),
        ({"page": "99"}, ["dev", "docs"]),
    ],
)
def test_list_is_searched_in_every_language_and_filtered(admin_client, query, found):
    publish_workflow()
    publish(local_actor(), replace(definition(id="docs", name={"zh-hans": "文档", "en": "Documents"}), type="writing"))
    retire(local_actor(), "docs")
    page = admin_client.get(LIST, query)
    assert re.findall(r'<th scope="row"><a href="[^"]*/(\w+)/change/"', page.text) == found
    assert ("No workflow fits." in page.text) is (not found)


def test_empty_list_says_what_to_do_first(admin_client, reader):
    assert "There is no workflow yet." in admin_client.get(LIST).text
    assert reverse("admin:import-workflows") in admin_client.get(LIST).text
    assert reverse("admin:import-workflows") not in reader.get(LIST).text


def test_counts_are_of_the_sessions_that_the_reader_sees(reader):
    publish_workflow()
    FlowSessionManager().create_session("dev")
    own = FlowSessionManager().create_session("dev")
    FlowSessionManager().update_session(own.pk, {"owner": "ann"})
    assert "1 session, 1 of them open" in text_of(reader.get(page_of()))


def test_sessions_are_not_counted_beyond_a_thousand(admin_client, monkeypatch):
    monkeypatch.setattr("sessions_app.admin.workflow_counts.MOST", 2)
    publish_workflow()
    for told in ("1 session, 1 of them open", "2 sessions, 2 of them open", "2+ sessions, 2+ of them open"):
        FlowSessionManager().create_session("dev")
        assert told in text_of(admin_client.get(page_of()))


def test_page_shows_stages_graph_and_versions(admin_client):
    made = replace(
        definition(
            stage("build", items=["code", "lint?"], deliverables=["branch"], timeout=7200),
            stage("test", depends_on=["build"]),
            transitions=[("test", "build")],
        ),
        description="Why we do it",
    )
    made = replace(
        made, stages=(replace(made.stages[0], exit_condition="It runs", roles=("Developer",)), made.stages[1])
    )
    publish(local_actor(), made)
    page = admin_client.get(page_of())
    told = text_of(page)
    for text in ("Why we do it", "☐ Do code", "☐ Do lint (optional)", "▤ Branch", "It runs", "Developer", "2 h"):
        assert text in told
    assert "Comes after Build" in told
    assert "Leads on to → Build" in told
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in page.text
    assert "the first version" in told


def test_texts_of_a_definition_are_shown_as_texts(admin_client):
    publish(
        local_actor(),
        replace(definition(stage("build", name=HOSTILE)), description=f"One\n{HOSTILE}", type=HOSTILE[:60]),
    )
    version = WorkflowVersion.objects.get()
    for address in (LIST, page_of(), reverse("admin:sessions_app_workflowversion_change", args=[version.pk])):
        page = admin_client.get(address).text
        assert "<script>alert(1)" not in page
        assert "\u202e" not in re.sub(r' value="[^"]*"', "", page)  # what the menu of types asks for
    assert "One\n&lt;script&gt;" in page


def test_unknown_workflow_leads_to_the_list(admin_client):
    for what in ("change", "compare", "export", "do/start"):
        page = admin_client.get(page_of("nothing", what), follow=True)
        assert page.redirect_chain == [(LIST, 302)]
        assert "There is no workflow nothing." in page.text


def test_versions_lead_to_their_sessions(admin_client):
    two_versions()
    made = FlowSessionManager().create_session("dev")
    link = f"/admin/sessions_app/flowsession/?pinned_version__id__exact={made.pinned_version_id.replace('@', '%40')}"
    page = admin_client.get(page_of()).text
    assert f'<a href="{link}">1</a>' in page
    assert made.pk in admin_client.get(link).text
    other = WorkflowVersion.objects.get(number=1)
    assert made.pk not in admin_client.get(link.replace(link.rpartition("=")[2], other.pk)).text


def test_version_shows_what_was_said_then(admin_client):
    two_versions()
    first, second = WorkflowVersion.objects.order_by("number")
    old = text_of(admin_client.get(reverse("admin:sessions_app_workflowversion_change", args=[first.pk])))
    new = text_of(admin_client.get(reverse("admin:sessions_app_workflowversion_change", args=[second.pk])))
    assert "Run the linter" in new
    assert "Run the linter" not in old
    assert "the newest is 2" in old
    gone = admin_client.get(reverse("admin:sessions_app_workflowversion_change", args=["dev@9-x"]), follow=True)
    assert "There is no workflow version dev@9-x." in gone.text


def test_comparison_says_in_words_what_differs(admin_client):
    two_versions()
    told = text_of(admin_client.get(page_of(what="compare")))
    assert "1 stage changed" in told
    assert "+ Item new here - Run the linter" in told
    assert "Unchanged: Test" in told
    backwards = text_of(admin_client.get(page_of(what="compare"), {"before": 2, "after": 1}))
    assert "− Item gone Run the linter -" in backwards
    assert (
        "This is the same version twice." in admin_client.get(page_of(what="compare"), {"before": 1, "after": 1}).text
    )


def test_changed_texts_mark_the_words_that_differ(admin_client):
    publish_workflow(stage("build", name="Build it now"))
    publish_workflow(stage("build", name="Build them now"))
    page = admin_client.get(page_of(what="compare")).text
    assert "Build <del>it</del> now" in page
    assert "Build <ins>them</ins> now" in page


def test_versions_that_are_not_there_are_refused(admin_client):
    publish_workflow()
    page = admin_client.get(page_of(what="compare"), {"before": 7}, follow=True)
    assert "The workflow dev has no version 7." in page.text


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_export_is_a_file_that_says_the_same(admin_client, form):
    two_versions()
    answer = admin_client.get(page_of(what="export"), {"as": form, "version": "1"})
    assert answer["Content-Disposition"] == f'attachment; filename="dev.{form}"'
    [reading] = read_text(answer.text, f"dev.{form}")
    assert reading.definition == definition_of(WorkflowDefinition.objects.get(), 1)
    assert answer.text.startswith("{") is (form == "json")


def test_a_session_is_started_and_told_with_its_door(admin_client):
    publish_workflow()
    team("web")
    answer = admin_client.post(act("dev", "start"), {"name": "Login", "team": "web", "key": "k"})
    made = FlowSession.objects.get()
    assert answer["Location"] == reverse("admin:sessions_app_flowsession_change", args=[made.pk])
    assert (made.name, made.team.name, made.owner.username) == ("Login", "web", "admin")
    event = SessionEvent.objects.get(seq=1)
    assert (event.door, event.actor) == ("admin", "admin")


def test_a_second_click_starts_no_second_session(admin_client):
    publish_workflow()
    answers = [admin_client.post(act("dev", "start"), {"name": name, "key": "k"}) for name in ("a", "a", "b")]
    assert FlowSession.objects.count() == 2
    assert answers[0]["Location"] == answers[1]["Location"] != answers[2]["Location"]


def test_refusals_are_told_and_change_nothing(admin_client):
    publish_workflow()
    FlowSessionManager().create_session("dev")
    page = admin_client.post(act("dev", "delete"), follow=True)
    assert "Retire it instead" in page.text
    retire(local_actor(), "dev")
    page = admin_client.post(act("dev", "start"), follow=True)
    assert "The workflow dev is retired" in page.text
    assert FlowSession.objects.count() == 1
    assert "The workflow dev was retired already." in admin_client.post(act("dev", "retire"), follow=True).text


def test_what_is_done_is_asked_first(admin_client):
    publish_workflow()
    for verb in ("start", "retire", "delete"):
        assert f'action="{act("dev", verb)}"' in admin_client.get(act("dev", verb)).text
    assert WorkflowDefinition.objects.get().retired_at is None
    assert "Retired: dev" in admin_client.post(act("dev", "retire"), follow=True).text
    assert WorkflowDefinition.objects.get().retired_at is not None
    assert admin_client.post(act("dev", "delete"))["Location"] == LIST
    assert not WorkflowDefinition.objects.exists()


def test_only_what_the_reader_may_do_is_offered(reader):
    publish_workflow()
    assert re.findall(r'action="[^"]*/do/(\w+)/"', reader.get(page_of()).text) == ["start"]
    user("ann").user_permissions.add(permission("define_workflows"))
    assert re.findall(r'action="[^"]*/do/(\w+)/"', reader.get(page_of()).text) == ["start", "retire", "delete"]
    FlowSessionManager().create_session("dev")
    retire(local_actor(), "dev")
    assert re.findall(r'action="[^"]*/do/(\w+)/"', reader.get(page_of()).text) == []


def test_teams_offered_are_those_that_the_reader_operates(reader):
    publish_workflow()
    user("ann", operates=["web"], watches=["ops"])
    team("other")
    assert re.findall(r'<option value="(\w+)">', reader.get(page_of()).text) == ["web"]


QUERIES = {"list": 6, "change": 9, "compare": 6, "version": 4}
"""Of an administrator, with the two of the login; ``version`` is the page of one."""


@pytest.mark.parametrize("page", QUERIES)
def test_page_takes_as_many_queries_at_one_row_as_at_three(admin_client, page, django_assert_num_queries):
    def address():
        newest = WorkflowVersion.objects.filter(workflow="dev").first()
        version = reverse("admin:sessions_app_workflowversion_change", args=[newest.pk])
        return {"list": LIST, "version": version}.get(page) or page_of(what=page)

    two_versions()
    FlowSessionManager().create_session("dev")
    for round_number in (1, 2, 3):
        where = address()
        with django_assert_num_queries(QUERIES[page]):
            assert admin_client.get(where).status_code == 200
        publish_workflow("draft", id=f"docs{round_number}")
        publish_workflow("build", name=f"Version {round_number}")
        FlowSessionManager().create_session("dev")


def test_json_export_has_the_newest_version_by_default(admin_client):
    two_versions()
    exported = json.loads(admin_client.get(page_of(what="export"), {"as": "json", "version": "x"}).text)
    assert len(exported["stages"][0]["checklist"]) == 2
