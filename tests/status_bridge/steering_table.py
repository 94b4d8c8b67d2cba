"""What becomes of each status that is asked for in each state of a session, written by hand.

A verb; ``-`` where it holds already; ``!`` where nothing leads there; ``open`` where a guard has its say, for
the session has an open stage; ``why`` where a reason must be given.  With a reason, and by force to complete, ``open``
and ``why`` become the verb behind the colon.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

STATUSES = ("PENDING", "IN_PROGRESS", "ON_HOLD", "COMPLETED", "FAILED", "CANCELED")

TABLE = {
    #             PENDING  IN_PROGRESS   ON_HOLD  COMPLETED        FAILED      CANCELED
    "PENDING": ("-", "start", "!", "!", "!", "abort"),
    "ACTIVE": ("!", "-", "pause", "open:complete", "why:fail", "abort"),
    "PAUSED": ("!", "resume", "-", "!", "why:fail", "abort"),
    "COMPLETED": ("!", "why:reopen", "!", "-", "!", "!"),
    "FAILED": ("!", "resume", "!", "!", "-", "abort"),
    "ABORTED": ("!", "!", "!", "!", "!", "-"),
}

CODES = {"!": "illegal-transition", "open": "stages-open", "why": "reason-required"}
EXITS = {"!": 5, "open": 7, "why": 2}
HTTP = {"!": 409, "open": 422, "why": 400}

EVENTS = {
    "start": "session.started",
    "pause": "session.paused",
    "resume": "session.resumed",
    "complete": "session.completed",
    "reopen": "session.reopened",
    "fail": "session.failed",
    "abort": "session.aborted",
}


class Cell(NamedTuple):
    """``refusal`` is a key of ``CODES`` or empty; ``verb`` what is done, at once or once it is asked for in full."""

    state: str
    status: str
    refusal: str
    verb: str

    @property
    def name(self) -> str:
        return f"{self.state}-{self.status}"


def cells() -> Iterator[Cell]:
    """All of them."""
    for state, row in TABLE.items():
        for status, told in zip(STATUSES, row, strict=True):
            refusal, _colon, verb = told.partition(":")
            if told in ("-", "!"):
                yield Cell(state, status, told.replace("-", ""), "")
            else:
                yield Cell(state, status, refusal if verb else "", verb or told)


CELLS = list(cells())


def in_full(cell: Cell) -> dict[str, object]:
    """What has to be given besides the status for the cell's verb to be done."""
    return {"reason": "so", **({"force": True} if cell.verb == "complete" else {})}
