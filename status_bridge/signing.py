"""Signatures of messages, both ways, as Standard Webhooks has them (https://www.standardwebhooks.com).

The library ``standardwebhooks`` signs and verifies; here are the secrets and when they hold.  What a
subscription has sealed is ``{"secret", "previous", "previous_until"}``: after a change the one before
holds for another day, and both sign.
"""

from __future__ import annotations

import base64
import binascii
import secrets as randomness
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from sessions_app.exceptions import InvalidInput, NotAllowed
from sessions_app.language import gettext as _
from sessions_app.text import is_reference

PREFIX = "whsec_"
SECRET_BYTES = 32
LEAST_BYTES, MOST_BYTES = 24, 64
OVERLAP = timedelta(hours=24)
"""How long the secret before the present one still holds."""

ID_LENGTH = 200

KEPT = ("previous", "previous_until")
"""What is kept of a change beside the secret itself; nobody gives it."""


def new_secret() -> str:
    """A secret that nobody knows."""
    return PREFIX + base64.b64encode(randomness.token_bytes(SECRET_BYTES)).decode()


def check_secret(text: object) -> str:
    """A secret that somebody gave, if it can serve: ``whsec_`` and Base64 of 24 to 64 bytes."""
    try:
        if not isinstance(text, str) or not text.startswith(PREFIX):
            raise ValueError
        raw = base64.b64decode(text.removeprefix(PREFIX), validate=True)
        if not LEAST_BYTES <= len(raw) <= MOST_BYTES:
            raise ValueError
    except (ValueError, binascii.Error):
        raise InvalidInput(
            _("This can't be the secret of a webhook."),
            fix=_("Give whsec_ and 24 to 64 random bytes in Base64, or leave it out: then one is made."),
            field="secrets.secret",
        ) from None
    return text


def replaced(held: Mapping[str, Any], secret: str, now: datetime) -> dict[str, Any]:
    """What is kept once ``secret`` takes the place of the one that is held."""
    kept = {name: value for name, value in held.items() if name not in KEPT}
    return {**kept, "secret": secret, "previous": held["secret"], "previous_until": (now + OVERLAP).isoformat()}


def in_force(held: Mapping[str, Any], now: datetime) -> list[str]:
    """The secrets that hold now, the newest first."""
    until = held.get("previous_until")
    is_both = until is not None and now < datetime.fromisoformat(until)
    return [held["secret"], held["previous"]] if is_both else [held["secret"]]


def sign(held: Mapping[str, Any], message_id: str, body: str) -> dict[str, str]:
    """The three headers of a message that goes out now."""
    now = timezone.now().astimezone(UTC)
    signatures = [Webhook(secret).sign(message_id, now, body) for secret in in_force(held, now)]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def verify(held: Mapping[str, Any], headers: Mapping[str, str], body: bytes) -> str:
    """The id of a message that came in, if one of the secrets signed it within the last five minutes.

    Raises NotAllowed (``bad-signature``).  The names of ``headers`` are in lower case.
    """
    message_id = headers.get("webhook-id", "")
    if not 0 < len(message_id) <= ID_LENGTH or not is_reference(message_id):
        raise bad_signature()
    if not any(_fits(secret, headers, body) for secret in in_force(held, timezone.now())):
        raise bad_signature()
    return message_id


def _fits(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: no Base64, no UTF-8, no comma
        return False
    return True


def bad_signature() -> NotAllowed:
    """The refusal of a message from outside; it tells nothing about what is wrong."""
    return NotAllowed(
        _("The message isn't signed by anybody who may send it."),
        fix=_("Sign it with the webhook's secret as Standard Webhooks says, and send it within five minutes."),
        code="bad-signature",
    )
