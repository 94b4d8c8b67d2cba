"""What the doctor looks at of the status system and of what waits to be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from sessions_app import storage
from sessions_app.actors import Actor
from sessions_app.change import lock_session
from sessions_app.checkups import Check, Finding, SessionCheck, Tally
from sessions_app.checkups.examining import Examined
from sessions_app.checkups.sessions import backup_fix
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.models import FlowSession, Tombstone
from status_bridge import entries, outbox
from status_bridge.leases import LEASE, lock_subscription
from status_bridge.models import Delivery, DeliveryState, Lane, Link, StatusEntry

_AT_ONCE = 500
_FAR = LEASE + timedelta(hours=1)


def check_entries(examined: Sequence[Examined]) -> Iterator[Finding]:
    """The status system's entry says what the session is."""
    rows = StatusEntry.objects.in_bulk([one.flow_session.pk for one in examined], field_name="session_id")
    for one in examined:
        flow_session, stored = one.flow_session, rows.get(one.flow_session.pk)
        meant = entries.entry_of(flow_session)
        wrong = [
            name
            for name in (*meant.as_dict(), "version")
            if stored is None or getattr(stored, name) != getattr(meant, name)
        ]
        if wrong:
            message = (
                _("{name} of the status entry of {id} isn't what the session says.").format(
                    name=wrong[0], id=flow_session.pk
                )
                if stored
                else _("The session {id} has no status entry.").format(id=flow_session.pk)
            )
            fix = _("'vc flow doctor --fix' writes it anew; 'vc flow status {id} --sync' does what somebody set in it.")
            is_mendable = not one.row_faults  # else the entry would take over what the row was made to say
            yield Finding(
                "entry-differs" if stored else "entry-missing",
                message,
                fix.format(id=flow_session.pk) if is_mendable else backup_fix(),
                session_id=flow_session.pk,
                more=len(wrong) - 1 if stored else 0,
                mend=partial(_write_entry, session_id=flow_session.pk) if is_mendable else None,
            )


def _write_entry(_actor: Actor, session_id: str) -> str:
    with storage.translated(), transaction.atomic():
        changed = entries.rewrite_entry(lock_session(session_id))
    return _("{id}: its status entry was written anew.").format(id=session_id) if changed else ""


def check_lanes(tally: Tally) -> Iterator[Finding]:
    """What waits will be taken up, and what is due has something to say."""
    waiting = Delivery.objects.filter(
        subscription=OuterRef("subscription"), session_id=OuterRef("session_id"), state=DeliveryState.WAITING
    )
    tally.checked = Lane.objects.count()
    far = Lane.objects.filter(lease_until__gt=timezone.now() + _FAR)
    for lane in far.iterator(chunk_size=_AT_ONCE):
        message = _("The lane of {id} to {webhook} is leased until {time}.").format(
            id=lane.session_id, webhook=lane.subscription_id, time=lane.lease_until
        )
        yield _lane_finding("lane-leased", message, lane.subscription_id, lane.session_id)
    asleep = Lane.objects.filter(due_at__isnull=True, parked_at__isnull=True).filter(Exists(waiting))
    for lane in asleep.iterator(chunk_size=_AT_ONCE):
        message = _("Messages of {id} to {webhook} wait in a lane that nobody takes up.").format(
            id=lane.session_id, webhook=lane.subscription_id
        )
        yield _lane_finding("lane-asleep", message, lane.subscription_id, lane.session_id)


def check_deliveries(tally: Tally) -> Iterator[Finding]:
    """Every message that waits has a lane."""
    lanes = Lane.objects.filter(subscription=OuterRef("subscription"), session_id=OuterRef("session_id"))
    waiting = Delivery.objects.filter(state__in=[DeliveryState.WAITING, DeliveryState.PARKED])
    tally.checked = waiting.count()
    for subscription_id, session_id in (
        waiting.filter(~Exists(lanes)).order_by().values_list("subscription_id", "session_id").distinct()
    ):
        message = _("Messages of {id} to {webhook} wait, and there is no lane for them.").format(
            id=session_id, webhook=subscription_id
        )
        yield _lane_finding("lane-missing", message, subscription_id, session_id)


def _lane_finding(code: str, message: str, subscription_id: str, session_id: str) -> Finding:
    fix = _("'vc flow doctor --fix' lets a worker take it up.")
    mend = partial(_wake, subscription_id=subscription_id, session_id=session_id)
    return Finding(code, message, fix, session_id=session_id, mend=mend)


def _wake(_actor: Actor, subscription_id: str, session_id: str) -> str:
    """A lane is there and due; a lease beyond all measure ends."""
    now = timezone.now()
    with storage.translated(), transaction.atomic():
        lock_subscription(subscription_id)
        lane = Lane.objects.filter(subscription=subscription_id, session_id=session_id)
        lane.filter(lease_until__gt=now + _FAR).update(lease_until=None, lease_token="", due_at=now)
        outbox.wake(subscription_id, session_id, now, count=0)
    return _("{id}: its messages to {webhook} are due.").format(id=session_id, webhook=subscription_id)


def check_traces(tally: Tally) -> Iterator[Finding]:
    """Sessions of which something is told or linked are there, or have left a tombstone."""
    for rows, what in ((Lane.objects.all(), noop("a lane")), (Link.objects.all(), noop("a link to a tracker"))):
        tally.checked += rows.count()
        known = FlowSession.objects.filter(pk=OuterRef("session_id"))
        buried = Tombstone.objects.filter(pk=OuterRef("session_id"))
        gone = rows.exclude(session_id="").filter(~Exists(known), ~Exists(buried)).order_by("session_id")
        for session_id in gone.values_list("session_id", flat=True).distinct().iterator(chunk_size=_AT_ONCE):
            message = _("There is {what} of the session {id}, which is gone without a tombstone.").format(
                what=_(what), id=session_id
            )
            fix = _("Put a backup of before back: 'vc flow backup list' shows which there are.")
            yield Finding("session-vanished", message, fix, session_id=session_id)


CHECKS = (
    SessionCheck("entries", noop("entries of the status system"), check_entries),
    Check("lanes", noop("what waits is taken up"), check_lanes),
    Check("deliveries", noop("what waits has a lane"), check_deliveries),
    Check("traces", noop("sessions that something is told of"), check_traces),
)
