"""What people call states and verbs, and the marks beside them.  Imports no Django.

The English verbs are the commands; in Chinese people read a word of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sessions_app.language import gettext as _
from sessions_app.language import noop

_SESSION_STATES = {
    "PENDING": noop("Waiting"),
    "ACTIVE": noop("Active"),
    "PAUSED": noop("Paused"),
    "COMPLETED": noop("Completed"),
    "FAILED": noop("Failed"),
    "ABORTED": noop("Aborted"),
}


class Look(NamedTuple):
    """How a stage's state is shown: a mark for terminals, a plain one for pictures, and its word."""

    mark: str
    sign: str
    word: str


LOOKS = {
    "PENDING": Look("⏳", "○", noop("to do")),
    "ACTIVE": Look("▶️", "▶", noop("in progress")),
    "PAUSED": Look("⏸️", "‖", noop("on hold")),
    "COMPLETED": Look("✅", "✓", noop("done")),
    "FAILED": Look("❌", "✕", noop("failed")),
    "SKIPPED": Look("⏭️", "»", noop("skipped")),
    "ABORTED": Look("🚫", "■", noop("aborted")),
}

_VERBS = {
    "start": noop("start"),
    "pause": noop("pause"),
    "resume": noop("resume"),
    "complete": noop("complete"),
    "reopen": noop("reopen"),
    "fail": noop("fail"),
    "abort": noop("abort"),
    "retry": noop("retry"),
    "skip": noop("skip"),
    "run": noop("run"),
    "tick": noop("ticking items"),
    "deliver": noop("handing in deliverables"),
    "add": noop("adding items"),
    "create": noop("making a stage ready"),
    "update": noop("update"),
    "switch": noop("switching to it"),
    "work on": noop("working on it"),
    "claim": noop("claim"),
    "release": noop("release"),
    "restore": noop("restoring"),
    "migrate": noop("moving to another version"),
    "force": noop("what was forced"),
}


def _look(status: str) -> Look:
    return LOOKS[status or "PENDING"]


def session_state(status: str) -> str:
    """The state of a session in the current language."""
    return _(_SESSION_STATES[status])


def stage_state(status: str) -> str:
    """The state of a stage in the current language; empty for one that has not begun."""
    return _(_look(status).word)


def session_state_in_full(status: str) -> str:
    """The state of a session for a sentence, with the status that programs see where the word differs."""
    return _in_full(session_state(status).lower(), status)


def stage_state_in_full(status: str) -> str:
    """The state of a stage for a sentence, with the status that programs see where the word differs."""
    return _in_full(stage_state(status), status)


def _in_full(word: str, status: str) -> str:
    return word if word.upper() == status else f"{word} ({status})"


def savepoint_taken(kind: str, verb: str, stage_id: str) -> str:
    """When a savepoint was taken: by hand, at the end of a stage, or before what could be regretted."""
    if kind == "STAGE_END":
        return _("end of {stage}").format(stage=stage_id)
    if kind == "BEFORE":
        return _("before {verb}").format(verb=verb_name(verb))
    return _("by hand")


def mark(status: str) -> str:
    """The sign of a stage's state."""
    return _look(status).mark


def verb_name(verb: str) -> str:
    """A verb in the current language; a plugin's as it is."""
    return _(_VERBS.get(verb, verb))


def verb_names(verbs: Iterable[str]) -> str:
    """Several verbs as a list for people; says so when there is none."""
    return _(", ").join(verb_name(verb) for verb in verbs) or _("nothing, it has ended")
