"""The same key twice: done once, answered twice."""

from pathlib import Path

import pytest

from sessions_app.models import FlowSession, SessionEvent
from tests.cli.conftest import Run
from tests.factories import in_team, user


@pytest.mark.parametrize(
    "words",
    [
        ["session", "create", "dev", "--name", "Second"],
        ["run", "dev:story"],
        ["session", "note", "hello"],
        ["session", "pause"],
        ["stage", "start", "story"],
        ["session", "delete", "User auth", "--force"],
        ["session", "switch", "User auth"],
    ],
)
def test_a_repeated_key_gives_the_first_answer(run: Run, session_id: str, words: list[str]) -> None:
    first = run("flow", *words, "--idempotency-key", "k1", "--json")
    before = (FlowSession.objects.count(), SessionEvent.objects.count())
    again = run("flow", *words, "--idempotency-key", "k1", "--json")
    assert first.status == again.status == 0
    assert again.data == {**first.data, "replayed": True}
    assert (FlowSession.objects.count(), SessionEvent.objects.count()) == before


def test_a_repeated_key_does_not_look_for_the_session_anew(run: Run, session_id: str) -> None:
    """The change may have ended the only session: the second asking finds none, and need not."""
    words = ["flow", "session", "abort", "--idempotency-key", "k1"]
    assert run(*words).status == 0
    assert run(*words).out.splitlines() == [
        "This was done before with the same key, as event 2: nothing was done again.",
        f"   Session: {session_id} (User auth), Aborted then",
        "",
        "Next, as it was then:",
        "- vc flow session create dev",
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["stage", "start", "story"], "   Stage: story, in progress then"),
        (["session", "delete", "User auth", "--force"], "   Deleted: {id}"),
    ],
)
def test_a_repetition_tells_what_it_was_about(run: Run, session_id: str, words: list[str], line: str) -> None:
    run("flow", *words, "--idempotency-key", "k1")
    assert line.format(id=session_id) in run("flow", *words, "--idempotency-key", "k1").out.splitlines()


def test_a_repeated_switch_does_not_switch_back(run: Run, session_id: str) -> None:
    words = ["flow", "session", "switch", session_id, "--idempotency-key", "k1"]
    run(*words)
    other = run("flow", "session", "create", "dev", "--json").data["id"]
    assert run(*words, "--json").data["replayed"] is True
    assert run("flow", "session", "current", "--json").data["id"] == other


def test_a_key_belongs_to_one_request(run: Run, session_id: str) -> None:
    run("flow", "session", "note", "one", "--idempotency-key", "k1")
    result = run("flow", "session", "note", "two", "--idempotency-key", "k1", "--json")
    assert (result.status, result.diagnostic["code"]) == (7, "idempotency-key-reused")


def test_a_key_covers_what_files_say(run: Run, session_id: str, tmp_path: Path) -> None:
    file = tmp_path / "story.md"
    file.write_text("one")
    run("flow", "stage", "start", "story")
    words = ["flow", "deliverable", "add", f"story.md=@{file}", "--idempotency-key", "k1", "--json"]
    assert run(*words).status == 0
    file.write_text("two")
    assert run(*words).status == 7


def test_a_refused_request_leaves_its_key_free(run: Run, session_id: str) -> None:
    words = ["flow", "stage", "pause", "story", "--idempotency-key", "k1"]
    assert run(*words).status == 5
    run("flow", "stage", "start", "story")
    assert run(*words).status == 0


def test_a_request_with_nothing_to_do_is_remembered(run: Run, session_id: str) -> None:
    words = ["flow", "session", "start", session_id, "--idempotency-key", "k1", "--json"]
    assert run(*words).data["changed"] is False
    run("flow", "session", "pause")
    assert run(*words).data["changed"] is False


def test_a_repeated_key_tells_nothing_of_a_session_that_is_hidden_now(run: Run, session_id: str) -> None:
    in_team(FlowSession.objects.get(pk=session_id), "web")
    user("mei", operates=["web"])
    words = ["flow", "session", "pause", session_id, "--as", "mei", "--json"]
    assert run(*words, "--idempotency-key", "k1").status == 0
    FlowSession.objects.filter(pk=session_id).update(team=None)
    keyed, plain = run(*words, "--idempotency-key", "k1"), run(*words)
    assert (keyed.status, keyed.diagnostic) == (plain.status, plain.diagnostic)
