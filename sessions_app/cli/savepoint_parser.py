"""``flow savepoint``, as data."""

from __future__ import annotations

from sessions_app.cli.arguments import CHANGE, IN_SESSION, JSON, NAME, REASON, REVEAL, SESSION_OR_ACTIVE, whole_number
from sessions_app.cli.tree import Argument, Command, Group
from sessions_app.language import noop

_HANDLERS = "sessions_app.cli.savepoints."

_SAVEPOINT = Argument(
    "savepoint",
    about=noop("a savepoint's id; in the session its number, or last"),
    metavar=noop("<savepoint>"),
    complete="sessions_app.cli.completion.savepoint_ids",
)
_OTHER = Argument(
    "other",
    about=noop("another savepoint; what the session is now if left out"),
    metavar=noop("<other savepoint>"),
    nargs="?",
)
_DRY_RUN = Argument("--dry-run", about=noop("only show what it would change"), action="store_true")

SAVEPOINT = Group(
    "savepoint",
    noop("kept states of sessions: take, compare, restore, fork"),
    Command(
        "create",
        noop("keep all that a session is now"),
        _HANDLERS + "create",
        SESSION_OR_ACTIVE,
        Argument("--note", about=noop("what to know about it"), metavar=noop("<text>"), default=""),
        *CHANGE,
    ),
    Command(
        "list",
        noop("list a session's savepoints, newest first"),
        _HANDLERS + "list_savepoints",
        SESSION_OR_ACTIVE,
        Argument(
            "--limit", about=noop("how many at most (50)"), metavar=noop("<number>"), type=whole_number, default=50
        ),
        JSON,
    ),
    Command("show", noop("show what a savepoint holds"), _HANDLERS + "show", _SAVEPOINT, IN_SESSION, REVEAL, JSON),
    Command(
        "diff",
        noop("what changed since a savepoint, or between two"),
        _HANDLERS + "diff",
        _SAVEPOINT,
        _OTHER,
        IN_SESSION,
        REVEAL,
        JSON,
    ),
    Command(
        "restore",
        noop("put a session back to a savepoint"),
        _HANDLERS + "restore",
        _SAVEPOINT,
        IN_SESSION,
        REASON,
        _DRY_RUN,
        Argument("--yes", about=noop("do not ask"), action="store_true"),
        *CHANGE,
    ),
    Command(
        "fork",
        noop("a new session that goes on from a savepoint"),
        _HANDLERS + "fork",
        _SAVEPOINT,
        IN_SESSION,
        NAME,
        REASON,
        _DRY_RUN,
        *CHANGE,
    ),
)
