"""The command of the doctor, as data."""

from __future__ import annotations

from sessions_app.cli.arguments import JSON, SESSIONS
from sessions_app.cli.tree import Argument, Command
from sessions_app.language import noop

DOCTOR = Command(
    "doctor",
    noop("look whether everything is as it must be"),
    "vcflow_site.doctor.command.examine",
    Argument(
        "--session",
        about=noop("only this session; repeatable"),
        metavar=noop("<session>"),
        action="append",
        default=[],
        complete=SESSIONS,
        dest="sessions",
    ),
    Argument("--fix", about=noop("mend what follows from something else"), action="store_true"),
    Argument(
        "--against",
        about=noop("compare with this backup; with the newest one if left out"),
        metavar=noop("<backup>"),
    ),
    JSON,
)
