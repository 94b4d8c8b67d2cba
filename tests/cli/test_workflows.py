"""``flow list``, ``show``, ``retire``, ``export`` and ``visualize``."""

import json
from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries

from sessions_app.actors import local_actor
from sessions_app.definitions import read_file
from sessions_app.definitions.schema import Definition, StageDefinition
from sessions_app.publishing import publish
from tests.cli.conftest import Run


def docs() -> Definition:
    stages = (StageDefinition("draft", "Draft", 1, required=False), StageDefinition("check", "Check", 2))
    definition = Definition(id="docs", name="Docs\x1b", type="writing", parallel=True, stages=stages)
    publish(local_actor(), definition)
    return definition


def test_list_of_workflows(run: Run, dev: Definition) -> None:
    docs()
    lines = run("flow", "list").out.splitlines()
    assert lines[0].startswith("ID                 | Name        | Type")
    assert lines[3].startswith("docs               | Docs\\x1b    | writing     | 1")
    assert "Total: 2 workflows" in lines
    assert [row["id"] for row in run("flow", "list", "--type", "writing", "--json").data] == ["docs"]


def test_list_of_no_workflows(run: Run) -> None:
    assert run("flow", "list").out == "There is no such workflow.\nImport one: vc flow import '<file>'\n"


def test_list_asks_once(run: Run, dev: Definition, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    docs()
    with django_assert_num_queries(2):  # the schema's stamp, the workflows
        run("flow", "list")


def test_show_of_a_workflow(run: Run, dev: Definition) -> None:
    out = run("flow", "show", "dev").out
    for line in (
        "📋 Workflow: dev (Development)",
        "- Description: From story to review",
        "1. story - Story",
        "   ☐ Polish it (optional)",
        "   📦 story.md",
        "   after: story",
        "3. review - Review (optional)",
        "- story → coding: agreed",
        "- coding → review",
        "- begin its first stage: vc flow run dev:story",
    ):
        assert line in out.splitlines()


def test_show_as_json(run: Run, dev: Definition) -> None:
    data = run("flow", "show", "de", "--json").data
    assert (data["id"], data["version"], len(data["stages"])) == ("dev", 1, 3)
    assert data["transitions"][0] == {"from": "story", "to": "coding", "condition": "agreed"}


def test_retire(run: Run, dev: Definition) -> None:
    assert run("flow", "retire", "dev", "--json").data["changed"] is True
    again = run("flow", "retire", "dev").out
    assert again.startswith("dev was retired already.\n\nNext:\n")
    assert "vc flow session list --workflow dev" in again
    assert run("flow", "retire", "dev", "--as", "nobody").status == 3
    assert "Development (retired)" in run("flow", "list").out
    page = run("flow", "show", "dev").out
    assert "Retired since" in page
    assert "Next:" not in page
    assert run("flow", "session", "create", "dev").status == 5
    assert "flow list" in run("flow", "show", "none", "--json").diagnostic["commands"][0]


def test_export_prints_what_can_be_imported_again(run: Run, dev: Definition, tmp_path: Path) -> None:
    file = tmp_path / "dev.yaml"
    file.write_text(run("flow", "export", "dev").out)
    assert read_file(file)[0].definition == dev


@pytest.mark.parametrize("name", ["out.yaml", "out.json", "folder"])
def test_export_into_files(run: Run, dev: Definition, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    written = run("flow", "export", "dev", "-o", str(tmp_path / name), "--json").data
    file = tmp_path / "folder" / "dev.yaml" if name == "folder" else tmp_path / name
    assert written == [{"workflow_id": "dev", "file": str(file)}]
    assert read_file(file)[0].definition == dev


def test_export_of_several(run: Run, dev: Definition, tmp_path: Path) -> None:
    docs()
    assert run("flow", "export", "dev", "docs").status == 2
    assert run("flow", "export", "dev", "docs", "-o", str(tmp_path / "both.yaml")).status == 2
    assert [workflow["id"] for workflow in run("flow", "export", "dev", "docs", "--json").data] == ["dev", "docs"]
    out = run("flow", "export", "dev", "docs", "-o", str(tmp_path)).out
    assert out == f"✅ Written: {tmp_path / 'dev.yaml'}\n✅ Written: {tmp_path / 'docs.yaml'}\n"


@pytest.mark.parametrize("output", ["dev.txt", "none/dev.yaml"])
def test_export_refuses_files(run: Run, dev: Definition, tmp_path: Path, output: str) -> None:
    assert run("flow", "export", "dev", "-o", str(tmp_path / output)).status == 2


@pytest.mark.parametrize(("form", "sign"), [("svg", "<svg"), ("mermaid", "flowchart"), ("TEXT", "Story")])
def test_visualize_draws_workflows_and_sessions(run: Run, session_id: str, form: str, sign: str) -> None:
    assert sign in run("flow", "visualize", "dev", "--format", form).out
    data = run("flow", "visualize", session_id, "--format", form, "--json").data
    assert (data["workflow_id"], data["states"]) == ("dev", {})
    assert sign in data["drawing"]


def test_visualize_refuses_what_is_neither(run: Run, dev: Definition) -> None:
    assert run("flow", "visualize", "none").status == 3
    refusal = json.loads(run("flow", "visualize", "none", "--json").err)
    assert refusal["message"] == "There is no workflow and no session none."
    assert refusal["commands"] == ["vc flow list", "vc flow session list --all"]


def test_visualize_knows_both_kinds_by_their_beginnings(run: Run, session_id: str) -> None:
    refusal = run("flow", "visualize", "de", "--json")
    assert refusal.status == 6
    assert [found["id"] for found in refusal.diagnostic["candidates"]] == ["dev", session_id]
    assert run("flow", "visualize", session_id[:-1], "--json").data["workflow_id"] == "dev"
    docs()
    assert run("flow", "visualize", "do", "--json").data["workflow_id"] == "docs"
    run("flow", "session", "create", "dev")
    assert len(run("flow", "visualize", "d", "--json").diagnostic["candidates"]) == 4
