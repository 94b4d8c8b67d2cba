"""How each command of the matrix is called, and how one sees that it was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tests.access.api_requests import (
    Done,
    has_token,
    has_webhook,
    is_current,
    is_gone,
    is_imported,
    is_passed_over,
    is_pinged,
    is_renamed,
    is_retired,
    is_sent_again,
    is_settled,
    is_unsubscribed,
)

WHY = ("--reason", "so")
FORCE = ("--force", "--reason", "enough")


class Call(NamedTuple):
    """The words behind the command's own; ``does``, ``shows`` and ``done`` as for requests."""

    scene: str = "idle"
    words: Sequence[str] = ()
    does: str = ""
    shows: str = ""
    done: Done | None = None


def _on(scene: str, event: str, *words: str) -> Call:
    return Call(scene, ("{session_id}", *words), does=event)


def _in(scene: str, event: str, *words: str) -> Call:
    return Call(scene, (*words, "--session", "{session_id}"), does=event)


_SESSION = {
    "list": Call(words=["--all"], shows="{session_id}"),
    "show": Call(words=["{session_id}"], shows="{session_id}"),
    "recover": Call("paused", shows="{session_id}"),
    "current": Call(words=[], shows="{session_id}"),
    "logs": Call(words=["{session_id}"], shows="session.created"),
    "create": Call(words=["dev"], does="session.created"),
    "start": _on("pending", "session.started"),
    "pause": _on("idle", "session.paused"),
    "resume": _on("paused", "session.resumed"),
    "complete": _on("easy", "session.completed"),
    "fail": _on("idle", "session.failed", *WHY),
    "reopen": _on("completed", "session.reopened", *WHY),
    "abort": _on("idle", "session.aborted"),
    "note": _on("idle", "session.noted", "seen"),
    "switch": Call("building", ["{session_id}"], done=is_current),
    "delete": Call(words=["{session_id}", "--force"], done=is_gone),
}

_STAGE = {
    "start": _in("stage ready", "stage.started", "build"),
    "pause": _in("building", "stage.paused", "build"),
    "resume": _in("stage paused", "stage.resumed", "build"),
    "complete": _in("testing", "stage.completed", "test"),
    "fail": _in("building", "stage.failed", "build"),
    "skip": _in("building", "stage.skipped", "build", *WHY),
    "retry": _in("stage failed", "stage.retried", "build"),
    "claim": _in("building", "stage.claimed", "build"),
    "heartbeat": Call("held", ("build", "--session", "{session_id}", "--lease", "{lease}"), shows='"token": {lease}'),
    "release": _in("held", "stage.released", "build", "--lease", "{lease}"),
    "assign": _in("idle", "stage.assigned", "build", "--to", "wang"),
}

_SAVEPOINTS = {
    ("create", ""): _on("idle", "savepoint.created"),
    ("list", ""): Call("kept", ["{session_id}"], shows="{savepoint_id}"),
    ("show", ""): Call("kept", ["{savepoint_id}"], shows="{savepoint_id}"),
    ("diff", ""): Call("kept", ["{savepoint_id}"], shows="Plan kept since"),
    ("restore", ""): Call("kept", ["{savepoint_id}"], does="session.restored"),
    ("restore", "dry run"): Call("kept", ["{savepoint_id}", "--dry-run"], shows='"dry_run": true'),
    ("fork", ""): Call("kept", ["{savepoint_id}"], does="session.forked"),
    ("fork", "dry run"): Call("kept", ["{savepoint_id}", "--dry-run"], shows='"dry_run": true'),
}

_REST = {
    "vc flow item done": _in("building", "item.done", "write"),
    "vc flow item undo": _in("building", "item.reopened", "check"),
    "vc flow item add": _in("building", "item.added", "More"),
    "vc flow deliverable add": _in("building", "deliverable.added", "spec=x"),
    "vc flow status": Call(words=["{session_id}"], shows="{session_id}"),
    "vc flow next": Call(words=["{session_id}"], shows="{session_id}"),
    "vc flow context": Call(words=["{session_id}"], shows="{session_id}"),
    "vc flow inbox": Call("turns", shows='"{session_id}.{username}.1"'),
    "vc flow stats": Call(shows='"workflow_id": "dev"'),
    "vc flow list": Call(shows='"dev"'),
    "vc flow show": Call(words=["dev"], shows='"dev"'),
    "vc flow retire": Call(words=["unused"], done=is_retired),
    "vc flow migrate": Call("outdated", ["moving", "--session", "{session_id}", "--yes"], does="session.migrated"),
    "vc flow import": Call(words=["{file}"], done=is_imported),
    "vc flow export": Call(words=["dev"], shows="dev"),
    "vc flow archive": Call(words=["--older-than", "1d", "--dry-run"], shows='"sessions"'),
    "vc flow validate": Call(words=["{file}"], shows="fresh"),
    "vc flow visualize": Call(words=["{session_id}"], shows="Build"),
    "vc flow conflict list": Call("building", shows="{session_id}"),
    "vc flow conflict show": Call("building", ["{conflict_id}"], shows="{session_id}"),
    "vc flow conflict settle": Call("building", ["{conflict_id}", "--keep", "theirs"], done=is_settled),
    "vc flow doctor": Call(shows='"checks"'),
    "vc flow worker": Call(words=["--once"], shows="delivered"),
    # To replace the tests' database or to copy one in memory isn't possible: who may gets as far as the file.
    "vc flow backup create": Call(words=["-o", "/nowhere/at/all.backup"]),
    "vc flow backup list": Call(shows='"data"'),
    "vc flow backup verify": Call(words=["/nowhere.backup"]),
    "vc flow backup restore": Call(words=["/nowhere.backup"]),
    "vc flow plugin list": Call(shows='"data"'),
    "vc token create": Call(words=["mine"], done=has_token("{username}")),
    "vc token list": Call(words=["--all"], shows="{token_id}"),
    "vc token revoke": Call(words=["{token_id}"], shows='"revoked"'),
    "vc init": Call(shows="login"),
    "vc completion": Call(words=["bash"], shows="complete"),
}

_HOOK = ("mine", "https://board.example.com/")

_WEBHOOKS = {
    ("create", ""): Call(words=_HOOK, done=has_webhook),
    ("create", "in the team"): Call(words=[*_HOOK, "--team", "{team}"], done=has_webhook),
    ("create", "of all sessions"): Call(words=[*_HOOK, "--all-sessions"], done=has_webhook),
    ("list", ""): Call(shows="{webhook_id}"),
    ("show", ""): Call(words=["{webhook_id}"], shows="{webhook_id}"),
    ("log", ""): Call(words=["{webhook_id}"], shows='"event": "ping"'),
    ("update", "the owner's"): Call(words=["{webhook_id}", "--name", "other"], done=is_renamed),
    ("rotate", "the owner's"): Call(words=["{webhook_id}"], shows='"secret": "whsec_'),
    ("ping", "the owner's"): Call(words=["{webhook_id}"], done=is_pinged),
    ("replay", "the owner's"): Call(words=["{webhook_id}", "{delivery_id}"], done=is_sent_again),
    ("resume", "the owner's"): Call(words=["{webhook_id}"], shows='"resumed": 1'),
    ("skip", "the owner's"): Call(words=["{webhook_id}", "{delivery_id}", *WHY], done=is_passed_over),
    ("delete", "the owner's"): Call(words=["{webhook_id}"], done=is_unsubscribed),
}

CALLS: Mapping[tuple[str, str], Call] = {
    **{(f"vc flow session {name}", ""): call for name, call in _SESSION.items()},
    **{(f"vc flow stage {name}", ""): call for name, call in _STAGE.items()},
    **{(name, ""): call for name, call in _REST.items()},
    **{(f"vc flow savepoint {name}", case): call for (name, case), call in _SAVEPOINTS.items()},
    **{(f"vc flow webhook {name}", case): call for (name, case), call in _WEBHOOKS.items()},
    ("vc flow session create", "in the team"): Call(words=["dev", "--team", "{team}"], does="session.created"),
    ("vc flow session complete", "by force"): _on("idle", "session.completed", *FORCE),
    ("vc flow session update", "name"): _on("idle", "session.updated", "--name", "Other"),
    ("vc flow session update", "owner"): _on("idle", "session.updated", "--owner", "wang"),
    ("vc flow session update", "team"): _on("idle", "session.updated", "--no-team"),
    ("vc flow run", "in a new session"): Call(words=["dev:build"], does="stage.started"),
    ("vc flow run", "in the session"): _in("idle", "stage.started", "dev:build"),
    ("vc flow run", "in the session; by force"): _in("idle", "stage.started", "dev:build", *FORCE),
    ("vc flow stage claim", "taken"): _in("held", "stage.claimed", "build", "--take", *WHY),
    ("vc flow stage start", "by force"): _in("stage ready", "stage.started", "build", *FORCE),
    ("vc flow stage complete", "by force"): _in("building", "stage.completed", "build", *FORCE),
    ("vc flow status", "set"): _on("idle", "session.paused", "--set", "ON_HOLD"),
    ("vc flow status", "sync"): Call(words=["{session_id}", "--sync"], shows='"changes": {}'),
    ("vc flow status", "overview"): Call(words=["--overview"], shows='"workflow_id": "dev"'),
    ("vc flow import", "bundle"): Call(words=["{bundle}"], shows='"present": 1'),
    ("vc flow export", "session"): Call(words=["{session_id}", "-o", "{bundle}"], shows='"kind": "bundle"'),
    ("vc flow import", "dry run"): Call(words=["{file}", "--dry-run"], shows='"fresh"'),
}
"""By the command and the case of the matrix's row."""
