"""Messages from outside: their signature is the login, and they count once.

A wish for a status becomes a verb, done as the subscription's owner within the subscription's bounds.
Anything else that concerns a session wakes its lane, so that the sink looks at the far side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from sessions_app import storage
from sessions_app.change import Outcome
from sessions_app.exceptions import NotAllowed
from sessions_app.idempotency import AlreadyAnswered, Idempotency, fingerprint
from sessions_app.language import gettext as _
from sessions_app.lookup import get_session
from sessions_app.masking import shown
from sessions_app.models import FlowSession
from sessions_app.text import is_reference
from status_bridge import messages, outbox
from status_bridge.entries import entry_id, entry_of
from status_bridge.mapping import SESSION_STATUS_MAPPING
from status_bridge.models import IncomingMessage, Subscription
from status_bridge.representation import entry_json
from status_bridge.signing import bad_signature
from status_bridge.sinks.base import Arrival, Request, Sink, get_sink
from status_bridge.steering import StatusManager, entry_not_found, get_session_of
from status_bridge.subscription_secrets import owner_actor, target_of
from status_bridge.subscriptions import why_not_allowed

SUBMITTED_BY_LENGTH = 150


@dataclass(frozen=True, slots=True)
class Taken:
    """What a message did: ``entry`` is the session's as it stands now, ``is_queued``: a worker looks into it."""

    changed: bool = False
    entry: dict[str, Any] | None = None
    is_queued: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON data."""
        return {"changed": self.changed, "entry": self.entry, "queued": self.is_queued}


def take_in(subscription_id: str, arrival: Arrival, admit: Callable[[str], None] = lambda _id: None) -> Taken:
    """Do what a message from outside asks for.

    Raises NotAllowed (``bad-signature``) alike for a wrong signature and for a subscription that isn't
    there or is turned off, and what the verb raises that the message asks for.  ``admit`` is told the
    subscription's id once the signature is known to be right, and may raise.
    """
    row = _receiver(subscription_id)
    sink = get_sink(row.kind)
    if type(sink).receive is Sink.receive:  # it takes nothing in, which strangers aren't told
        raise bad_signature()
    request = sink.receive(arrival, target_of(row))
    admit(row.pk)
    reason = why_not_allowed(row)
    if reason:
        raise NotAllowed(reason, fix=_("Ask an administrator, or choose sessions that its owner may tell of."))
    if request is None:
        return Taken()
    return _steer(row, request) if request.status else _wake(row, request)


def _receiver(subscription_id: str) -> Subscription:
    rows = Subscription.objects.select_related("owner", "team").filter(is_active=True)
    row = rows.filter(pk=subscription_id).first() if is_reference(subscription_id) else None
    if row is None:
        raise bad_signature()
    return row


def _steer(row: Subscription, request: Request) -> Taken:
    """The verb that leads to the status, done once; what the far side heard from us does nothing."""
    actor = owner_actor(row, submitted_by=_submitted_by(row, request))
    status_id = entry_id(request.session_id)
    flow_session = get_session_of(actor, status_id)
    if not outbox.reaches(row, flow_session):
        raise entry_not_found(status_id)
    if _is_echo(flow_session, request):
        return Taken(entry=_entry(flow_session))
    versions = None if request.version is None else frozenset([request.version])
    manager = StatusManager(actor, idempotency=_once(row, request), expected_versions=versions)
    try:
        flow_session = manager.request_status(status_id, request.status, reason=request.reason)
    except AlreadyAnswered:
        return Taken(entry=_entry(get_session(actor, request.session_id)))
    return Taken(changed=manager.outcome.changed, entry=_entry(flow_session))


def _is_echo(flow_session: FlowSession, request: Request) -> bool:
    """Whether the sender says what we said: our status at the version that it knows is the one it asks for."""
    if request.version is None or request.version > flow_session.version:
        return False
    told = SESSION_STATUS_MAPPING.get(_status_at(flow_session, request.version))
    return told == request.status


def _status_at(flow_session: FlowSession, version: int) -> str:
    """The session's status right after its event of that number; empty if none tells."""
    if version == flow_session.version:
        return flow_session.status
    events = flow_session.events.filter(stage_instance_id="", seq__lte=version)
    changes = events.filter(changes__has_key="status").order_by("-seq").values_list("changes", flat=True).first()
    return changes["status"]["after"] if changes else ""


def _once(row: Subscription, request: Request) -> Idempotency:
    """The message's id as an idempotency key: refused wishes may come again, done ones are done once."""
    digest = hashlib.sha256(request.message_id.encode()).hexdigest()
    wish = [request.session_id, request.status, request.reason, request.version, request.by]
    return Idempotency(f"webhook:{row.pk}:{digest}", fingerprint(wish), _stored_answer)


def _stored_answer(_flow_session: FlowSession, outcome: Outcome) -> dict[str, Any]:
    return {"version": outcome.version}


def _submitted_by(row: Subscription, request: Request) -> str:
    """Who it was, as the far side says; that it says so is seen."""
    said = f"webhook:{row.pk} {shown(request.by)}" if request.by else f"webhook:{row.pk}"
    return said[:SUBMITTED_BY_LENGTH]


def _entry(flow_session: FlowSession) -> dict[str, Any]:
    return entry_json(entry_of(flow_session))


def _wake(row: Subscription, request: Request) -> Taken:
    """Have the sink look at the far side, once per message."""
    seen = FlowSession.objects.visible_to(owner_actor(row))
    flow_session = seen.filter(pk=request.session_id).first() if is_reference(request.session_id) else None
    if flow_session is None or not outbox.reaches(row, flow_session):
        return Taken()
    now = timezone.now()
    with storage.translated(), transaction.atomic(durable=True):
        _noted, is_new = IncomingMessage.objects.get_or_create(
            subscription=row, message_id=request.message_id[:200], defaults={"received_at": now}
        )
        if is_new:
            told = messages.remote_changed(
                row.pk, flow_session.pk, request.message_id, by=request.by, stamp=request.stamp
            )
            outbox.enqueue(row, [told], now)
    return Taken(is_queued=is_new)
