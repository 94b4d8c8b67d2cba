"""Which session is meant, and that the answer says why."""

import pytest

from sessions_app.models import CurrentSession
from tests.cli.conftest import Run


@pytest.fixture
def two(run: Run, session_id: str) -> list[str]:
    """Two active sessions, neither of them the current one; the newest first."""
    other = run("flow", "session", "create", "dev", "--name", "Other", "--json").data["id"]
    CurrentSession.objects.all().delete()
    return [other, session_id]


def test_nothing_active_says_how_to_begin(run: Run) -> None:
    result = run("flow", "status", "--json")
    assert result.status == 3
    assert result.diagnostic["code"] == "no-active-session"
    assert "vc flow session create '<workflow>'" in result.diagnostic["commands"]


def test_the_only_active_one(run: Run, session_id: str) -> None:
    CurrentSession.objects.all().delete()
    assert run("flow", "status", "--json").data["chosen_by"] == "only-active"
    assert "(it is your only active session)" in run("flow", "session", "pause").out


def test_the_environment_wins_over_the_current_one(run: Run, two: list[str]) -> None:
    run("flow", "session", "switch", two[0])
    data = run("flow", "session", "pause", "--json", VCFLOW_SESSION=two[1]).data
    assert (data["id"], data["chosen_by"]) == (two[1], "environment")


def test_the_named_one_wins_over_all(run: Run, two: list[str]) -> None:
    data = run("flow", "session", "pause", two[0], "--json", VCFLOW_SESSION=two[1]).data
    assert data["id"] == two[0]
    assert "chosen_by" not in data


def test_several_are_refused_with_the_list(run: Run, two: list[str]) -> None:
    result = run("flow", "session", "pause", "--json", typed="1\n")
    assert result.status == 6
    assert [row["id"] for row in result.diagnostic["candidates"]] == two


def test_several_are_asked_about_at_a_terminal(run: Run, two: list[str]) -> None:
    result = run("flow", "session", "pause", typed="2\n")
    assert result.status == 0
    assert f"  2. {two[1]}  User auth  (Active)" in result.err
    assert f"Session: {two[1]} (you picked it)" in result.out


@pytest.mark.parametrize("typed", ["x\n2\n", "0\n9\n{id}\n", "{beginning}\n"])
def test_a_wrong_answer_is_asked_again_and_ids_are_answers(run: Run, two: list[str], typed: str) -> None:
    answers = typed.format(id=two[1], beginning=two[1][:-1])
    result = run("flow", "session", "pause", typed=answers)
    assert f"Session: {two[1]} (you picked it)" in result.out
    assert result.err.count("Which one") == answers.count("\n")


def test_a_third_wrong_answer_ends_it(run: Run, two: list[str]) -> None:
    result = run("flow", "session", "pause", typed="x\ny\nz\n1\n")
    assert result.status == 6
    assert "There is no session y." in result.err


@pytest.mark.parametrize("typed", ["", "\n", "0\n", "3\n", "x\n", "１\n"])
def test_no_answer_is_ambiguous(run: Run, two: list[str], typed: str) -> None:
    result = run("flow", "session", "pause", typed=typed)
    assert result.status == (0 if typed == "１\n" else 6)


def test_an_interrupt_at_the_question(run: Run, two: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_args: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("tests.cli.conftest.Stream.readline", interrupt)
    assert run("flow", "session", "pause", typed="").status == 130


@pytest.mark.parametrize("reference", ["dev-", "nothing", ""])
def test_references_that_fit_several_or_nothing(run: Run, two: list[str], reference: str) -> None:
    result = run("flow", "session", "show", reference, "--json")
    assert result.status == (6 if reference == "dev-" else 3)
    assert result.diagnostic["commands"] == ["vc flow session list --all"]


def test_an_exact_name_is_a_reference(run: Run, two: list[str]) -> None:
    assert run("flow", "session", "show", "Other", "--json").data["id"] == two[0]
