"""What the buttons of a session's page are called, and what each will do."""

from __future__ import annotations

from sessions_app.admin.acts import Words
from sessions_app.language import noop

SESSION_WORDS = {
    "start": Words(noop("Start"), noop("The session becomes active, and its stages can begin.")),
    "pause": Words(
        noop("Pause"), noop("The session and its active stages stop. Resume continues exactly where they are.")
    ),
    "resume": Words(
        noop("Resume"), noop("The session goes on. Stages that were paused or failed with it go on as well.")
    ),
    "complete": Words(noop("Complete"), noop("The session ends as completed. It can be reopened later.")),
    "reopen": Words(noop("Reopen"), noop("The session becomes active again. What was done stays done.")),
    "fail": Words(
        noop("Mark as failed"), noop("The session and its open stages count as failed. Resume tries them again.")
    ),
    "abort": Words(
        noop("Abort"), noop("The session and its open stages end for good. Only a savepoint brings them back.")
    ),
    "note": Words(noop("Add a note"), noop("The note stands in the session's log for everybody who sees the session.")),
    "update": Words(noop("Change"), noop("What you change here is written into the session's log.")),
    "delete": Words(
        noop("Delete"),
        noop(
            "The session goes for good, with its stages and its log. A tombstone with your reason stays, and the id "
            "is never used again."
        ),
    ),
}

DANGEROUS = ("fail", "abort", "delete")
LEADING_ON = ("start", "resume")
