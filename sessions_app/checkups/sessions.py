"""The ground's checks of sessions: their logs, the chains of hashes, what the logs add up to, their savepoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from sessions_app.canonical import canonical
from sessions_app.checkups import WARNING, Finding, SessionCheck
from sessions_app.checkups.examining import Examined
from sessions_app.checkups.mending import mend_session
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.masking import shown
from sessions_app.models import Tombstone

LENGTH = 60
"""Characters of a value that a message shows."""


def backup_fix() -> str:
    """The mend of what can't be derived."""
    return _("Put a backup of before back: 'vc flow backup list' shows which there are.")


def value_shown(value: Any) -> str:
    """A value as a message shows it, masked."""
    text = shown(canonical(value))
    return text if len(text) <= LENGTH else f"{text[: LENGTH - 1]}…"


def check_log(examined: Sequence[Examined]) -> Iterator[Finding]:
    """Each log goes from 1 to the version without a gap."""
    for one in examined:
        log, row = one.log, one.flow_session
        if log.gap is not None:
            message = _("The events of {id} have a gap before number {seq}.").format(id=row.pk, seq=log.gap)
            yield Finding("events-missing", message, backup_fix(), session_id=row.pk, seq=log.gap, more=log.gaps - 1)
        elif log.last_seq != row.version:
            message = _("The events of {id} end with number {last}, its row says {version}.").format(
                id=row.pk, last=log.last_seq, version=row.version
            )
            yield Finding("events-cut", message, backup_fix(), session_id=row.pk, seq=log.last_seq)


def check_chain(examined: Sequence[Examined]) -> Iterator[Finding]:
    """Each event has the hash of its fields and of the event before."""
    for one in examined:
        log, row = one.log, one.flow_session
        if log.forged is not None and log.forged != log.gap:
            message = _("Event {seq} of {id} isn't what was written, or one before it is gone.").format(
                id=row.pk, seq=log.forged
            )
            more = log.forgeries - 1
            yield Finding("event-forged", message, backup_fix(), session_id=row.pk, seq=log.forged, more=more)


def check_head(examined: Sequence[Examined]) -> Iterator[Finding]:
    """The session's row has the hash of its last event."""
    for one in examined:
        log, row = one.log, one.flow_session
        if log.is_chained and log.last_seq == row.version and log.last_hash != row.chain_head:
            message = _("The row of {id} has another hash than its last event, number {seq}.").format(
                id=row.pk, seq=log.last_seq
            )
            yield Finding("head-differs", message, backup_fix(), session_id=row.pk, seq=log.last_seq)


def check_replay(examined: Sequence[Examined]) -> Iterator[Finding]:
    """The events add up to what is stored."""
    for one in examined:
        row, broken = one.flow_session, one.log.broken
        if broken is not None and one.log.is_chained:
            message = _("Event {seq} of {id} says what the events before it contradict.").format(
                id=row.pk, seq=broken.seq
            )
            yield Finding("history-broken", message, backup_fix(), session_id=row.pk, seq=broken.seq)
        elif found := one.differences:
            first = found[0]
            message = _("{path} of {id} is {stored}; its events say {replayed}.").format(
                path=shown(first.path),
                id=row.pk,
                stored=value_shown(first.stored),
                replayed=value_shown(first.replayed),
            )
            fix = (
                _("Hand it on with 'vc flow session update': --owner, --team or --no-team.")
                if first.path == "session.team"
                else _("'vc flow doctor --fix' makes it what its events say; secrets come back from a backup alone.")
            )
            mend = partial(mend_session, session_id=row.pk)
            yield Finding(
                "state-differs", message, fix, session_id=row.pk, seq=row.version, more=len(found) - 1, mend=mend
            )


def check_names(examined: Sequence[Examined]) -> Iterator[Finding]:
    """Whose a session and its stages are is what the events say; somebody renamed may look like another."""
    for one in examined:
        row, found = one.flow_session, one.other_names
        for first in found[:1]:
            message = _("{path} of {id} is {stored}; its events say {replayed}.").format(
                path=shown(first.path),
                id=row.pk,
                stored=value_shown(first.stored),
                replayed=value_shown(first.replayed),
            )
            fix = _(
                "Right as it is if the name changed since and the old one was given to another: events keep the names"
                " of their time. Else hand it on: 'vc flow session update' (--owner, --team), 'vc flow stage assign'."
            )
            more = len(found) - 1
            yield Finding("name-differs", message, fix, WARNING, session_id=row.pk, seq=row.version, more=more)


def check_row(examined: Sequence[Examined]) -> Iterator[Finding]:
    """What the row says besides its state is what its first and last event say."""
    for one in examined:
        row, wrong = one.flow_session, one.row_faults
        for name, stored, meant in wrong[:1]:
            message = _("{path} of {id} is {stored}; its events say {replayed}.").format(
                path=name, id=row.pk, stored=stored, replayed=meant
            )
            yield Finding("row-differs", message, backup_fix(), session_id=row.pk, more=len(wrong) - 1)


def check_savepoints(examined: Sequence[Examined]) -> Iterator[Finding]:
    """Savepoints are what was kept, and what the events up to them add up to."""
    for one in examined:
        for savepoint_id, fault in one.bad_savepoints[:1]:
            kind, _space, path = fault.partition(" ")
            yield Finding(
                f"savepoint-{kind}",
                _savepoint_fault(kind, path).format(id=savepoint_id, path=shown(path)),
                _("Don't restore it and don't fork from it: use another savepoint of the session, or a backup."),
                severity=WARNING,
                session_id=one.flow_session.pk,
                seq=int(savepoint_id.rpartition("@")[2]) if savepoint_id.rpartition("@")[2].isdecimal() else None,
                more=len(one.bad_savepoints) - 1,
            )


def _savepoint_fault(kind: str, path: str) -> str:
    if kind == "ahead":
        return _("The savepoint {id} is of an event that isn't there.")
    if kind == "damaged":
        return _("The savepoint {id} is damaged: it is not what was kept.")
    if kind == "misnamed":
        return _("The savepoint {id} has a name that isn't its session's and event's.")
    return _("The savepoint {id} says of {path} something else than the events up to it.")


def check_buried(examined: Sequence[Examined]) -> Iterator[Finding]:
    """No session has the id of a deleted one."""
    buried = Tombstone.objects.filter(pk__in=[one.flow_session.pk for one in examined]).values_list("pk", flat=True)
    for session_id in buried:
        message = _("The session {id} was deleted, and is there again.").format(id=session_id)
        fix = _("Delete it, or keep it and put a backup of before back.")
        yield Finding("tombstone-of-living", message, fix, session_id=session_id)


CHECKS = (
    SessionCheck("log", noop("events are numbered without gaps"), check_log),
    SessionCheck("chain", noop("the chain of hashes over the events"), check_chain),
    SessionCheck("head", noop("where the chain ends"), check_head),
    SessionCheck("replay", noop("the events add up to what is stored"), check_replay),
    SessionCheck("names", noop("whose sessions and stages are"), check_names),
    SessionCheck("rows", noop("what sessions' rows say besides"), check_row),
    SessionCheck("savepoints", noop("savepoints are what was kept"), check_savepoints),
    SessionCheck("tombstones", noop("ids are never used again"), check_buried),
)
