"""Secrets on the command line: nothing prints them, but ``--reveal`` does."""

import json

import pytest

from sessions_app.masking import MASK
from tests.cli.conftest import Run

KEY = "ghp" + "_" + "a1B2" * 9
PASSWORD = "hunter-two"


@pytest.fixture
def secret_session(run: Run, dev: object) -> str:
    """A session with secrets in its context, its name, a stage's deliverables and a note."""
    created = run(
        *("flow", "session", "create", "dev", "--name", f"Use {KEY}", "--tag", KEY, "--json"),
        *("--context", f"password={PASSWORD}", "--context", f"note=the key {KEY}", "--context", "branch=main"),
    )
    session_id: str = created.data["id"]
    assert (created.data["context"]["password"], created.data["name"]) == (MASK, f"Use {MASK}")
    run("flow", "run", "dev:story", "--session", session_id)
    run("flow", "deliverable", "add", f"token={PASSWORD}", "--session", session_id)
    run("flow", "item", "add", f"Rotate {KEY}", "--session", session_id)
    run("flow", "session", "note", session_id, f"{KEY} leaked")
    run("flow", "session", "update", session_id, "--context", f"password={PASSWORD}2", "--context", "branch=b")
    return session_id


COMMANDS = [
    ("flow", "session", "show", "<id>"),
    ("flow", "session", "list"),
    ("flow", "session", "logs", "<id>"),
    ("flow", "session", "current"),
    ("flow", "session", "switch", "<id>"),
    ("flow", "session", "pause", "<id>"),
    ("flow", "status", "<id>"),
    ("flow", "next", "<id>"),
    ("flow", "context", "<id>"),
    ("flow", "show", "dev-use"),
    ("flow", "visualize", "<id>"),
    ("flow", "stage", "complete", "--session", "<id>"),
    ("flow", "item", "done", "nonsense", "--session", "<id>"),
    ("flow", "item", "done", "3", "--session", "<id>"),
    ("flow", "deliverable", "add", f"api_key={PASSWORD}", "--session", "<id>"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_no_command_prints_a_secret(
    run: Run, secret_session: str, words: tuple[str, ...], form: tuple[str, ...]
) -> None:
    result = run(*(secret_session if word == "<id>" else word for word in words), *form)
    assert result.out or result.err
    for secret in (KEY, KEY.lower(), PASSWORD):
        assert secret not in result.out + result.err


def test_context_reveals_when_it_is_told_to(run: Run, secret_session: str) -> None:
    masked, revealed = (
        run("flow", "context", secret_session, *option, VCFLOW_LANG="en").out for option in ((), ("--reveal",))
    )
    assert f"- password: {MASK}" in masked.splitlines()
    assert f"- story · token: {MASK}" in masked.splitlines()
    assert f"- password: {PASSWORD}2" in revealed.splitlines()
    assert f"- story · token: {PASSWORD}" in revealed.splitlines()
    assert f"# {secret_session}: Use {KEY}" in revealed.splitlines()
    assert run("flow", "context", secret_session, "--json", "--reveal").data["context"]["note"] == f"the key {KEY}"


def test_show_reveals_when_it_is_told_to(run: Run, secret_session: str) -> None:
    data = run("flow", "session", "show", secret_session, "--reveal", "--json").data
    assert data["context"] == {"password": f"{PASSWORD}2", "note": f"the key {KEY}", "branch": "b"}
    assert (data["name"], data["tags"]) == (f"Use {KEY}", [KEY])
    page = run("flow", "session", "show", secret_session, "--reveal").out
    assert f"Use {KEY}" in page
    assert f"Rotate {KEY}" in page


def test_log_tells_that_a_secret_changed(run: Run, secret_session: str) -> None:
    lines = [line.strip() for line in run("flow", "session", "logs", secret_session).out.splitlines()]
    assert f"context.password: {MASK} → {MASK}" in lines
    assert "context.branch: main → b" in lines


def test_masked_value_can_not_be_stored(run: Run, secret_session: str) -> None:
    result = run("flow", "session", "update", secret_session, "--context", f"new={MASK}", "--json")
    assert result.status == 2
    assert (result.diagnostic["code"], result.diagnostic["path"]) == ("masked-value", "new")


def test_repeated_answer_is_masked_too(run: Run, secret_session: str) -> None:
    words = ("flow", "session", "update", secret_session, "--context", f"pwd={PASSWORD}", "--idempotency-key", "k")
    first, again = (run(*words, "--json").data for _time in range(2))
    assert again["replayed"]
    assert again["context"] == first["context"]
    assert PASSWORD not in json.dumps(again)
