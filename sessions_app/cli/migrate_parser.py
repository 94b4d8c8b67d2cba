"""``flow migrate``, as data."""

from __future__ import annotations

from sessions_app.cli.arguments import CHANGE, REASON, SESSIONS, WORKFLOW, whole_number
from sessions_app.cli.tree import Argument, Command
from sessions_app.language import noop

MIGRATE = Command(
    "migrate",
    noop("bring open sessions to another version of their workflow"),
    "sessions_app.cli.migrate.migrate",
    WORKFLOW,
    Argument("--to", about=noop("the version's number (the newest)"), metavar=noop("<number>"), type=whole_number),
    Argument(
        "--map",
        about=noop("which stage an old one is now; '-' for an ad hoc one; repeatable"),
        metavar=noop("<old=new>"),
        action="append",
        default=[],
        dest="mapping",
    ),
    Argument(
        "--session",
        about=noop("only this session; repeatable"),
        metavar=noop("<session>"),
        action="append",
        default=[],
        dest="sessions",
        complete=SESSIONS,
    ),
    Argument("--dry-run", about=noop("only show what would become of each"), action="store_true"),
    Argument("--yes", about=noop("do not ask"), action="store_true"),
    Argument(
        "--limit",
        about=noop("how many sessions to name of each kind (20)"),
        metavar=noop("<number>"),
        type=whole_number,
        default=20,
    ),
    REASON,
    *CHANGE,
)
