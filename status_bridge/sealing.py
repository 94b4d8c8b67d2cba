"""Secrets of receivers, encrypted with a key of their own (Fernet: AES-128-CBC with HMAC-SHA256)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from sessions_app.exceptions import StorageFailed
from sessions_app.language import gettext as _


def seal(secrets: Mapping[str, Any]) -> str:
    """The encrypted text of some secrets."""
    return _fernet(settings.VCFLOW_WEBHOOK_KEY).encrypt(json.dumps(dict(secrets)).encode()).decode()


def unseal(sealed: str) -> dict[str, Any]:
    """The secrets that :func:`seal` encrypted; none of an empty text."""
    if not sealed:
        return {}
    try:
        secrets: dict[str, Any] = json.loads(_fernet(settings.VCFLOW_WEBHOOK_KEY).decrypt(sealed.encode()))
    except InvalidToken:
        raise StorageFailed(
            _("The webhook's secrets can't be read: they were encrypted with another key."),
            fix=_("Bring back the file webhook_key or the value of VCFLOW_WEBHOOK_KEY, or give the secrets anew."),
            code="wrong-webhook-key",
        ) from None
    return secrets


@cache
def _fernet(key: str) -> Fernet:
    return Fernet(key.encode())
