"""The command ``flow status``, as data."""

from __future__ import annotations

from sessions_app.cli.arguments import CHANGE, FORCE, REASON, SESSION_OR_ACTIVE
from sessions_app.cli.tree import Argument, Command
from sessions_app.language import noop

STATUSES = ("PENDING", "IN_PROGRESS", "ON_HOLD", "COMPLETED", "FAILED", "CANCELED")

STATUS = Command(
    "status",
    noop("how far a session is, and how the team's status system sees it"),
    "status_bridge.cli.status.status",
    SESSION_OR_ACTIVE,
    Argument("--overview", about=noop("how the whole project is: counts and health"), action="store_true"),
    Argument(
        "--set",
        about=noop("make the session become what this status means"),
        dest="wanted",
        type=str.upper,
        choices=list(STATUSES),
    ),
    FORCE,
    REASON,
    Argument("--sync", about=noop("write the session's status entry anew"), action="store_true"),
    *CHANGE,
)
