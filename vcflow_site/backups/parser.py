"""The commands for backups, as data."""

from __future__ import annotations

from sessions_app.cli.arguments import AS, JSON
from sessions_app.cli.tree import Argument, Command, Group
from sessions_app.language import noop

_COMMANDS = "vcflow_site.backups.cli."
_FILE = Argument("file", about=noop("a backup's file, or its name in the backups' folder"), metavar=noop("<file>"))

BACKUP = Group(
    "backup",
    noop("backups of the whole database"),
    Command(
        "create",
        noop("make a backup while others work"),
        _COMMANDS + "create",
        Argument(
            "-o",
            "--output",
            about=noop("a new file, or a folder; a new file in the backups' folder if left out"),
            metavar=noop("<path>"),
        ),
        AS,
        JSON,
        needs="settings",
    ),
    Command(
        "list",
        noop("list the backups in the backups' folder, the newest first"),
        _COMMANDS + "list_backups",
        JSON,
        needs="settings",
    ),
    Command(
        "verify",
        noop("check every byte of a backup, and restore it for a trial"),
        _COMMANDS + "verify",
        _FILE,
        JSON,
        needs="settings",
    ),
    Command(
        "restore",
        noop("put a backup in the place of the database, which is kept; stop the server and the workers first"),
        _COMMANDS + "restore",
        _FILE,
        Argument("--force", about=noop("also if the database holds sessions"), action="store_true"),
        AS,
        JSON,
        needs="settings",
    ),
)
