"""``/api/v1/workflows/import/``."""

import json

import pytest
from django.contrib.auth.models import Permission

from sessions_app.actors import local_actor
from sessions_app.models import IdempotencyKey, WorkflowDefinition, WorkflowVersion
from sessions_app.publishing import retire
from tests.api.conftest import assert_fits, assert_problem, client_for, member
from tests.factories import snapshot

IMPORT = "/api/v1/workflows/import/"

GOOD = """\
vcflow: 1
id: docs
name: Docs
stages:
  - id: draft
    name: Draft
    checklist: [Write it]
    deliverables: [draft.md]
  - id: check
    name: Check
"""
BROKEN = "vcflow: 1\nid: broken\nstages: 7\n"


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


def send(client, files, key=None, **options):
    body = {"files": [{"name": name, "content": content} for name, content in files], **options}
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(IMPORT, body, format="json", headers=headers)


def test_dry_run_says_what_the_command_line_says_and_makes_nothing(definer):
    answer = send(definer, [("docs.yaml", GOOD)], dry_run=True)
    assert answer.status_code == 200
    assert_fits("ImportedFiles", answer.json())
    (entry,) = answer.json()
    assert list(entry) == ["file", "workflow", "warnings", "errors"]
    assert [(stage["id"], stage["line"]) for stage in entry["workflow"]["stages"]] == [("draft", 5), ("check", 9)]
    assert not WorkflowDefinition.objects.exists()


def test_import_makes_versions_and_only_of_what_changed(definer):
    first = send(definer, [("docs.yaml", GOOD)])
    assert first.status_code == 201
    assert_fits("ImportedFiles", first.json())
    assert [(e["version"], e["changed"], e["retired"]) for e in first.json()] == [(1, True, False)]
    retire(local_actor(), "docs")
    assert [(e["version"], e["changed"], e["retired"]) for e in send(definer, [("docs.yaml", GOOD)]).json()] == [
        (1, False, True)
    ]
    better = send(definer, [("docs.yaml", GOOD.replace("Write it", "Write it well"))]).json()
    assert [(e["version"], e["changed"], e["retired"]) for e in better] == [(2, True, False)]


def test_several_files_of_any_format_are_imported_together(definer):
    rule = "# 发布流程\n\n## 第一步\n- [ ] 测试\n\n## 第二步\n- [ ] 发布\n"
    answer = send(definer, [("rules/release.mdc", rule), ("docs.yml", GOOD), ("README.md", "# Read me\n")])
    assert answer.status_code == 201
    assert_fits("ImportedFiles", answer.json())
    assert [(entry["file"], entry["workflow"] is None) for entry in answer.json()] == [
        ("rules/release.mdc", False),
        ("docs.yml", False),
        ("README.md", True),
    ]
    assert WorkflowDefinition.objects.count() == 2


@pytest.mark.parametrize("dry_run", [True, False])
def test_one_error_imports_nothing_and_every_error_is_told(definer, dry_run):
    before = snapshot()
    files = [("docs.yaml", GOOD), ("broken.yaml", BROKEN), ("bundle.zip", "PK"), ("same.json", json.dumps({"id": 1}))]
    body = assert_problem(send(definer, files, "k-1", dry_run=dry_run), 400, "invalid-file")
    errors = body["details"]["errors"]
    assert {error["file"] for error in errors} >= {"broken.yaml", "bundle.zip"}
    assert all(list(error) == ["file", "line", "code", "message", "path", "fix"] for error in errors)
    assert [(error["line"], error["path"]) for error in errors if error["path"] == "stages"] == [(3, "stages")]
    assert snapshot() == before


def test_two_files_cannot_define_one_workflow_differently(definer):
    files = [("a.yaml", GOOD), ("b.yaml", GOOD.replace("Draft", "Sketch"))]
    errors = assert_problem(send(definer, files), 400, "invalid-file")["details"]["errors"]
    assert [(error["file"], error["code"]) for error in errors] == [("b.yaml", "workflow-twice")]


def test_files_without_a_workflow_import_nothing(definer):
    readme = [("README.md", "# Read me\n\nNothing here.\n")]
    assert [entry["workflow"] for entry in send(definer, readme, dry_run=True).json()] == [None]
    warnings = assert_problem(send(definer, readme), 400, "no-workflow")["details"]["warnings"]
    assert [warning["file"] for warning in warnings] == ["README.md"]


@pytest.mark.parametrize(
    "files",
    [
        [],
        [("docs.yaml", GOOD)] * 2,
        [(f"{number}.yaml", GOOD) for number in range(51)],
        [("", GOOD)],
        [(" ", GOOD)],
        [("a\x1b.yaml", GOOD)],
        [("a" * 252 + ".yaml", GOOD)],
        [("docs.yaml", 5)],
        [("docs.yaml", None)],
    ],
)
def test_files_that_are_none_are_refused(definer, files):
    assert_problem(send(definer, files), 400, "invalid-input")
    assert not WorkflowDefinition.objects.exists()


@pytest.mark.parametrize("body", [{}, {"files": {}}, {"files": [5]}, {"files": "x"}, {"dry_run": True}])
def test_body_of_another_shape_is_refused(definer, body):
    assert_problem(definer.post(IMPORT, body, format="json"), 400, "invalid-input")


ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("bomb.yaml", ALIASES, "yaml-alias"),
        ("tag.yaml", "vcflow: 1\nid: !!python/object/apply:os.system [id]\n", "yaml-tag"),
        ("merge.yaml", "vcflow: 1\n<<: {id: x}\n", "yaml-merge"),
        ("nul.yaml", GOOD + "\x00", "control-character"),
        ("deep.yaml", "[" * 10_000, None),
        ("deep.json", "[" * 10_000 + "]" * 10_000, None),
        ("number.json", '{"vcflow": 1, "id": ' + "9" * 10_000 + "}", None),
        ("large.md", "# a\n" * 70_000, "invalid-input"),
        ("empty.yaml", " \n", "invalid-input"),
        ("bundle.zip", "PK\x03\x04", "invalid-input"),
        ("../../etc/passwd", "x", "invalid-input"),
    ],
)
def test_hostile_files_are_refused_as_on_the_command_line(definer, name, content, code):
    errors = assert_problem(send(definer, [(name, content)]), 400, "invalid-file")["details"]["errors"]
    assert all(error["file"] == name and error["message"] for error in errors)
    assert code in {None, *(error["code"] for error in errors)}
    assert not WorkflowDefinition.objects.exists()


def test_name_of_a_file_opens_nothing(definer, tmp_path):
    there = tmp_path / "there.yaml"
    there.write_text(GOOD)
    (entry,) = send(definer, [(str(there), GOOD.replace("docs", "mine"))]).json()
    assert entry["workflow"]["id"] == "mine"
    assert entry["workflow"]["source_rule"] == "there.yaml"


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("name", ["mei", "wang", "li", "zhao"])
def test_import_needs_the_permission_to_define(request, name, dry_run):
    client = client_for(request.getfixturevalue(name))
    assert_problem(send(client, [("docs.yaml", GOOD)], dry_run=dry_run), 403, "not-allowed")
    assert not WorkflowDefinition.objects.exists()


def test_repeated_import_is_done_once_and_answered_alike(definer):
    first = send(definer, [("docs.yaml", GOOD)], "k-1")
    second = send(definer, [("docs.yaml", GOOD)], "k-1")
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.json()[0]["changed"] is True
    assert second.headers["Idempotency-Replayed"] == "true"
    other = send(definer, [("docs.yaml", GOOD.replace("Write", "Draw"))], "k-1")
    assert_problem(other, 422, "idempotency-key-reused")
    assert WorkflowVersion.objects.count() == 1


def test_refused_import_leaves_its_key_free(definer):
    assert_problem(send(definer, [("broken.yaml", BROKEN)], "k-1"), 400, "invalid-file")
    assert not IdempotencyKey.objects.exists()
    assert send(definer, [("docs.yaml", GOOD)], "k-1").status_code == 201


def test_failure_at_the_last_file_undoes_the_first(definer, monkeypatch):
    from sessions_app import publishing

    publish = publishing.publish_within

    def broken(actor, made):
        assert made.id != "zoo", "the disk is gone"
        return publish(actor, made)

    monkeypatch.setattr(publishing, "publish_within", broken)
    with pytest.raises(AssertionError):
        send(definer, [("docs.yaml", GOOD), ("zoo.yaml", GOOD.replace("docs", "zoo"))], "k-1")
    assert not WorkflowDefinition.objects.exists()
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_import_takes_a_fixed_number_of_queries_per_workflow(definer, django_assert_max_num_queries, count):
    files = [(f"w{n}.yaml", GOOD.replace("docs", f"w{n}")) for n in range(count)]
    with django_assert_max_num_queries(8 + 8 * count):
        assert send(definer, files).status_code == 201
