"""What the doctor looks at of attempts: the states noted on their sessions, one that is active, leases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from sessions_app import machine
from sessions_app.checkups import Finding, SessionCheck
from sessions_app.checkups.examining import Examined
from sessions_app.checkups.mending import mend_session
from sessions_app.checkups.sessions import backup_fix, value_shown
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.rows import table
from stages_app.models import StageInstance
from stages_app.states import StageStatus

_COLUMNS = ("session_id", "id", "stage_id", "attempt", "status", "is_exclusive", "lease_token")


def check_states(examined: Sequence[Examined]) -> Iterator[Finding]:
    """The states on the session's row are those of its stages' last attempts."""
    for one in examined:
        row = one.flow_session
        attempts = sorted(one.stored["attempts"].values(), key=lambda attempt: attempt["attempt"])
        states = {attempt["stage_id"]: attempt["status"] for attempt in attempts}
        if states != row.stage_states:
            message = _("The row of {id} has the stages' states {stored}; its attempts have {meant}.").format(
                id=row.pk, stored=value_shown(row.stage_states), meant=value_shown(states)
            )
            fix = _("'vc flow doctor --fix' notes them anew.")
            mend = partial(mend_session, session_id=row.pk)
            yield Finding("stage-states", message, fix, session_id=row.pk, mend=mend)


def check_attempts(examined: Sequence[Examined]) -> Iterator[Finding]:
    """Ids are made of session, stage and number; one is active at most; a lease is one of its session's events."""
    by_session = _rows([one.flow_session.pk for one in examined])
    for one in examined:
        row = one.flow_session
        faults = list(_faults(one, by_session.get(row.pk, [])))
        if faults:
            yield Finding("attempts", faults[0], backup_fix(), session_id=row.pk, more=len(faults) - 1)


def _faults(one: Examined, attempts: Sequence[dict[str, Any]]) -> Iterator[str]:
    row = one.flow_session
    for attempt in attempts:
        if attempt["id"] != f"{row.pk}.{attempt['stage_id']}.{attempt['attempt']}":
            yield _("The attempt {id} has a name that isn't its own.").format(id=attempt["id"])
        if (attempt["lease_token"] or 0) > row.version:
            yield _("The lease of {id} is from an event that isn't there.").format(id=attempt["id"])
    active = [attempt for attempt in attempts if attempt["status"] == StageStatus.ACTIVE]
    if active and row.status in machine.ENDED:
        yield _("The session {id} has ended, and {stage} is still active.").format(id=row.pk, stage=active[0]["id"])
    if len(active) > 1 and any(attempt["is_exclusive"] for attempt in active):
        yield _("Two stages of {id} are active, though only one may be.").format(id=row.pk)


def _rows(session_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    places = ", ".join(["%s"] * len(session_ids))
    columns = table(StageInstance).columns(_COLUMNS, f"session_id IN ({places})", session_ids)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for values in zip(*columns, strict=True):
        attempt = dict(zip(_COLUMNS, values, strict=True))
        found[attempt["session_id"]].append(attempt)
    return found


CHECKS = (
    SessionCheck("stage-states", noop("stages' states on their sessions"), check_states),
    SessionCheck("attempts", noop("attempts, and who holds them"), check_attempts),
)
