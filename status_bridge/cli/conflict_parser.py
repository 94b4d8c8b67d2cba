"""The commands for conflicts with trackers, as data."""

from __future__ import annotations

from sessions_app.cli.arguments import AS, JSON, SESSIONS
from sessions_app.cli.tree import Argument, Command, Group
from sessions_app.language import noop

_HERE = "status_bridge.cli.conflicts."

_CONFLICT = Argument(
    "conflict",
    about=noop("number of a conflict"),
    metavar=noop("<number>"),
    complete="status_bridge.cli.conflicts.conflict_ids",
)

CONFLICT = Group(
    "conflict",
    noop("where a session and its task in a tracker disagree"),
    Command(
        "list",
        noop("list the conflicts that nobody has settled"),
        _HERE + "list_conflicts",
        Argument("--session", about=noop("of this session"), metavar=noop("<session>"), complete=SESSIONS),
        Argument("--all", about=noop("those that are settled too"), action="store_true"),
        JSON,
    ),
    Command("show", noop("show what both sides say"), _HERE + "show", _CONFLICT, JSON),
    Command(
        "settle",
        noop("say whose value holds"),
        _HERE + "settle",
        _CONFLICT,
        Argument(
            "--keep",
            about=noop("ours is written to the task, theirs is done to the session"),
            choices=["ours", "theirs"],
            required=True,
        ),
        Argument("--reason", about=noop("why; it is kept with the conflict"), metavar=noop("<text>"), default=""),
        AS,
        JSON,
    ),
)
