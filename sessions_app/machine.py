"""The states of a session and the verbs that lead between them, as data.

Imports no Django.  Nothing changes a status but the function that reads these
tables (:mod:`sessions_app.verbs`); hints, ``allowed_actions``, the admin's buttons and
the tests are made from them too.
"""

from __future__ import annotations

from typing import NamedTuple

PENDING = "PENDING"
ACTIVE = "ACTIVE"
PAUSED = "PAUSED"
COMPLETED = "COMPLETED"
FAILED = "FAILED"
ABORTED = "ABORTED"

OPEN = (PENDING, ACTIVE, PAUSED, FAILED)
"""States of a session that has not ended."""

ENDED = (COMPLETED, ABORTED)


class Rule(NamedTuple):
    """Where a verb leads from and to, the event it writes, and whether it must say why."""

    sources: tuple[str, ...]
    target: str
    event: str
    reason_required: bool = False


Table = dict[str, Rule]

SESSION_RULES: Table = {
    "start": Rule((PENDING,), ACTIVE, "session.started"),
    "pause": Rule((ACTIVE,), PAUSED, "session.paused"),
    "resume": Rule((PAUSED, FAILED), ACTIVE, "session.resumed"),
    "complete": Rule((ACTIVE,), COMPLETED, "session.completed"),
    "reopen": Rule((COMPLETED,), ACTIVE, "session.reopened", reason_required=True),
    "fail": Rule((ACTIVE, PAUSED), FAILED, "session.failed", reason_required=True),
    "abort": Rule((PENDING, ACTIVE, PAUSED, FAILED), ABORTED, "session.aborted"),
}


def allowed_verbs(table: Table, status: str) -> list[str]:
    """The verbs that lead on from ``status``, in the table's order."""
    return [verb for verb, rule in table.items() if status in rule.sources]
