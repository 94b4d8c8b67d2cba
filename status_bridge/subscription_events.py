"""The types of events that a subscription may ask for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.machine import SESSION_RULES
from sessions_app.masking import shown
from stages_app.machine import STAGE_RULES
from status_bridge.outbox import matches

EVENT_TYPES = (
    "session.created",
    *(rule.event for rule in SESSION_RULES.values()),
    "session.updated",
    "session.noted",
    "session.deleted",
    "session.restored",
    "session.forked",
    "session.migrated",
    "session.mended",
    "session.imported",
    "savepoint.created",
    "stage.created",
    *(rule.event for rule in STAGE_RULES.values()),
    "stage.assigned",
    "stage.updated",
    "stage.claimed",
    "stage.released",
    "item.done",
    "item.reopened",
    "item.added",
    "deliverable.added",
)
"""What vcflow itself records; ``docs/logs.md`` says what each means.  A plugin's own reach who asks for all."""

MOST_PATTERNS = 100

_PATTERN = re.compile(r"[a-z0-9_.*-]{1,60}")


def clean_events(given: Iterable[object]) -> list[str]:
    """Types and patterns such as ``session.*``, each of which fits something; none means all."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidInput(_("The events must be a list."), fix=_("Give them as a list of texts."), field="events")
    patterns = list(given)
    if len(patterns) > MOST_PATTERNS:
        raise InvalidInput(
            _("These are {count} types of events; {most} is the most.").format(count=len(patterns), most=MOST_PATTERNS),
            fix=_("Use patterns, such as session.*."),
            field="events",
        )
    return list(dict.fromkeys(_known(pattern) for pattern in patterns))


def _known(pattern: object) -> str:
    text = pattern if isinstance(pattern, str) else ""
    if _PATTERN.fullmatch(text) and any(matches([text], known) for known in EVENT_TYPES):
        return text
    raise InvalidInput(
        _("There is no event {type}.").format(type=shown(str(pattern))[:80] or "''"),
        fix=_("Use patterns such as session.*, or some of: {names}.").format(names=", ".join(EVENT_TYPES)),
        field="events",
    )
