"""``flow status``, ``flow next`` and ``flow context``."""

import pytest
from pytest_django import DjangoAssertNumQueries

from sessions_app import language
from tests.cli.conftest import Run


@pytest.fixture
def worked(run: Run, session_id: str) -> str:
    """A session whose memory is worth keeping."""
    run("flow", "session", "update", "--context", "ticket=42", "--context", "n:=[1]")
    run("flow", "run", "dev:story", "--session", session_id)
    run("flow", "item", "done", "1")
    run("flow", "deliverable", "add", "story.md=" + "x" * 500)
    run("flow", "stage", "complete")
    run("flow", "run", "dev:coding", "--session", session_id)
    run("flow", "session", "note", "the cache\n## is wrong")
    return session_id


def test_status_shows_how_far_it_is(run: Run, worked: str) -> None:
    lines = run("flow", "status", worked).out.splitlines()
    assert lines[0] == f"{worked} (User auth): Active"
    assert lines[1] == "██████░░░░░░░░░░░░░░ 33%"
    assert lines[2] == "Status system: In progress (IN_PROGRESS)"
    assert lines[4].startswith("✅ story - done (")
    assert lines[5] == "▶️ coding - in progress"


def test_status_counts_the_items_at_hand(run: Run, session_id: str) -> None:
    run("flow", "run", "dev:story", "--session", session_id)
    run("flow", "item", "done", "1")
    assert "▶️ story - in progress · 1/2 (50.0%)" in run("flow", "status").out


def test_status_as_json(run: Run, worked: str) -> None:
    data = run("flow", "status", "--json").data
    assert (data["progress"], data["completed"], data["remaining"]) == (33, ["story"], ["coding", "review"])
    assert data["chosen_by"] == "switched"


def test_next_as_json(run: Run, worked: str) -> None:
    data = run("flow", "next", worked, "--json").data
    assert data["current_stage_id"] == "coding"
    assert data["next"][0] == {
        "command": f"vc flow stage complete coding --session {worked}",
        "why": "complete the stage coding",
    }


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["pause"], "resume"),
        (["fail", "--reason", "r"], "resume"),
        (["abort"], "create"),
        (["complete", "--force", "--reason", "r"], "reopen"),
    ],
)
def test_next_in_other_states(run: Run, session_id: str, words: list[str], command: str) -> None:
    run("flow", "session", words[0], session_id, *words[1:])
    (step,) = run("flow", "next", session_id, "--json").data["next"]
    assert step["command"].startswith(f"vc flow session {command} ")


def test_next_of_a_waiting_session(run: Run, session_id: str) -> None:
    key = run("flow", "session", "create", "dev", "--no-start", "--json").data["id"]
    assert (
        run("flow", "next", key).out
        == f"{key} (Development): Waiting\n- start the session: vc flow session start {key}\n"
    )


def test_context_holds_the_whole_place(run: Run, worked: str) -> None:
    page = run("flow", "context", worked).out
    lines = page.splitlines()
    assert lines[0] == f"# {worked}: User auth"
    for line in (
        "- Workflow: dev (Development), version 1",
        "- State: Active",
        "- Progress: 33%",
        "## At hand: coding (Coding)",
        "- ticket: 42",
        "- n: [1]",
        "## What comes next",
        f"- complete the stage coding: `vc flow stage complete coding --session {worked}`",
    ):
        assert line in lines
    assert r"local: the cache\n## is wrong" in page
    assert f"- story · story.md: {'x' * 300}… (200 more characters)" in lines
    assert [line for line in lines if line.startswith("## ")] == [
        "## At hand: coding (Coding)",
        "## Stages",
        "## Handed in",
        "## Context",
        "## Notes",
        "## What happened last",
        "## What comes next",
    ]


def test_context_guides_through_the_stage_at_hand(run: Run, session_id: str) -> None:
    run("flow", "run", "dev:story", "--session", session_id)
    run("flow", "item", "done", "1")
    lines = run("flow", "context").out.splitlines()
    for line in (
        "- Done when: Everybody agrees",
        "- Items done: 1/2 (50.0%)",
        "  - [x] 1. Write it",
        "  - [ ] 2. Polish it (optional)",
        "  - [ ] story.md",
    ):
        assert line in lines


def test_context_of_a_paused_session_says_why(run: Run, session_id: str) -> None:
    run("flow", "session", "pause", "--reason", "going home")
    lines = run("flow", "context").out.splitlines()
    assert "- State: Paused (going home)" in lines
    assert "- Shown because: it is your current session" in lines


def test_context_as_json_is_complete(run: Run, worked: str) -> None:
    data = run("flow", "context", "--json").data
    assert data["notes"][0]["reason"] == "the cache\n## is wrong"
    assert data["recent_events"][-1]["type"] == "stage.started"
    assert data["stages"][0]["deliverables"] == {"story.md": "x" * 500}
    assert data["workflow"]["stages"][0]["exit_condition"] == "Everybody agrees"
    assert data["next"]


@pytest.mark.parametrize("command", ["status", "next", "context"])
def test_the_place_is_told_in_chinese(run: Run, worked: str, command: str) -> None:
    language.activate("zh-hans")
    out = run("flow", command, worked).out
    assert "活动" in out
    assert "Active" not in out


def test_context_asks_a_bounded_number_of_questions(
    run: Run, worked: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(16):
        run("flow", "context", worked)
