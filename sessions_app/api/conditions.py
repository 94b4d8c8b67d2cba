"""``ETag``, ``If-Match``, ``Idempotency-Key`` and ``Vcflow-Lease``.

A session's ETag is its version, the number of its last event; its stages share it.
"""

from __future__ import annotations

import re

from rest_framework.request import Request

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.lease_tokens import read_token
from sessions_app.text import clean_name

_TAG = re.compile(r'(?:W/)?"(\d{1,9})"')
_ANY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')


def etag(version: int) -> str:
    """The ETag of a session at ``version``."""
    return f'"{version}"'


def expected_versions(request: Request) -> frozenset[int] | None:
    """The versions that ``If-Match`` accepts; None when any will do.

    A compressed answer carries its tag as a weak one, which is taken for the same.  A tag that is
    none of ours matches no version.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    parts = [part.strip() for part in header.split(",")]
    if not all(_ANY_TAG.fullmatch(part) for part in parts):
        raise InvalidInput(
            _("The header If-Match can't be read."),
            fix=_('Send the ETag of the answer that was read, such as "12", or *.'),
            field="If-Match",
        )
    return frozenset(int(found.group(1)) for part in parts if (found := _TAG.fullmatch(part)))


def idempotency_key(request: Request) -> str | None:
    """The key that the request was given, in UTF-8; servers hand headers on as Latin-1."""
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return None
    try:
        return clean_name(header.encode("latin-1").decode(), _("idempotency key"))
    except UnicodeError:
        raise InvalidInput(
            _("The header Idempotency-Key can't be read."), fix=_("Send it in UTF-8."), field="Idempotency-Key"
        ) from None


def lease_token(request: Request) -> int | None:
    """The token of the lease that the caller holds."""
    header = request.headers.get("Vcflow-Lease")
    return None if header is None else read_token(header, "Vcflow-Lease")
