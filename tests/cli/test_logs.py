"""``flow session logs``."""

import json
import signal

import pytest
from django.utils.timezone import now

from sessions_app.cli import logs
from sessions_app.cli.event_lines import EventLines
from sessions_app.models import FlowSession, SessionEvent
from tests.cli.conftest import Run
from tests.factories import user


@pytest.fixture
def busy(run: Run, session_id: str) -> str:
    run("flow", "run", "dev:story", "--session", session_id)
    run("flow", "item", "done", "1")
    run("flow", "session", "fail", "--reason", "no \x1bbudget".replace("\x1b", "\u202e"))
    return session_id


def test_logs_tell_what_happened_and_why(run: Run, busy: str) -> None:
    lines = run("flow", "session", "logs", busy).out.splitlines()
    assert run("flow", "session", "logs").out.startswith(f"   Session: {busy} (it is your current session)\n")
    assert lines[0].endswith("INFO    #1 session created · local (cli)")
    assert "DEBUG   #3 item ticked story.1 · local (cli)" in lines[2]
    assert lines[3] == "    1. Write it"
    assert r"    Why: no \u202ebudget" in lines
    assert "    Active → Failed" in lines
    assert "    in progress → failed" in lines


def test_logs_tell_what_a_change_was_about(run: Run, session_id: str) -> None:
    run("flow", "run", "dev:story", "--session", session_id)
    run("flow", "item", "add", "Ask the users")
    run("flow", "item", "done", "3")
    run("flow", "deliverable", "add", "story.md=one\ntwo")
    run("flow", "session", "update", "--context", "branch=login", "--name", "Login")
    run("flow", "session", "note", "first \u202eline\n\nthird line")
    told = [line for line in run("flow", "session", "logs", session_id).out.splitlines() if line.startswith(" ")]
    assert told == [
        "    3. Ask the users",
        "    3. Ask the users",
        "    story.md: one\\ntwo",
        "    name: User auth → Login",
        "    context.branch: - → login",
        "    first \\u202eline",
        "        ",
        "        third line",
    ]


def test_an_item_whose_addition_is_not_shown_keeps_its_id(run: Run, session_id: str) -> None:
    flow_session = FlowSession.objects.get()
    event = SessionEvent(session=flow_session, seq=1, type="item.done", actor="a", door="cli", created_at=now())
    event.stage_instance_id, event.changes = f"{session_id}.none.1", {"items.ask.done": {"before": 0, "after": 1}}
    assert list(EventLines(flow_session).of(event))[1] == "    ask"


def test_following_ends_when_the_session_is_deleted(run: Run, session_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(_out: object) -> None:
        run("flow", "session", "delete", session_id, "--force")

    monkeypatch.setattr(logs, "_wait", wait)
    result = run("flow", "session", "logs", session_id, "--follow")
    assert result.status == 3
    assert f"The session {session_id} was deleted." in result.err


@pytest.mark.parametrize(("level", "count"), [("debug", 5), ("INFO", 4), ("warning", 2), ("error", 2)])
def test_level_is_a_minimum(run: Run, busy: str, level: str, count: int) -> None:
    assert len(run("flow", "session", "logs", "--level", level, "--json").data) == count


def test_nothing_at_a_level_is_said(run: Run, session_id: str) -> None:
    assert run("flow", "session", "logs", session_id, "--level", "error").out == "Nothing happened at this level.\n"


def test_who_submitted_it_is_told(run: Run, session_id: str) -> None:
    user("mei", operates=["platform"])
    run("flow", "session", "update", session_id, "--team", "platform")
    run("flow", "session", "note", session_id, "x", "--as", "mei")
    assert "note · mei (cli), submitted by local" in run("flow", "session", "logs", session_id).out


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_follow_goes_on_until_it_is_interrupted(
    run: Run, session_id: str, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    waits = iter([lambda: run("flow", "session", "note", session_id, "hello"), None])

    def wait(_out: object) -> None:
        something_happens = next(waits)
        if something_happens is None:
            raise KeyboardInterrupt
        something_happens()

    monkeypatch.setattr(logs, "_wait", wait)
    result = run("flow", "session", "logs", session_id, "--follow", *words)
    assert result.status == 130
    lines = result.out.splitlines()
    if words:
        assert [json.loads(line)["data"]["seq"] for line in lines] == [1, 2]
    else:
        assert lines[-1] == "    hello"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_swallows_still_ends_following(
    run: Run, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finaliser:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def lines_of(told: EventLines, event: SessionEvent) -> list[str]:
        Finaliser()
        return ["went on"]

    monkeypatch.setattr(EventLines, "of", lines_of)
    monkeypatch.setattr(logs, "_wait", lambda _out: pytest.fail("the interrupt was lost"))
    result = run("flow", "session", "logs", session_id, "--follow")
    assert (result.status, result.out) == (130, "went on\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
