"""``flow savepoint``: the transcripts, what is asked, what is refused."""

import json

import pytest

from sessions_app import language
from sessions_app.cli.terminal import Terminal
from sessions_app.models import FlowSession, Savepoint
from sessions_app.services import FlowSessionManager
from tests.cli.conftest import Run

SESSION_ID = "dev-login-7k3q"


@pytest.fixture
def kept(run: Run, session_id: str) -> str:
    """The id of a savepoint; its session went on since."""
    run("flow", "stage", "start", "story")
    run("flow", "session", "update", "--context", "password=hunter2")
    made: str = run("flow", "savepoint", "create", "--note", "before it", "--json").data["id"]
    run("flow", "session", "update", "--context", "password=hunter3")
    run("flow", "item", "done", "1")
    run("flow", "session", "pause")
    return made


def lines_of(text: str, savepoint: str) -> list[str]:
    session_id, _at, _seq = savepoint.partition("@")
    return text.replace(savepoint, "S@N").replace(session_id, "S").splitlines()


def test_create_answers_with_the_savepoint_and_what_is_legal_next(run: Run, session_id: str) -> None:
    result = run("flow", "savepoint", "create", "--note", "a token sk-ant-api03-" + "x" * 40)
    told = result.out.splitlines()
    assert (result.status, told[0]) == (0, f"✅ Savepoint taken: {session_id}@2")
    assert "Next:" in told
    again = run("flow", "savepoint", "create", session_id, "--json").data
    assert set(again) >= {"id", "session_id", "seq", "kind", "note", "size", "version", "changed", "next"}
    assert (again["seq"], again["version"], again["changed"]) == (3, 3, True)
    assert "xxxx" not in Savepoint.objects.get(seq=2).note


def test_list_and_show_tell_what_is_kept(run: Run, kept: str) -> None:
    seq = kept.partition("@")[2]
    listed = run("flow", "savepoint", "list").out
    assert "Number | Taken" in listed
    assert f"{seq}      | by hand" in listed
    assert "In all: 1 savepoint\n" in listed
    assert [row["id"] for row in run("flow", "savepoint", "list", "--json").data] == [kept]
    shown = lines_of(run("flow", "savepoint", "show", "last").out, kept)
    assert shown[0] == "📌 S@N"
    assert "- Note: before it" in shown
    assert "▶️ story.1 - in progress (0/2)" in shown
    state = run("flow", "savepoint", "show", kept, "--json").data["state"]
    assert state["session"]["context"] == {"password": "••••••"}
    revealed = run("flow", "savepoint", "show", seq, "--reveal", "--json").data["state"]
    assert revealed["session"]["context"] == {"password": "hunter2"}
    assert run("flow", "savepoint", "list", "--limit", "0").status == 2


def test_diff_tells_what_changed_since(run: Run, kept: str) -> None:
    told = lines_of(run("flow", "savepoint", "diff", kept).out, kept)
    assert told[0].startswith("What changed since S@N (by hand, ")
    assert told[1:6] == [
        "- State: Active → Paused",
        "- context.password: •••••• → ••••••",
        "- story.1: in progress → on hold",
        "- story.1: ticked: 1. Write it",
        "",
    ]
    data = run("flow", "savepoint", "diff", kept, "last", "--json").data
    assert data == {"from": kept, "to": kept, "differences": []}
    language.activate("zh-hans")
    assert "- 状态: 活动 → 暂停" in run("flow", "savepoint", "diff", kept).out
    language.activate("en")
    revealed = run("flow", "savepoint", "diff", kept, "--reveal").out
    assert "context.password: hunter2 → hunter3" in revealed


def test_restore_puts_it_back_and_the_log_tells_it_in_words(run: Run, kept: str) -> None:
    trial = run("flow", "savepoint", "restore", "last", "--dry-run")
    assert "Restoring would do this:" in trial.out
    assert "- story.1: open again: 1. Write it" in trial.out
    assert FlowSession.objects.get().status == "PAUSED"
    data = run("flow", "savepoint", "restore", kept, "--dry-run", "--json").data
    assert (data["dry_run"], data["status"], data["changed"]) == (True, "ACTIVE", True)
    done = run("flow", "savepoint", "restore", kept, "--reason", "oops")
    assert (done.status, lines_of(done.out, kept)[0]) == (0, "✅ Put back: S (User auth)")
    assert FlowSession.objects.get().context == {"password": "hunter2"}
    log = lines_of(run("flow", "session", "logs").out, kept)
    assert log[-6:] == [
        "    Why: oops",
        "    Savepoint: S@N",
        "    State: Paused → Active",
        "    story.1: on hold → in progress",
        "    story.1: open again: 1. Write it",
        "    context.password: •••••• → ••••••",
    ]
    assert "hunter" not in "".join(log)
    again = run("flow", "savepoint", "restore", kept)
    assert "is unchanged" in again.out


def test_restore_asks_at_a_terminal_alone(run: Run, kept: str) -> None:
    declined = run("flow", "savepoint", "restore", kept, typed="n\n")
    assert "Restore it? [y/N]" in declined.err
    assert "- State: Paused → Active" in declined.out
    assert (declined.status, FlowSession.objects.get().status) == (1, "PAUSED")
    assert run("flow", "savepoint", "restore", kept, typed="y\n").status == 0
    assert FlowSession.objects.get().status == "ACTIVE"
    run("flow", "session", "pause")
    asked = run("flow", "savepoint", "restore", kept, "--yes", typed="")
    assert (asked.status, "[y/N]" in asked.err) == (0, False)


def test_fork_goes_on_and_both_tell_of_each_other(run: Run, kept: str) -> None:
    origin = kept.partition("@")[0]
    assert "Name: - → Other way" in run("flow", "savepoint", "fork", kept, "--name", "Other way", "--dry-run").out
    assert FlowSession.objects.count() == 1
    data = run("flow", "savepoint", "fork", kept, "--name", "Other way", "--json").data
    assert (data["forked_from"], data["version"], data["status"]) == (kept, 1, "ACTIVE")
    assert f"- Forked from: {kept}" in run("flow", "session", "show", data["id"]).out
    shown = run("flow", "session", "show", origin).out
    assert f"- Forks: {data['id']}" in shown
    assert f"- Savepoints: 1: {kept} (by hand)" in shown
    assert run("flow", "session", "show", origin, "--json").data["forked_from"] is None


def test_what_is_not_there_is_refused_with_the_newest(run: Run, kept: str) -> None:
    for words in (["show", "99"], ["diff", "x"], ["restore", "99"], ["fork", "99"], ["diff", "last", "99"]):
        result = run("flow", "savepoint", *words, "--json")
        assert (result.status, result.diagnostic["code"]) == (3, "not-found")
        assert kept in result.diagnostic["fix"]
    both = run("flow", "savepoint", "show", kept, "--session", "dev", "--json")
    assert (both.status, both.diagnostic["code"]) == (2, "usage")


def test_session_without_savepoints_says_how_to_take_one(run: Run, session_id: str) -> None:
    assert f"take one by hand: vc flow savepoint create {session_id}" in run("flow", "savepoint", "list").out
    missing = run("flow", "savepoint", "restore", "last", "--json")
    assert (missing.status, missing.diagnostic["code"]) == (3, "not-found")
    assert "savepoint create" in missing.diagnostic["fix"]


def test_damaged_savepoint_is_a_conflict(run: Run, kept: str) -> None:
    Savepoint.objects.filter(pk=kept).update(data=b"x")
    for verb in ("show", "diff", "restore", "fork"):
        result = run("flow", "savepoint", verb, kept, "--json")
        assert (result.status, result.diagnostic["code"]) == (5, "savepoint-damaged")


def test_key_is_done_once_and_answered_alike(run: Run, kept: str) -> None:
    words = ["flow", "savepoint", "fork", kept, "--idempotency-key", "k", "--json"]
    first, second = run(*words).data, run(*words).data
    assert (first["id"], second["replayed"]) == (second["id"], True)
    keyed = ["flow", "savepoint", "create", kept.partition("@")[0], "--idempotency-key", "k2"]
    made = run(*keyed)
    told = run(*keyed).out
    assert made.status == 0
    assert "nothing was done again" in told
    assert "   Savepoint: " in told
    assert json.loads(run("flow", "savepoint", "list", kept.partition("@")[0], "--json").out)["data"][1]["id"] == kept


def test_fork_says_what_was_current_and_is_current_itself(run: Run, kept: str) -> None:
    told = run("flow", "savepoint", "fork", "last", "--name", "Other way").out
    assert "Made from: " in told
    assert "(it was your current session)" in told
    assert "it is your current" not in told
    fork = FlowSession.objects.get(forked_from=kept)
    assert run("flow", "session", "current", "--json").data["id"] == fork.pk


def test_yes_holds_for_what_was_shown(run: Run, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(_terminal: Terminal, _question: str) -> str:
        FlowSessionManager().update_session(kept.partition("@")[0], {"name": "Other"})
        return "y"

    monkeypatch.setattr(Terminal, "ask", meanwhile)
    result = run("flow", "savepoint", "restore", kept, typed="y\n")
    assert (result.status, FlowSession.objects.get().status) == (5, "PAUSED")
    assert "[stale]" in result.err
