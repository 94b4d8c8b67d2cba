"""``flow session``: every verb, for people and for programs."""

import pytest
from django.contrib.auth import get_user_model

from sessions_app.definitions.schema import Definition
from sessions_app.models import FlowSession, SessionEvent
from tests.cli.conftest import Run

STATES = {
    "PENDING": [],
    "ACTIVE": [["start"]],
    "PAUSED": [["start"], ["pause"]],
    "FAILED": [["start"], ["fail", "--reason", "r"]],
    "COMPLETED": [["start"], ["complete", "--force", "--reason", "r"]],
    "ABORTED": [["abort"]],
}
LEGAL = {
    ("PENDING", "start"): "ACTIVE",
    ("PENDING", "abort"): "ABORTED",
    ("ACTIVE", "pause"): "PAUSED",
    ("ACTIVE", "complete"): "COMPLETED",
    ("ACTIVE", "fail"): "FAILED",
    ("ACTIVE", "abort"): "ABORTED",
    ("PAUSED", "resume"): "ACTIVE",
    ("PAUSED", "fail"): "FAILED",
    ("PAUSED", "abort"): "ABORTED",
    ("FAILED", "resume"): "ACTIVE",
    ("FAILED", "abort"): "ABORTED",
    ("COMPLETED", "reopen"): "ACTIVE",
}
NO_OPS = {
    ("ACTIVE", "start"),
    ("ACTIVE", "resume"),
    ("ACTIVE", "reopen"),
    ("PAUSED", "pause"),
    ("COMPLETED", "complete"),
    ("FAILED", "fail"),
    ("ABORTED", "abort"),
}
OPTIONS = {"complete": ["--force", "--reason", "r"], "fail": ["--reason", "r"], "reopen": ["--reason", "r"]}
VERBS = ("start", "pause", "resume", "complete", "fail", "reopen", "abort")


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_from_each_state(run: Run, dev: Definition, status: str, verb: str) -> None:
    key = run("flow", "session", "create", "dev", "--no-start", "--json").data["id"]
    for name, *options in STATES[status]:
        assert run("flow", "session", name, key, *options).status == 0
    result = run("flow", "session", verb, key, *OPTIONS.get(verb, []), "--json")
    if (status, verb) in LEGAL:
        assert result.status == 0
        assert (result.data["status"], result.data["changed"]) == (LEGAL[status, verb], True)
        assert result.data["version"] == SessionEvent.objects.filter(session_id=key).count()
    elif (status, verb) in NO_OPS:
        assert result.status == 0
        assert (result.data["status"], result.data["changed"]) == (status, False)
    else:
        assert result.status == 5
        assert result.diagnostic["status"] == status
        named = [command.split()[3] for command in result.diagnostic.get("commands", [])]
        assert named == result.diagnostic["allowed_actions"]


def test_create_takes_everything(run: Run, dev: Definition) -> None:
    words = [
        "--name",
        "用户认证 User auth",
        "--context",
        "ticket=42",
        "--context",
        "n:=[1]",
        "--tag",
        "a",
        "--tag",
        "b",
    ]
    data = run("flow", "session", "create", "dev", *words, "--json").data
    assert data["id"].startswith("dev-user-auth-")
    assert data["context"] == {"ticket": "42", "n": [1]}
    assert data["tags"] == ["a", "b"]
    assert data["version"] == 1
    assert data["next"][0] == {
        "command": f"vc flow run dev:story --session {data['id']}",
        "why": "begin the stage story",
    }


def test_create_tells_people_what_is_next(run: Run, dev: Definition) -> None:
    out = run("flow", "session", "create", "dev", "--name", "User auth").out
    key = FlowSession.objects.get().pk
    assert out.splitlines()[:4] == [
        f"✅ Created: {key} (User auth)",
        "",
        "Next:",
        f"- begin the stage story: vc flow run dev:story --session {key}",
    ]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["nothing"], 3),
        (["dev", "--name", ""], 2),
        (["dev", "--name", "x" * 201], 2),
        (["dev", "--name", "\x1b[2J"], 2),
        (["dev", "--context", "no pair"], 2),
        (["dev", "--context", "a=" + "x" * 1_000_000], 2),
        (["dev", "--as", "nobody"], 3),
    ],
)
def test_create_refuses(run: Run, dev: Definition, words: list[str], status: int) -> None:
    result = run("flow", "session", "create", *words, "--json")
    assert result.status == status
    assert result.out == ""
    assert result.diagnostic["fix"]
    assert not FlowSession.objects.exists()


def test_a_change_can_be_made_for_somebody(run: Run, dev: Definition) -> None:
    get_user_model().objects.create_user("mei")
    data = run("flow", "session", "create", "dev", "--as", "mei", "--json").data
    assert data["owner"] == "mei"
    event = SessionEvent.objects.get()
    assert (event.actor, event.submitted_by, event.door) == ("mei", "local", "cli")


def test_a_reason_is_kept(run: Run, session_id: str) -> None:
    run("flow", "session", "pause", session_id, "--reason", "going home")
    assert SessionEvent.objects.last().reason == "going home"  # type: ignore[union-attr]


def test_note_and_update(run: Run, session_id: str) -> None:
    assert run("flow", "session", "note", "no spaces needed").status == 0
    data = run("flow", "session", "update", session_id, "--name", "New", "--context", "a=b", "--json").data
    assert (data["name"], data["context"], data["version"]) == ("New", {"a": "b"}, 3)
    assert run("flow", "session", "update", session_id, "--context", "a:=null", "--json").data["context"] == {}


def test_update_to_what_it_says_already(run: Run, session_id: str) -> None:
    out = run("flow", "session", "update", session_id, "--name", "User auth").out
    assert out.startswith(f"{session_id} is unchanged: it says so already.\n")


def test_update_of_nothing_is_a_usage_error(run: Run, session_id: str) -> None:
    assert run("flow", "session", "update", session_id).status == 2


def test_switch_and_current(run: Run, session_id: str) -> None:
    other = run("flow", "session", "create", "dev", "--json").data["id"]
    assert run("flow", "session", "current", "--json").data["id"] == other
    assert run("flow", "session", "switch", session_id).out.startswith(f"✅ Current session: {session_id} (User auth)")
    current = run("flow", "session", "current", "--json").data
    assert (current["id"], current["chosen_by"]) == (session_id, "switched")
    assert run("flow", "session", "current").out.splitlines() == [
        f"{session_id}  User auth  (Active)",
        f"   Session: {session_id} (it is your current session)",
    ]
    data = run("flow", "session", "switch", other, "--json").data
    assert (data["id"], data["changed"]) == (other, True)
    assert run("flow", "session", "switch", other, "--json").data["changed"] is False


def test_delete_needs_force_where_nobody_can_be_asked(run: Run, session_id: str) -> None:
    assert run("flow", "session", "delete", session_id).status == 2
    assert run("flow", "session", "delete", session_id, "--json", typed="y\n").status == 2
    result = run("flow", "session", "delete", session_id, "--force", "--reason", "a try", "--json")
    assert (result.data["id"], result.data["changed"], result.data["next"]) == (
        session_id,
        True,
        [{"command": "vc flow session list", "why": "list the sessions that are left"}],
    )
    assert not FlowSession.objects.exists()


@pytest.mark.parametrize(
    ("typed", "deleted"), [("y\n", True), ("是\n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_delete_asks_at_a_terminal(run: Run, session_id: str, typed: str, deleted: bool) -> None:
    result = run("flow", "session", "delete", session_id, typed=typed)
    assert "Delete " in result.err
    assert result.status == (0 if deleted else 1)
    assert deleted or result.err.endswith("Nothing was deleted.\n")
    assert FlowSession.objects.exists() is not deleted


@pytest.mark.parametrize(("verb", "code"), [("fail", "reason-required"), ("reopen", "illegal-transition")])
def test_the_state_is_looked_at_before_the_reason(run: Run, session_id: str, verb: str, code: str) -> None:
    run("flow", "session", "pause", session_id)
    assert run("flow", "session", verb, session_id, "--json").diagnostic["code"] == code


def test_nobody_by_an_empty_name(run: Run, session_id: str) -> None:
    assert run("flow", "session", "pause", "--as", "").err.startswith("Error [not-found]: There is no user ''.\n")


@pytest.mark.parametrize("words", [["note", "x", ""], ["fail", "--reason", ""], ["complete", "--force"]])
def test_empty_reasons_and_notes_are_refused(run: Run, session_id: str, words: list[str]) -> None:
    assert run("flow", "session", *words).status in (2, 3)


def test_complete_lists_what_is_open(run: Run, session_id: str) -> None:
    result = run("flow", "session", "complete", "--json")
    assert result.status == 7
    assert result.diagnostic["open_stages"] == ["story", "coding"]
    assert result.diagnostic["commands"] == [f"vc flow next {session_id}"]
