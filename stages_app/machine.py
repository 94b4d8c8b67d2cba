"""The states of a stage instance and the verbs that lead between them, as data.

Imports no Django.  ``retry`` ends in a new attempt; the old one keeps its status.
"""

from __future__ import annotations

from sessions_app.machine import ABORTED, ACTIVE, COMPLETED, FAILED, PAUSED, PENDING, Rule, Table, allowed_verbs

SKIPPED = "SKIPPED"

DONE = (COMPLETED, SKIPPED)
"""States that satisfy ``depends_on`` and count as progress."""

OPEN = (PENDING, ACTIVE, PAUSED)
"""States of an attempt that has not ended."""

ENDED = (COMPLETED, FAILED, SKIPPED, ABORTED)
"""States in which an attempt is over; only a new attempt goes on from there."""

STAGE_RULES: Table = {
    "start": Rule((PENDING,), ACTIVE, "stage.started"),
    "pause": Rule((ACTIVE,), PAUSED, "stage.paused"),
    "resume": Rule((PAUSED,), ACTIVE, "stage.resumed"),
    "complete": Rule((ACTIVE,), COMPLETED, "stage.completed"),
    "fail": Rule((ACTIVE, PAUSED), FAILED, "stage.failed"),
    "retry": Rule((FAILED, COMPLETED, SKIPPED), ACTIVE, "stage.retried"),
    "skip": Rule((PENDING, ACTIVE, PAUSED, FAILED), SKIPPED, "stage.skipped", reason_required=True),
    "abort": Rule((PENDING, ACTIVE, PAUSED, FAILED), ABORTED, "stage.aborted"),
}

WITH_SESSION_ONLY = ("abort",)
"""Verbs that a stage takes part in only when its session does."""

UNBEGUN_VERBS = ("start", "skip")
"""What can be asked of a stage that has no attempt yet."""


def allowed_stage_verbs(status: str) -> list[str]:
    """The verbs that a person may ask of a stage in ``status``."""
    return [verb for verb in allowed_verbs(STAGE_RULES, status) if verb not in WITH_SESSION_ONLY]
