"""What receivers are told: CloudEvents 1.0 in JSON, one for each event of a session.

``data`` is ``{"event": …, "entry": …}``: the event as ``GET /api/v1/events/`` shows it, secrets
masked, and the session's status entry as the whole change left it; null once it is deleted.
Source: the JSON event format of the CloudEvents specification.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.utils import timezone

from sessions_app.change import Change
from sessions_app.models import SessionEvent
from status_bridge.entries import entry_of

SOURCE = "/vcflow"
TYPE_PREFIX = "vcflow."
PING = "ping"
REMOTE_CHANGED = "remote.changed"
MAX_BODY = 256 * 1024
"""Bytes: a larger body goes out without the event's ``changes``, which the feed has."""


@dataclass(frozen=True)
class Message:
    """``type`` is the event's (``session.paused``), ``seq`` its number, ``body`` the JSON text that is sent."""

    id: str
    type: str
    session_id: str
    seq: int
    body: str

    @cached_property
    def data(self) -> dict[str, Any]:
        """The ``data`` of the body."""
        data: dict[str, Any] = json.loads(self.body).get("data") or {}
        return data


def of_change(change: Change) -> list[Message]:
    """A message for each event of a change, in order."""
    entry = None if change.is_deleted else {**entry_of(change.flow_session).as_dict(), "version": change.events[-1].seq}
    return [of_event(event, entry) for event in change.events]


def of_event(event: SessionEvent, entry: Mapping[str, Any] | None) -> Message:
    """The message that tells of one event."""
    identity = f"{event.session_id}.{event.seq}.{event.hash[:8]}"
    data = {"event": event.as_dict(), "entry": entry}
    body = cloud_event(identity, event.type, event.session_id, event.created_at, data, sequence=event.seq)
    if len(body.encode()) > MAX_BODY:
        data["event"] = {**event.as_dict(), "changes": {}, "changes_omitted": True}
        body = cloud_event(identity, event.type, event.session_id, event.created_at, data, sequence=event.seq)
    return Message(identity, event.type, event.session_id, event.seq, body)


def ping(subscription_id: str) -> Message:
    """A message that tells of nothing: for trying a receiver."""
    now = timezone.now()
    identity = f"ping.{subscription_id}.{secrets.token_hex(8)}"
    return Message(identity, PING, "", 0, cloud_event(identity, PING, subscription_id, now, {}))


def remote_changed(subscription_id: str, session_id: str, message_id: str, **hints: str) -> Message:
    """A message for our own sink: somebody changed something on the far side.

    ``hints`` are in its ``data``: ``by`` names who, ``stamp`` is how new the state there is at least.
    """
    given = {name: hint for name, hint in hints.items() if hint}
    body = json.dumps({"data": given}, ensure_ascii=False) if given else "{}"
    return Message(f"remote.{subscription_id}.{message_id}"[:160], REMOTE_CHANGED, session_id, 0, body)


def cloud_event(
    identity: str, event_type: str, subject: str, time: datetime, data: Mapping[str, Any], *, sequence: int = 0
) -> str:
    """The JSON text of a CloudEvent; ``sequence`` grows within a subject, and older ones are to be ignored."""
    event = {
        "specversion": "1.0",
        "id": identity,
        "source": SOURCE,
        "type": TYPE_PREFIX + event_type,
        "subject": subject,
        "time": time,
        "datacontenttype": "application/json",
        "sequence": str(sequence),
        "data": data,
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"not JSON: {value!r}")
