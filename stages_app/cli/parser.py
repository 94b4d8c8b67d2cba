"""The commands about stages, as data."""

from __future__ import annotations

from sessions_app.cli.arguments import (
    AS,
    CHANGE,
    FORCE,
    IN_SESSION,
    JSON,
    REASON,
    REVEAL,
    SESSION_OR_ACTIVE,
    WORKFLOWS,
    whole_number,
)
from sessions_app.cli.tree import Argument, Command, Group
from sessions_app.language import noop

_STAGES = "stages_app.cli.stages."
_ITEMS = "stages_app.cli.items."
_PLACE = "stages_app.cli.place."

STAGES = "stages_app.cli.completion.stage_ids"

_IN_STAGE = Argument(
    "--stage", about=noop("the stage; the current one if left out"), metavar=noop("<stage>"), complete=STAGES
)
_STAGE = Argument(
    "stage",
    about=noop("the stage; the current one if left out"),
    metavar=noop("<stage>"),
    nargs="?",
    complete=STAGES,
)
_LEASE = Argument(
    "--lease",
    about=noop("the lease that you hold on the stage; VCFLOW_LEASE if left out"),
    metavar=noop("<number>"),
)
_PLACED = (IN_SESSION, _IN_STAGE, _LEASE, *CHANGE)


def _items(complete: str) -> Argument:
    return Argument(
        "items", about=noop("id, number or beginning of an item"), metavar=noop("<item>"), nargs="+", complete=complete
    )


_DELIVERABLE = Argument(
    "--deliverable",
    about=noop("hand in key=value, or key=@file; repeatable"),
    metavar=noop("<key=value>"),
    action="append",
    default=[],
)

SHOW = Command(
    "show",
    noop("show a session, as it is or as it was"),
    "stages_app.cli.session_then.show",
    SESSION_OR_ACTIVE,
    Argument(
        "--at",
        about=noop("as it was after the event of that number, or at that moment: a date, a time, or 3d (ago)"),
        metavar=noop("<number|moment>"),
    ),
    REVEAL,
    JSON,
)
"""Belongs to the group ``session``, but needs the stages."""


def _verb(name: str, about: str, *arguments: Argument) -> Command:
    return Command(name, about, f"{_STAGES}{name}", _STAGE, IN_SESSION, *arguments, _LEASE, *CHANGE)


def _lease_verb(name: str, about: str, *arguments: Argument) -> Command:
    return Command(name, about, f"stages_app.cli.leases.{name}", _STAGE, IN_SESSION, *arguments, _LEASE, *CHANGE)


RUN = Command(
    "run",
    noop("work on a stage, in a new session or in one that is there"),
    _STAGES + "run",
    Argument(
        "place",
        about=noop("workflow and stage"),
        metavar=noop("<workflow>:<stage>"),
        complete="stages_app.cli.completion.places",
    ),
    Argument(
        "--session",
        about=noop("the session it is done in; a new one if left out"),
        metavar=noop("<session>"),
        complete=IN_SESSION.complete,
    ),
    Argument("--name", about=noop("names the new session; with --session, the stage"), metavar=noop("<name>")),
    Argument("--ad-hoc", about=noop("a stage that the workflow does not have"), action="store_true"),
    FORCE,
    REASON,
    _LEASE,
    *CHANGE,
)

ITEM = Group(
    "item",
    noop("the checklist of a stage"),
    Command("done", noop("tick items"), _ITEMS + "done", _items("stages_app.cli.completion.open_items"), *_PLACED),
    Command(
        "undo", noop("open items again"), _ITEMS + "undo", _items("stages_app.cli.completion.done_items"), *_PLACED
    ),
    Command(
        "add",
        noop("add an item to this session's stage"),
        _ITEMS + "add",
        Argument("text", about=noop("what is to be done"), metavar=noop("<text>")),
        Argument("--optional", about=noop("the stage can end without it"), action="store_true"),
        *_PLACED,
    ),
)

DELIVERABLE = Group(
    "deliverable",
    noop("what a stage hands in"),
    Command(
        "add",
        noop("hand in deliverables"),
        _ITEMS + "deliver",
        Argument("deliverables", about=noop("key=value, or key=@file"), metavar=noop("<key=value>"), nargs="+"),
        *_PLACED,
    ),
)

STAGE = Group(
    "stage",
    noop("the stages of a session"),
    _verb("start", noop("begin a stage"), FORCE, REASON),
    _verb("pause", noop("pause a stage"), REASON),
    _verb("resume", noop("continue a paused stage"), REASON),
    _verb("complete", noop("end a stage as done"), _DELIVERABLE, FORCE, REASON),
    _verb("fail", noop("mark a stage as failed"), REASON),
    _verb("skip", noop("leave a stage out; needs --reason"), REASON),
    _verb("retry", noop("a new attempt at a stage"), REASON),
    _verb(
        "assign",
        noop("say whose turn a stage is"),
        Argument("--to", about=noop("the user who works on it"), metavar=noop("<user>")),
        Argument("--nobody", about=noop("nobody in particular"), action="store_true"),
    ),
    _lease_verb(
        "claim",
        noop("hold a stage while you work on it: others can't write to it"),
        Argument(
            "--for",
            about=noop("how long it lasts without a heartbeat (the workflow says, else 900)"),
            metavar=noop("<seconds>"),
            type=whole_number,
            dest="seconds",
        ),
        Argument("--holder", about=noop("a label of who holds it (you)"), metavar=noop("<name>"), default=""),
        Argument("--take", about=noop("even from somebody whose time isn't over; needs --reason"), action="store_true"),
        REASON,
    ),
    Command(
        "heartbeat",
        noop("keep a stage that you hold"),
        "stages_app.cli.leases.heartbeat",
        _STAGE,
        IN_SESSION,
        _LEASE,
        AS,
        JSON,
    ),
    _lease_verb("release", noop("hold a stage no longer"), REASON),
)

RECOVER = Command(
    "recover",
    noop("what was interrupted, why, and the command that continues it"),
    "stages_app.cli.recovery.recover",
    Argument("--workflow", about=noop("only those of a workflow"), metavar=noop("<workflow>"), complete=WORKFLOWS),
    Argument("--mine", about=noop("only your own"), action="store_true"),
    Argument("--limit", about=noop("how many at most (50)"), metavar=noop("<number>"), type=whole_number, default=50),
    AS,
    JSON,
)
"""Belongs to the group ``session``, but needs the stages."""

PLACE = (
    Command("next", noop("what comes next, and the command for it"), _PLACE + "next_steps", SESSION_OR_ACTIVE, JSON),
    Command(
        "context",
        noop("the whole place on one page, for coming back"),
        _PLACE + "context",
        SESSION_OR_ACTIVE,
        REVEAL,
        JSON,
    ),
    Command("inbox", noop("the stages whose turn is yours, oldest first"), "stages_app.cli.inbox.show", AS, JSON),
)

STATS = Command(
    "stats",
    noop("how long things take, where the time goes, what fails"),
    "stages_app.cli.stats.show",
    Argument(
        "workflow",
        about=noop("id of a workflow; all if left out"),
        metavar=noop("<workflow>"),
        nargs="?",
        complete=WORKFLOWS,
    ),
    Argument("--since", about=noop("from when: 30d, 12h, 4w, or a date; 30d if left out"), metavar=noop("<moment>")),
    Argument("--until", about=noop("to when, likewise; now if left out"), metavar=noop("<moment>")),
    Argument("--version", about=noop("only this version of the workflow"), metavar=noop("<number>"), type=whole_number),
    AS,
    JSON,
)
