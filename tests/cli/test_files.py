"""``flow import`` and ``flow validate``."""

from pathlib import Path

import pytest

from sessions_app.models import WorkflowDefinition
from tests.cli.conftest import Run

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


@pytest.fixture
def good(tmp_path: Path) -> str:
    return write(tmp_path / "docs.yaml", GOOD)


@pytest.fixture
def broken(tmp_path: Path) -> str:
    return write(tmp_path / "broken.yaml", "vcflow: 1\nid: broken\nstages: 7\n")


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_dry_run_previews_each_stage_with_its_line(run: Run, good: str) -> None:
    result = run("flow", "import", good, "--dry-run")
    assert result.out.splitlines() == [
        f"📋 {good}: docs (Docs), stages 2, items 1, deliverables 1, transitions 0",
        "   1. line 5: draft - Draft (items 1; draft.md)",
        "   2. line 9: check - Check",
        "",
        "Nothing was imported: this was a dry run.",
    ]
    assert not WorkflowDefinition.objects.exists()


def test_dry_run_as_json(run: Run, good: str) -> None:
    (entry,) = run("flow", "import", good, "--dry-run", "--json").data
    assert entry["file"] == good
    assert [(stage["id"], stage["line"]) for stage in entry["workflow"]["stages"]] == [("draft", 5), ("check", 9)]
    assert entry["workflow"]["stages"][0]["deliverables"] == [{"id": "draft.md", "name": "draft.md", "required": True}]
    assert (entry["warnings"], entry["errors"]) == ([], [])
    assert "version" not in entry


def test_import_makes_versions_and_only_of_what_changed(run: Run, good: str) -> None:
    assert "✅ Imported: docs, version 1" in run("flow", "import", good).out
    assert "docs is unchanged, version 1" in run("flow", "import", good).out
    run("flow", "retire", "docs")
    retired = run("flow", "import", good).out
    assert "It is retired and starts no new sessions" in retired
    assert "session create" not in retired
    assert run("flow", "import", good, "--json").data[0]["retired"] is True
    write(Path(good), GOOD.replace("Write it", "Write it well"))
    (entry,) = run("flow", "import", good, "--json").data
    assert (entry["version"], entry["changed"], entry["retired"]) == (2, True, False)
    run("flow", "retire", "docs")
    write(Path(good), GOOD)
    assert "It was retired and is in use again." in run("flow", "import", good).out


def test_the_preview_shows_where_each_stage_leads(run: Run, good: str) -> None:
    condition_twice = "everybody has read it and agrees with it" * 2
    write(Path(good), f"{GOOD}transitions:\n  - {{from: draft, to: check, condition: {condition_twice}}}\n")
    lines = run("flow", "import", good, "--dry-run").out.splitlines()
    assert lines[2] == f"      → check ({condition_twice[:59].rstrip()}…)"


def test_import_refuses_somebody_unknown(run: Run, good: str) -> None:
    assert run("flow", "import", good, "--as", "nobody").status == 3
    assert not WorkflowDefinition.objects.exists()


@pytest.mark.parametrize("command", ["import", "validate"])
def test_missing_files_are_not_found(run: Run, tmp_path: Path, command: str) -> None:
    result = run("flow", command, str(tmp_path / "none.yaml"), "--json")
    assert (result.status, result.diagnostic["code"]) == (3, "not-found")


def test_one_error_imports_nothing(run: Run, good: str, broken: str) -> None:
    result = run("flow", "import", good, broken)
    assert result.status == 2
    assert f"❌ {broken}:" in result.out
    assert "Nothing is imported" in result.err
    assert not WorkflowDefinition.objects.exists()
    assert [entry["workflow"] is None for entry in run("flow", "import", good, broken, "--json").data] == [False, True]


def test_files_that_cannot_be_read_are_errors(run: Run, good: str, tmp_path: Path) -> None:
    result = run("flow", "import", good, str(tmp_path / "none.yaml"), str(tmp_path), "--json")
    assert result.status == 2
    assert [len(entry["errors"]) for entry in result.data] == [0, 1, 1]
    assert len(result.diagnostic["errors"]) == 2


def test_two_files_cannot_define_one_workflow_differently(run: Run, good: str, tmp_path: Path) -> None:
    same = write(tmp_path / "same.yaml", GOOD)
    other = write(tmp_path / "other.yaml", GOOD.replace("Write it", "Write"))
    assert run("flow", "validate", good, other).status == 2
    # The source's name is a part of what a definition says, so a copy is another definition.
    assert run("flow", "validate", good, good).status == 0
    assert run("flow", "validate", good, same).status == 2


def test_files_without_a_workflow_import_nothing(run: Run, tmp_path: Path, good: str) -> None:
    readme = write(tmp_path / "README.md", "# Read me\n\nNothing here.\n")
    assert run("flow", "import", readme, "--dry-run").status == 0
    result = run("flow", "import", readme)
    assert result.status == 2
    assert "⚠️" in result.out
    assert run("flow", "import", readme, good).status == 0


def test_validate_says_what_is_in_a_file(run: Run, good: str, broken: str) -> None:
    assert run("flow", "validate", good).out.startswith(f"✅ {good}: docs (Docs)")
    result = run("flow", "validate", good, broken, "--json")
    assert result.status == 2
    assert [(entry["workflow_id"], entry["valid"]) for entry in result.data] == [("docs", True), (None, False)]
    assert all(error["fix"] and error["line"] for error in result.data[1]["errors"])
