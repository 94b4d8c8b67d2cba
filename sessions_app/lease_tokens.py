"""The token of a lease as text, from a header or the environment.  Imports no Django."""

from __future__ import annotations

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _

MOST_TOKEN = 2**31 - 1
"""No session has more events."""


def read_token(text: str, name: str) -> int:
    """The number that ``text`` says; ``name`` is what a refusal calls it."""
    digits = text.strip()
    if digits.isascii() and digits.isdecimal() and len(digits) <= 10 and 1 <= int(digits) <= MOST_TOKEN:
        return int(digits)
    raise InvalidInput(
        _("{name} is no number of a lease.").format(name=name),
        fix=_("Give the number that the claim answered with."),
        field=name,
    )
