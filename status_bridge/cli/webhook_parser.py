"""The commands for webhooks, as data."""

from __future__ import annotations

from sessions_app.cli.arguments import AS, JSON, SESSIONS, WORKFLOWS, whole_number
from sessions_app.cli.tree import Argument, Command, Group
from sessions_app.language import noop

_HERE = "status_bridge.cli.webhooks."
_LOG = "status_bridge.cli.webhook_log."

_WEBHOOK = Argument(
    "webhook",
    about=noop("id, unique beginning of an id, or exact name"),
    metavar=noop("<webhook>"),
    complete="status_bridge.cli.webhooks.webhook_ids",
)
_EVENT = Argument(
    "--event",
    about=noop("a type of event to tell of, or a pattern such as session.*; repeatable (all)"),
    metavar=noop("<type>"),
    action="append",
)
_OPTION = Argument(
    "--option",
    about=noop("a setting of the kind, or key:=json; repeatable"),
    metavar=noop("<key=value>"),
    action="append",
    default=[],
)
_SECRET = Argument(
    "--secret",
    about=noop("a secret, or key=@file; repeatable; the one that signs is made for you"),
    metavar=noop("<key=value>"),
    action="append",
    default=[],
)
_TEAM = Argument("--team", about=noop("tell of the sessions of this team"), metavar=noop("<team>"))
_WORKFLOW = Argument(
    "--workflow",
    about=noop("tell of the sessions of this workflow alone; '' for all"),
    metavar=noop("<workflow>"),
    complete=WORKFLOWS,
)
_ALL_SESSIONS = Argument(
    "--all-sessions", about=noop("tell of everybody's sessions; for administrators"), action="store_true"
)
_OFF = Argument(
    "--off", about=noop("tell nothing until it is turned on"), dest="is_active", action="store_false", default=None
)
_SETTINGS = (_EVENT, _OPTION, _SECRET, _TEAM, _WORKFLOW, _ALL_SESSIONS, _OFF)

WEBHOOK = Group(
    "webhook",
    noop("receivers that are told what happens"),
    Command(
        "create",
        noop("tell a receiver from now on; shows the secret, this once"),
        _HERE + "create",
        Argument("name", about=noop("a name for people"), metavar=noop("<name>")),
        Argument("url", about=noop("where it is told, by https"), metavar=noop("<url>")),
        Argument(
            "--kind", about=noop("what talks to the receiver (webhook)"), metavar=noop("<kind>"), default="webhook"
        ),
        *_SETTINGS,
        AS,
        JSON,
    ),
    Command("list", noop("list the webhooks and how they do"), _HERE + "list_webhooks", JSON),
    Command("show", noop("show a webhook"), _HERE + "show", _WEBHOOK, JSON),
    Command(
        "update",
        noop("change a webhook"),
        _HERE + "update",
        _WEBHOOK,
        Argument("--name", about=noop("a name for people"), metavar=noop("<name>")),
        Argument("--url", about=noop("where it is told, by https"), metavar=noop("<url>")),
        *_SETTINGS,
        Argument("--on", about=noop("tell from now on"), dest="is_active", action="store_true", default=None),
        Argument("--own-sessions", about=noop("tell of its owner's sessions"), action="store_true"),
        AS,
        JSON,
    ),
    Command("rotate", noop("make a new secret and show it, this once"), _HERE + "rotate", _WEBHOOK, AS, JSON),
    Command("ping", noop("try it: send a message that tells of nothing, at once"), _LOG + "ping", _WEBHOOK, AS, JSON),
    Command(
        "log",
        noop("show what was sent and what waits"),
        _LOG + "log",
        _WEBHOOK,
        Argument(
            "--state",
            about=noop("in this state"),
            choices=["WAITING", "DELIVERED", "PARKED", "SKIPPED"],
            type=str.upper,
        ),
        Argument("--session", about=noop("of this session"), metavar=noop("<session>"), complete=SESSIONS),
        Argument("--event", about=noop("of this type of event"), metavar=noop("<type>")),
        Argument(
            "--limit", about=noop("how many at most (20)"), metavar=noop("<number>"), type=whole_number, default=20
        ),
        Argument("--delivery", about=noop("one delivery, with its body"), metavar=noop("<number>"), type=whole_number),
        JSON,
    ),
    Command(
        "replay",
        noop("send again, under the same message ids"),
        _LOG + "replay",
        _WEBHOOK,
        Argument(
            "deliveries",
            about=noop("number of a delivery in its log"),
            metavar=noop("<number>"),
            nargs="*",
            type=whole_number,
        ),
        Argument("--since", about=noop("all that was created since, in ISO 8601"), metavar=noop("<time>")),
        AS,
        JSON,
    ),
    Command("resume", noop("go on with what is parked or on hold"), _LOG + "resume", _WEBHOOK, AS, JSON),
    Command(
        "skip",
        noop("pass over a message that waits"),
        _LOG + "skip",
        _WEBHOOK,
        Argument(
            "delivery", about=noop("number of a delivery in its log"), metavar=noop("<number>"), type=whole_number
        ),
        Argument("--reason", about=noop("why; its log keeps it"), metavar=noop("<text>"), default=""),
        AS,
        JSON,
    ),
    Command("delete", noop("remove a webhook with its log"), _HERE + "delete", _WEBHOOK, AS, JSON),
)
