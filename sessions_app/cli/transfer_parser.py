"""Arguments of what moves sessions from place to place, as data."""

from __future__ import annotations

from sessions_app.cli.arguments import CHANGE, FILES, JSON, WORKFLOWS, whole_number
from sessions_app.cli.tree import Argument, Command
from sessions_app.language import noop

_OF_WORKFLOW = Argument(
    "--workflow", about=noop("only sessions of this workflow"), metavar=noop("<workflow>"), complete=WORKFLOWS
)

IMPORT = Command(
    "import",
    noop("make workflows of files, and sessions of bundles"),
    "sessions_app.cli.imports.import_files",
    FILES,
    Argument("--dry-run", about=noop("only show what would be made"), action="store_true"),
    Argument(
        "--on-conflict",
        about=noop("when a session contradicts what is here: import nothing (fail), leave it out, or rename it"),
        choices=["fail", "skip", "rename"],
        default="fail",
    ),
    Argument(
        "--keep-owners",
        about=noop("owners and assignees are the users of the same names; missing ones become disabled accounts"),
        action="store_true",
    ),
    Argument(
        "--most-bytes",
        about=noop("how large a bundle may be unpacked (16 GiB)"),
        metavar=noop("<number>"),
        type=whole_number,
        default=16 * 1024**3,
    ),
    *CHANGE,
)

EXPORT = Command(
    "export",
    noop("write workflows in vcflow's own format, and sessions as bundles"),
    "sessions_app.cli.transfer.export",
    Argument(
        "workflows",
        about=noop("a workflow or a session"),
        metavar=noop("<workflow|session>"),
        nargs="*",
        complete=WORKFLOWS,
    ),
    Argument("--sessions", about=noop("the open sessions, as a bundle"), action="store_true"),
    _OF_WORKFLOW,
    Argument(
        "--status",
        about=noop("only those in this state, such as PAUSED; repeatable"),
        metavar=noop("<state>"),
        action="append",
        default=[],
        complete="sessions_app.cli.completion.session_states",
    ),
    Argument("--all", about=noop("the ended ones too"), action="store_true"),
    Argument("--bundle", about=noop("workflows as a bundle too"), action="store_true"),
    Argument("--with-secrets", about=noop("secrets too; the log files note who did"), action="store_true"),
    Argument(
        "-o",
        "--output",
        about=noop("into a file (.yaml, .json; bundles: .jsonl, .jsonl.gz) or a folder"),
        metavar=noop("<file>"),
    ),
    JSON,
)

ARCHIVE = Command(
    "archive",
    noop("put sessions that ended long ago into files, and delete them"),
    "sessions_app.cli.archive.archive",
    Argument("--older-than", about=noop("how long ago at least, such as 90d"), metavar=noop("<time>")),
    _OF_WORKFLOW,
    Argument(
        "-o",
        "--output",
        about=noop("the folder of the files (VCFLOW_ARCHIVE_FOLDER)"),
        metavar=noop("<folder>"),
    ),
    Argument("--dry-run", about=noop("only show what would be done"), action="store_true"),
    JSON,
)
