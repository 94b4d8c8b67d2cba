"""``/api/v1/workflows/``."""

import base64
import hashlib
import re
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import Permission

from sessions_app.actors import Actor, Grant, local_actor
from sessions_app.definitions import read_text
from sessions_app.exceptions import NotAllowed
from sessions_app.models import IdempotencyKey, WorkflowDefinition
from sessions_app.publishing import delete_workflow, get_workflow, publish, retire
from sessions_app.services import FlowSessionManager
from tests.api.conftest import assert_fits, assert_problem, client_for, member
from tests.factories import definition, publish_workflow, stage

WORKFLOWS = "/api/v1/workflows/"


@pytest.fixture(autouse=True)
def _unlimited(settings):
    """Requests are not counted: that would write, and add queries."""
    settings.VCFLOW_API_RATE = None


@pytest.fixture
def definer(team):
    """A client of somebody who may define workflows."""
    user = member("han", team)
    user.user_permissions.add(Permission.objects.get(codename="define_workflows"))
    return client_for(user)


@pytest.fixture
def three(db):
    """Three workflows, one of them retired."""
    publish_workflow(id="build", name="Build")
    publish_workflow(id="docs", name={"zh-hans": "文档", "en": "Documents"})
    publish_workflow(id="old", name="Old ways")
    retire(local_actor(), "old")


def ids(answer):
    assert_fits("WorkflowPage", answer.json())
    return [row["id"] for row in answer.json()["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["build", "docs", "old"]),
        ("?retired=true", ["old"]),
        ("?retired=false", ["build", "docs"]),
        ("?search=DOCUM", ["docs"]),
        ("?search=文", ["docs"]),
        ("?search=hans", []),
        ("?search=old", ["old"]),
        ("?type=dev", []),
        ("?ordering=-id", ["old", "docs", "build"]),
        ("?ordering=-updated_at", ["old", "docs", "build"]),
    ],
)
def test_list_filters_and_orders(api, three, query, expected):
    assert ids(api.get(WORKFLOWS + query)) == expected


def test_list_pages_and_slims(api, three):
    first = api.get(f"{WORKFLOWS}?limit=2&fields=id,version").json()
    assert first["results"] == [{"id": "build", "version": 1}, {"id": "docs", "version": 1}]
    last = api.get(first["next"]).json()
    assert (last["results"], last["next"]) == ([{"id": "old", "version": 1}], None)


@pytest.mark.parametrize("query", ["retired=perhaps", "ordering=name", "fields=secret", "types=dev", "limit=0"])
def test_list_refuses_what_it_does_not_know(api, three, query):
    assert_problem(api.get(f"{WORKFLOWS}?{query}"), 400, "invalid-input")


def test_detail_says_what_the_newest_version_says(api, db):
    publish_workflow("build")
    publish_workflow(stage("build", items=["one"], deliverables=["report?"], timeout=60), "test")
    body = api.get(f"{WORKFLOWS}dev/").json()
    assert_fits("WorkflowDetail", body)
    assert (body["version"], [each["id"] for each in body["stages"]]) == (2, ["build", "test"])
    assert body["stages"][0]["checklist"] == [{"id": "one", "text": "Do one", "required": True}]
    assert api.get(f"{WORKFLOWS}dev/?fields=id,parallel").json() == {"id": "dev", "parallel": False}


@pytest.mark.parametrize("path", ["", "versions/", "versions/1/", "export/", "diagram/"])
def test_unknown_workflow_is_not_found(api, three, path):
    body = assert_problem(api.get(f"{WORKFLOWS}none/{path}"), 404, "not-found")
    assert "build" in body["fix"]


def test_nobody_reads_without_signing_in(client, three):
    assert_problem(client.get(WORKFLOWS), 401, "not-authenticated")


def test_versions_count_the_sessions_that_the_caller_sees(api, zhao, flow_session):
    publish_workflow("build", "test", "ship")
    seen = api.get(f"{WORKFLOWS}dev/versions/").json()
    assert_fits("WorkflowVersionPage", seen)
    assert [(row["number"], row["sessions"]) for row in seen["results"]] == [(2, 0), (1, 1)]
    hidden = client_for(zhao).get(f"{WORKFLOWS}dev/versions/").json()
    assert [row["sessions"] for row in hidden["results"]] == [0, 0]


def test_versions_come_by_pages(api, db):
    for stages in (["a"], ["a", "b"], ["a", "b", "c"]):
        publish_workflow(*stages)
    first = api.get(f"{WORKFLOWS}dev/versions/?limit=2").json()
    second = api.get(first["next"]).json()
    assert [row["number"] for page in (first, second) for row in page["results"]] == [3, 2, 1]
    assert second["next"] is None


def test_version_tells_what_it_said_then(api, db):
    publish_workflow("build")
    publish_workflow("build", "test")
    answer = api.get(f"{WORKFLOWS}dev/versions/1/", headers={"Accept-Language": "en"})
    assert_fits("WorkflowVersionDetail", answer.json())
    assert [each["id"] for each in answer.json()["definition"]["stages"]] == ["build"]
    assert answer.headers["ETag"] == f'"{answer.json()["digest"]}-en"'
    again = api.get(f"{WORKFLOWS}dev/versions/1/", headers={"Accept-Language": "zh-hans"})
    assert again.headers["ETag"] != answer.headers["ETag"]


@pytest.mark.parametrize("number", ["0", "2", "99999999999999999999"])
def test_unknown_version_is_not_found(api, workflow, number):
    body = assert_problem(api.get(f"{WORKFLOWS}dev/versions/{number}/"), 404, "not-found")
    assert "1" in body["fix"]


def test_export_can_be_imported_again(api, db):
    made = definition(stage("build", items=["one?"]), name={"zh-hans": "开发", "en": "Development"})
    publish(local_actor(), made)
    publish_workflow("other")
    for form, media_type in (("yaml", "text/yaml; charset=utf-8"), ("json", "application/json")):
        answer = api.get(f"{WORKFLOWS}dev/export/?version=1&as={form}")
        assert answer.headers["Content-Type"] == media_type
        assert answer.headers["Content-Disposition"] == f'attachment; filename="dev.{form}"'
        (reading,) = read_text(answer.content.decode(), f"dev.{form}")
        assert reading.definition == made
    (newest,) = read_text(api.get(f"{WORKFLOWS}dev/export/").content.decode(), "dev.yaml")
    assert [each.id for each in newest.definition.stages] == ["other"]


@pytest.mark.parametrize("path", ["export/?as=xml", "diagram/?as=png", "export/?version=0", "diagram/?version=x"])
def test_forms_and_versions_that_nobody_knows_are_refused(api, workflow, path):
    assert_problem(api.get(f"{WORKFLOWS}dev/{path}"), 400, "invalid-input")


def test_version_that_is_not_there_cannot_be_exported_or_drawn(api, workflow):
    for path in ("export", "diagram"):
        assert_problem(api.get(f"{WORKFLOWS}dev/{path}/?version=999999999"), 404, "not-found")


def test_diagram_is_source_or_text(api, workflow):
    source = api.get(f"{WORKFLOWS}dev/diagram/")
    assert source.content.decode().splitlines()[:2] == ["%% dev", "flowchart TD"]
    text = api.get(f"{WORKFLOWS}dev/diagram/?as=text")
    assert "Build" in text.content.decode()
    assert {source.headers["Content-Type"], text.headers["Content-Type"]} == {"text/plain; charset=utf-8"}


def test_svg_runs_nothing_and_is_allowed_its_own_style_alone(api, db):
    publish_workflow(stage("build", name="<script>alert(1)</script>"))
    answer = api.get(f"{WORKFLOWS}dev/diagram/?as=svg")
    assert answer.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)
    elements = list(root.iter())
    assert not [each for each in elements if each.tag.endswith(("script", "foreignObject", "image", "}a"))]
    assert not [name for each in elements for name in each.attrib if name == "style" or name.startswith("on")]
    (style,) = (each.text for each in elements if each.tag.endswith("}style"))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert re.fullmatch(r"default-src 'none'; style-src '([^']+)'; .*", policy)[1] == f"sha256-{digest}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_retirement_happens_once_and_says_so(definer, workflow):
    first = definer.post(f"{WORKFLOWS}dev/retire/")
    assert_fits("WorkflowChange", first.json())
    assert (first.status_code, first.json()["changed"], first.json()["version"]) == (200, True, 1)
    second = definer.post(f"{WORKFLOWS}dev/retire/").json()
    assert (second["changed"], second["retired_at"]) == (False, first.json()["retired_at"])


def test_workflow_without_sessions_is_deleted(definer, workflow):
    answer = definer.delete(f"{WORKFLOWS}dev/")
    assert_fits("WorkflowChange", answer.json())
    assert (answer.status_code, answer.json()["id"], answer.json()["changed"]) == (200, "dev", True)
    assert_problem(definer.get(f"{WORKFLOWS}dev/"), 404, "not-found")


def test_workflow_with_sessions_is_kept_and_their_number_is_not_told(definer, flow_session):
    body = assert_problem(definer.delete(f"{WORKFLOWS}dev/"), 409, "workflow-in-use")
    assert "1" not in body["detail"]
    assert WorkflowDefinition.objects.filter(pk="dev").exists()


@pytest.mark.parametrize("name", ["mei", "wang", "li", "zhao"])
def test_changes_need_the_permission_to_define(request, workflow, name):
    client = client_for(request.getfixturevalue(name))
    for answer in (client.delete(f"{WORKFLOWS}dev/"), client.post(f"{WORKFLOWS}dev/retire/")):
        body = assert_problem(answer, 403, "not-allowed")
        assert "define_workflows" in body["fix"]
    assert get_workflow("dev").retired_at is None


@pytest.mark.parametrize("change", [retire, delete_workflow])
def test_token_for_one_workflow_defines_that_one_alone(admin, change):
    for workflow_id in ("dev", "other"):
        publish_workflow(id=workflow_id)
    actor = Actor(admin, "api", grant=Grant("ci", frozenset({"define"}), workflow_id="dev"))
    with pytest.raises(NotAllowed, match="for the workflow dev alone"):
        change(actor, "other")
    with pytest.raises(NotAllowed):
        publish(actor, definition("new", id="other"))
    assert get_workflow("other").latest_version == 1
    assert publish(actor, definition("new", id="dev")).version.number == 2
    change(actor, "dev")


@pytest.mark.parametrize(("method", "path"), [("post", "dev/retire/"), ("delete", "dev/")])
def test_repeated_request_is_done_once_and_answered_alike(definer, workflow, method, path):
    publish_workflow(id="spare")
    key = {"Idempotency-Key": "k-1"}
    first = getattr(definer, method)(WORKFLOWS + path, headers=key)
    second = getattr(definer, method)(WORKFLOWS + path, headers=key)
    assert (first.status_code, second.status_code, second.json()) == (200, 200, first.json())
    assert second.headers["Idempotency-Replayed"] == "true"
    other = getattr(definer, method)(WORKFLOWS + path.replace("dev", "spare"), headers=key)
    assert_problem(other, 422, "idempotency-key-reused")
    assert get_workflow("spare").retired_at is None


def test_refused_change_leaves_its_key_free(definer, flow_session):
    key = {"Idempotency-Key": "k-1"}
    assert_problem(definer.delete(f"{WORKFLOWS}dev/", headers=key), 409, "workflow-in-use")
    assert not IdempotencyKey.objects.exists()
    FlowSessionManager().delete_session(flow_session.pk)
    assert definer.delete(f"{WORKFLOWS}dev/", headers=key).status_code == 200


def test_answer_that_fails_undoes_the_change(definer, workflow, monkeypatch):
    monkeypatch.setattr("sessions_app.api.workflows.workflow_json", lambda _workflow: 1 / 0)
    for key in ({}, {"Idempotency-Key": "k-1"}):
        with pytest.raises(ZeroDivisionError):
            definer.post(f"{WORKFLOWS}dev/retire/", headers=key)
    assert get_workflow("dev").retired_at is None


def test_workflow_called_import_is_read_and_deleted(definer, db):
    publish_workflow(id="import")
    assert definer.get(f"{WORKFLOWS}import/").json()["id"] == "import"
    assert definer.get(f"{WORKFLOWS}import/export/").status_code == 200
    assert definer.delete(f"{WORKFLOWS}import/").status_code == 200
    assert not WorkflowDefinition.objects.exists()


# Each request of somebody signed in begins with two: the Django session and the user.
READING = [
    ("", 3),
    ("?search=dev", 4),
    ("dev/", 4),
    ("dev/versions/", 7),  # with two for the caller's rights
    ("dev/versions/1/", 4),
    ("dev/export/", 4),
    ("dev/diagram/?as=svg", 4),
]


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("path", "queries"), READING)
def test_reading_takes_a_fixed_number_of_queries(api, workflow, django_assert_num_queries, path, queries, rows):
    for number in range(1, rows):
        publish_workflow(id=f"dev{number}")
        publish_workflow(*["build", "test", "ship", "rest"][: number + 2])
    with django_assert_num_queries(queries):
        assert api.get(WORKFLOWS + path).status_code == 200
