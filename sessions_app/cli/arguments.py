"""Arguments that several commands share, as data."""

from __future__ import annotations

from argparse import ArgumentTypeError

from sessions_app.cli.tree import Argument
from sessions_app.language import gettext as _
from sessions_app.language import noop

SESSIONS = "sessions_app.cli.completion.session_ids"
WORKFLOWS = "sessions_app.cli.completion.workflow_ids"


def whole_number(text: str) -> int:
    """An option's number, refused in the user's language."""
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(_("'{text}' is no whole number.").format(text=text)) from None


REVEAL = Argument("--reveal", about=noop("show secrets too; the log files note who did"), action="store_true")
JSON = Argument("--json", about=noop("answer with one JSON document"), action="store_true")
REASON = Argument("--reason", about=noop("why; it is kept in the event log"), metavar=noop("<text>"), default="")
FORCE = Argument("--force", about=noop("pass over what is still open; needs --reason"), action="store_true")
NAME = Argument("--name", about=noop("a name for people"), metavar=noop("<name>"))
CONTEXT = Argument(
    "--context",
    about=noop("an entry of the context, or key:=json; repeatable"),
    metavar=noop("<key=value>"),
    action="append",
    default=[],
)

AS = Argument("--as", about=noop("the user this is done for"), metavar=noop("<user>"), dest="as_user")

CHANGE = (
    AS,
    Argument(
        "--idempotency-key",
        about=noop("do it once only: the same key gives the same answer again"),
        metavar=noop("<key>"),
    ),
    JSON,
)
"""What every command that changes something takes."""

SESSION = Argument(
    "session", about=noop("id, unique beginning of an id, or exact name"), metavar=noop("<session>"), complete=SESSIONS
)
SESSION_OR_ACTIVE = Argument(
    "session",
    about=noop("id, unique beginning of an id, or exact name; the active one if left out"),
    metavar=noop("<session>"),
    nargs="?",
    complete=SESSIONS,
)
IN_SESSION = Argument(
    "--session",
    about=noop("the session it is done in; the active one if left out"),
    metavar=noop("<session>"),
    complete=SESSIONS,
)
WORKFLOW = Argument("workflow", about=noop("id of a workflow"), metavar=noop("<workflow>"), complete=WORKFLOWS)
FILES = Argument("files", about=noop("a workflow or rule file"), metavar=noop("<file>"), nargs="+")
