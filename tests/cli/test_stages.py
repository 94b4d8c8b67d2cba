"""``flow run``, ``flow stage``, ``flow item`` and ``flow deliverable``."""

from pathlib import Path

import pytest

from sessions_app.definitions.schema import Definition
from sessions_app.models import FlowSession
from stages_app.models import StageInstance
from tests.cli.conftest import Run


@pytest.fixture
def at_story(run: Run, session_id: str) -> str:
    run("flow", "run", "dev:story", "--session", session_id)
    return session_id


def test_run_makes_a_session_that_name_names(run: Run, session_id: str) -> None:
    data = run("flow", "run", "dev:story", "--name", "Second", "--json").data
    assert (data["stage_id"], data["status"], data["session"]["name"]) == ("story", "ACTIVE", "Second")
    assert data["session"]["id"] != session_id
    assert data["version"] == 2


def test_run_in_a_session_names_the_stage(run: Run, session_id: str) -> None:
    data = run("flow", "run", "dev:story", "--session", session_id, "--name", "First part", "--json").data
    assert (data["name"], data["session_id"]) == ("First part", session_id)
    again = run("flow", "run", "dev:story", "--session", session_id)
    assert again.out.startswith(f"The stage story of {session_id} is unchanged: it is in progress already.")


@pytest.mark.parametrize(
    ("place", "status"),
    [("dev", 2), (":story", 2), ("dev:", 2), ("none:story", 3), ("dev:none", 3), ("dev:coding", 7)],
)
def test_run_refuses_places(run: Run, session_id: str, place: str, status: int) -> None:
    assert run("flow", "run", place).status == status
    assert FlowSession.objects.count() == 1


def test_run_refuses_without_naming_the_session_that_is_not_made(run: Run, dev: Definition) -> None:
    unknown = run("flow", "run", "dev:nope", "--json").diagnostic
    assert unknown["message"] == "The workflow dev has no stage nope."
    assert (unknown["fix"], unknown["workflow_id"]) == ("Its stages: story, coding, review.", "dev")
    unmet = run("flow", "run", "dev:coding", "--json").diagnostic
    assert unmet["commands"] == ["vc flow show dev"]
    assert "session_id" not in {*unknown, *unmet}
    assert "session_id" not in run("flow", "run", "dev:No id", "--ad-hoc", "--json").diagnostic


def test_run_refuses_a_session_of_another_workflow(run: Run, session_id: str, tmp_path: Path) -> None:
    file = tmp_path / "docs.yaml"
    file.write_text("vcflow: 1\nid: docs\nname: Docs\nstages: [{id: draft, name: Draft}]\n")
    run("flow", "import", str(file))
    result = run("flow", "run", "docs:draft", "--session", session_id, "--json")
    assert result.status == 2
    assert result.diagnostic["workflow_id"] == "dev"


def test_run_ad_hoc(run: Run, session_id: str) -> None:
    assert run("flow", "run", "dev:spike", "--session", session_id, "--ad-hoc", "--json").data["ad_hoc"] is True


def test_run_while_another_is_active_offers_what_frees_the_way(run: Run, at_story: str) -> None:
    result = run("flow", "run", "dev:review", "--session", at_story, "--json")
    assert result.status == 5
    assert f"vc flow stage pause story --session {at_story}" in result.diagnostic["commands"]
    assert f"vc flow stage skip story --session {at_story} --reason '<reason>'" in result.diagnostic["commands"]


def test_items_by_number_id_and_text(run: Run, at_story: str) -> None:
    data = run("flow", "item", "done", "1", "polish", "--json").data
    assert data["completed_items"] == ["write", "polish"]
    data = run("flow", "item", "undo", "Polish it", "--session", at_story, "--stage", "story", "--json").data
    assert data["completed_items"] == ["write"]
    assert "· 1 item open" in run("flow", "item", "done", "1").out
    assert run("flow", "item", "done", "9").status == 3


def test_items_can_be_added(run: Run, at_story: str) -> None:
    data = run("flow", "item", "add", "Ask the users", "--json").data
    assert (data["number"], data["text"], data["required"], data["stage_id"]) == (3, "Ask the users", True, "story")
    assert data["session"]["id"] == at_story
    assert run("flow", "item", "add", "Draw it", "--optional").out.startswith("✅ Added to story: 4. Draw it")


def test_deliverables_from_words_and_files(run: Run, at_story: str, tmp_path: Path) -> None:
    file = tmp_path / "story.md"
    file.write_text("# Story\n")
    data = run("flow", "deliverable", "add", f"story.md=@{file}", "link=https://x", "--json").data
    assert data["deliverables"] == {"story.md": "# Story\n", "link": "https://x"}
    assert data["warnings"] == ["The stage story doesn't ask for link; it asks for: story.md."]
    assert run("flow", "deliverable", "add", "story.md=x", "--json").data["warnings"] == []
    missing = run("flow", "deliverable", "add", f"a=@{tmp_path / 'none'}", "--json")
    assert (missing.status, missing.diagnostic["code"]) == (2, "file")


def test_complete_lists_what_is_open_with_the_commands(run: Run, at_story: str) -> None:
    result = run("flow", "stage", "complete", "--json")
    assert result.status == 7
    place = f"--session {at_story} --stage story"
    assert result.diagnostic["commands"] == [
        f"vc flow item done write {place}",
        f"vc flow deliverable add 'story.md=<value>' {place}",
    ]


def test_complete_with_deliverables_moves_on(run: Run, at_story: str) -> None:
    run("flow", "item", "done", "1")
    data = run("flow", "stage", "complete", "--deliverable", "story.md=done", "--json").data
    assert (data["status"], data["session"]["current_stage_id"]) == ("COMPLETED", "coding")
    assert data["next"][0] == {
        "command": f"vc flow run dev:coding --session {at_story}",
        "why": "begin the stage coding (agreed)",
    }


def test_completing_with_a_deliverable_that_is_not_asked_for_warns(run: Run, at_story: str) -> None:
    run("flow", "item", "done", "1")
    result = run("flow", "stage", "complete", "--deliverable", "story.md=done", "--deliverable", "story.mdd=x")
    assert result.err == "Warning: The stage story doesn't ask for story.mdd; it asks for: story.md.\n"
    run("flow", "stage", "start", "coding")
    assert run("flow", "deliverable", "add", "anything=x").err == ""


def test_completing_the_last_required_stage_says_so(run: Run, at_story: str) -> None:
    run("flow", "stage", "complete", "--force", "--reason", "known")
    run("flow", "stage", "start", "coding")
    out = run("flow", "stage", "complete").out
    assert f"the session {at_story} is completed" in out
    assert FlowSession.objects.get().status == "COMPLETED"


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["pause"], "PAUSED", "✅ Paused: story (Story)"),
        (["fail", "--reason", "r"], "FAILED", "✅ Marked as failed: story (Story)"),
        (["skip", "--reason", "r"], "SKIPPED", "✅ Skipped: story (Story)"),
    ],
)
def test_stage_verbs(run: Run, at_story: str, words: list[str], status: str, sentence: str) -> None:
    assert run("flow", "stage", *words).out.startswith(sentence)
    assert StageInstance.objects.get().status == status


def test_a_paused_stage_resumes_and_a_failed_one_is_retried(run: Run, at_story: str) -> None:
    run("flow", "stage", "pause")
    assert run("flow", "next").out.splitlines()[2] == (
        f"- continue the stage story: vc flow stage resume story --session {at_story}"
    )
    assert run("flow", "stage", "resume").out.startswith("✅ In progress again: story")
    run("flow", "stage", "fail")
    commands = [step["command"] for step in run("flow", "next", "--json").data["next"]]
    assert f"vc flow stage retry story --session {at_story}" in commands
    assert run("flow", "stage", "retry", "--json").data["attempt"] == 2


def test_a_retry_warns_beside_the_answer(run: Run, at_story: str) -> None:
    run("flow", "stage", "skip", "story", "--reason", "r")
    result = run("flow", "stage", "retry", "story")
    assert result.err.startswith("Warning: ")
    assert result.out.startswith("✅ A new attempt: story")


def test_stage_without_a_place_is_refused(run: Run, session_id: str) -> None:
    result = run("flow", "stage", "pause", "coding", "--json")
    assert result.status == 5
    assert result.diagnostic["commands"][0] == f"vc flow stage start coding --session {session_id}"
