"""The commands about stages, as data."""

from __future__ import annotations

from sessions_app.cli.arguments import AS, CHANGE, FORCE, IN_SESSION, JSON, REASON, REVEAL, SESSION_OR_ACTIVE
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
_PLACED = (IN_SESSION, _IN_STAGE, *CHANGE)


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

SHOW = Command("show", noop("show a session"), "stages_app.cli.session_page.show", SESSION_OR_ACTIVE, REVEAL, JSON)
"""Belongs to the group ``session``, but needs the stages."""


def _verb(name: str, about: str, *arguments: Argument) -> Command:
    return Command(name, about, f"{_STAGES}{name}", _STAGE, IN_SESSION, *arguments, *CHANGE)


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
)

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
