"""Subscriptions and their deliveries as JSON; no secret is in it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sessions_app.masking import MASK, mask, mask_text
from status_bridge.models import Delivery, Subscription
from status_bridge.subscription_standing import state_of, why


def subscription_json(row: Subscription) -> dict[str, Any]:
    """A subscription that :func:`~status_bridge.subscription_standing.with_standing` was asked for."""
    return {
        "id": row.pk,
        "name": mask_text(row.name),
        "kind": row.kind,
        "url": masked_url(row.url),
        "events": row.events,
        "options": mask(row.options),
        "owner": row.owner.get_username(),
        "reach": row.reach,
        "team": row.team.name if row.team else None,
        "workflow_id": row.workflow_id,
        "is_active": row.is_active,
        "state": state_of(row),
        "why": why(row),
        "waiting": row.waiting,  # type: ignore[attr-defined]  # with_standing
        "parked": row.parked,  # type: ignore[attr-defined]  # with_standing
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "failing_since": row.failing_since,
        "hold_until": row.hold_until,
        "parked_at": row.parked_at,
        "last_success_at": row.last_success_at,
        "last_error": row.last_error or None,
    }


def masked_url(url: str) -> str:
    """The address without what its query says: tokens stand there."""
    parts = urlsplit(url)
    query = "&".join(_masked(parameter) for parameter in parts.query.split("&")) if parts.query else ""
    return mask_text(urlunsplit(parts._replace(query=query)))


def _masked(parameter: str) -> str:
    name, sign, value = parameter.partition("=")
    return f"{name}={MASK if value else ''}" if sign else MASK


def delivery_json(row: Delivery, *, with_body: bool = False) -> dict[str, Any]:
    """A delivery and how its last attempt went; ``with_body`` with what is sent."""
    return {
        "id": row.pk,
        "webhook_id": row.subscription_id,
        "session_id": row.session_id or None,
        "message_id": row.message_id,
        "event": row.event_type,
        "seq": row.seq,
        "state": row.state,
        "created_at": row.created_at,
        "attempts": row.attempts,
        "last_attempt_at": row.last_attempt_at,
        "delivered_at": row.delivered_at,
        "status_code": row.status_code,
        "duration_ms": row.duration_ms,
        "error": row.error or None,
        "answer": row.answer or None,
        "replay_of": row.replay_of_id,
        **({"body": mask(json.loads(row.body))} if with_body else {}),
    }
