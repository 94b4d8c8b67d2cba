"""The ground floor's commands, as data."""

from __future__ import annotations

from sessions_app.cli.arguments import (
    CHANGE,
    CONTEXT,
    FILES,
    FORCE,
    JSON,
    NAME,
    REASON,
    SESSION,
    SESSION_OR_ACTIVE,
    WORKFLOW,
    WORKFLOWS,
    whole_number,
)
from sessions_app.cli.migrate_parser import MIGRATE
from sessions_app.cli.transfer_parser import ARCHIVE, EXPORT, IMPORT
from sessions_app.cli.tree import Argument, Command
from sessions_app.language import noop

_SESSIONS = "sessions_app.cli.sessions."
_LISTS = "sessions_app.cli.session_list."
_WORKFLOWS = "sessions_app.cli.workflows."
_FILES = "sessions_app.cli.files."

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def _verb(name: str, about: str, *arguments: Argument) -> Command:
    return Command(name, about, f"{_SESSIONS}{name}", SESSION_OR_ACTIVE, *arguments, *CHANGE)


SESSION_COMMANDS = (
    Command(
        "list",
        noop("list the open sessions"),
        _LISTS + "list_sessions",
        Argument("--all", about=noop("the ended ones too"), action="store_true"),
        Argument(
            "--status",
            about=noop("only those in this state, such as PAUSED; repeatable"),
            metavar=noop("<state>"),
            action="append",
            default=[],
            complete="sessions_app.cli.completion.session_states",
        ),
        Argument(
            "--workflow", about=noop("only those of this workflow"), metavar=noop("<workflow>"), complete=WORKFLOWS
        ),
        Argument("--mine", about=noop("only your own"), action="store_true"),
        Argument("--search", about=noop("only those with this text in id or name"), metavar=noop("<text>"), default=""),
        Argument(
            "--limit", about=noop("how many at most (50)"), metavar=noop("<number>"), type=whole_number, default=50
        ),
        JSON,
    ),
    Command(
        "create",
        noop("make a session of a workflow"),
        _SESSIONS + "create",
        WORKFLOW,
        NAME,
        CONTEXT,
        Argument("--tag", about=noop("a tag; repeatable"), metavar=noop("<tag>"), action="append", default=[]),
        Argument("--no-start", about=noop("leave it waiting"), dest="start", action="store_false"),
        Argument("--team", about=noop("the team that it belongs to"), metavar=noop("<team>")),
        *CHANGE,
    ),
    _verb("start", noop("start a waiting session"), REASON),
    _verb("pause", noop("pause a session and its active stage"), REASON),
    _verb("resume", noop("continue a paused or failed session"), REASON),
    _verb("complete", noop("end a session as done"), FORCE, REASON),
    _verb("fail", noop("mark a session as failed; needs --reason"), REASON),
    _verb("reopen", noop("take up a completed session again; needs --reason"), REASON),
    _verb("abort", noop("end a session for good, undone"), REASON),
    _verb(
        "note",
        noop("write a note into the event log"),
        Argument("text", about=noop("the note"), metavar=noop("<text>")),
    ),
    Command("switch", noop("make a session the current one"), _SESSIONS + "switch", SESSION, *CHANGE),
    Command("current", noop("which session is meant when none is named"), _SESSIONS + "current", JSON),
    _verb(
        "update",
        noop("change name or context, or whose it is"),
        NAME,
        CONTEXT,
        Argument("--owner", about=noop("hand it to this user"), metavar=noop("<user>")),
        Argument("--team", about=noop("put it into this team"), metavar=noop("<team>")),
        Argument("--no-team", about=noop("take it out of its team"), action="store_true"),
    ),
    Command(
        "delete",
        noop("delete a session with all its events"),
        _SESSIONS + "delete",
        SESSION,
        Argument("--force", about=noop("do not ask"), action="store_true"),
        REASON,
        *CHANGE,
    ),
    Command(
        "logs",
        noop("what happened, and why"),
        "sessions_app.cli.logs.logs",
        SESSION_OR_ACTIVE,
        Argument("--level", about=noop("the least level shown"), type=str.upper, choices=list(LEVELS), default="DEBUG"),
        Argument("--follow", about=noop("go on showing what happens"), action="store_true"),
        JSON,
    ),
)

FLOW_COMMANDS = (
    Command(
        "list",
        noop("list the workflows"),
        _WORKFLOWS + "list_workflows",
        Argument("--type", about=noop("only those of this type"), metavar=noop("<type>")),
        JSON,
    ),
    Command("show", noop("show a workflow with its stages"), _WORKFLOWS + "show", WORKFLOW, JSON),
    Command("retire", noop("start no new sessions of a workflow"), _WORKFLOWS + "retire", WORKFLOW, *CHANGE),
    MIGRATE,
    IMPORT,
    EXPORT,
    ARCHIVE,
    Command("validate", noop("check files without importing them"), _FILES + "validate", FILES, JSON, needs="nothing"),
    Command(
        "visualize",
        noop("draw a workflow, or a session with its states"),
        _WORKFLOWS + "visualize",
        Argument(
            "target", about=noop("a workflow or a session"), metavar=noop("<workflow|session>"), complete=WORKFLOWS
        ),
        Argument(
            "--format", about=noop("how (text)"), type=str.lower, choices=["mermaid", "text", "svg"], default="text"
        ),
        JSON,
    ),
)
