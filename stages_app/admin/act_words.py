"""What the buttons of a stage are called, and what each will do."""

from __future__ import annotations

from sessions_app.admin.acts import Words
from sessions_app.language import noop

STAGE_WORDS = {
    "start": Words(noop("Begin"), noop("The stage becomes active, and it is where the session is.")),
    "pause": Words(noop("Pause"), noop("Work on the stage stops. Resume continues it.")),
    "resume": Words(noop("Resume"), noop("Work on the stage goes on.")),
    "complete": Words(noop("Complete"), noop("The stage is done, and the session moves on to what comes next.")),
    "fail": Words(
        noop("Mark as failed"), noop("The stage counts as failed. The session goes on, and the stage can be retried.")
    ),
    "retry": Words(noop("Try again"), noop("A new attempt begins. This one stays as it ended.")),
    "skip": Words(noop("Skip"), noop("The stage counts as done without having been worked on.")),
    "take": Words(
        noop("Take over"),
        noop("Whoever holds the stage loses it: what they still write is refused. Nobody holds it afterwards."),
    ),
    "assign": Words(noop("Assign"), noop("Says whose turn the stage is; with no name it is nobody's.")),
}
ADD_ITEM = Words(noop("Add an item"), noop("The item is added to this session's stage; the workflow stays as it is."))
DELIVER = Words(
    noop("Hand in"), noop("A link, a path or a text. What was handed in under the same name before is replaced.")
)

DANGEROUS = ("fail", "skip", "take")
LEADING_ON = ("start", "resume", "complete")
