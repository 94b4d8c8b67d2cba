"""The commands for tokens, as data."""

from __future__ import annotations

from sessions_app.cli.arguments import CHANGE, JSON, WORKFLOWS
from sessions_app.cli.tree import Argument, Command, Group
from sessions_app.language import noop
from sessions_app.scopes import SCOPES

_TOKENS = "sessions_app.cli.tokens."

TOKEN = Group(
    "token",
    noop("tokens for programs that use the API"),
    Command(
        "create",
        noop("make a token and show it, this once"),
        _TOKENS + "create",
        Argument("name", about=noop("what it is for; unique among your tokens"), metavar=noop("<name>")),
        Argument(
            "--scope",
            about=noop("what it allows; repeatable (read and work)"),
            action="append",
            choices=list(SCOPES),
        ),
        Argument("--team", about=noop("only for the sessions of this team"), metavar=noop("<team>")),
        Argument(
            "--workflow",
            about=noop("only for the sessions of this workflow"),
            metavar=noop("<workflow>"),
            complete=WORKFLOWS,
        ),
        Argument("--agent", about=noop("for an agent: 24 hours, and no decisions"), action="store_true"),
        Argument("--expires-in", about=noop("how long it is valid, such as 12h or 30d (90d)"), metavar=noop("<time>")),
        CHANGE[0],
        JSON,
    ),
    Command(
        "list",
        noop("list the tokens, those that ended too"),
        _TOKENS + "list_tokens",
        Argument("--all", about=noop("everybody's"), action="store_true"),
        JSON,
    ),
    Command(
        "revoke",
        noop("end a token at once"),
        _TOKENS + "revoke",
        Argument("token", about=noop("id of a token, or its unique beginning"), metavar=noop("<token>")),
        JSON,
    ),
)
