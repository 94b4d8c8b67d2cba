"""Session ids for people: ``<workflow>-<slug of the name, or 'flow'>-<short random tail>``."""

from __future__ import annotations

import secrets

from sessions_app.masking import mask_text
from sessions_app.models import FlowSession, Tombstone
from sessions_app.rows import table
from sessions_app.text import slug

_TAIL_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"
"""Without 0, 1, i, l, o and u, which are misread."""

_TAIL_LENGTH = 4
_TRIES_PER_LENGTH = 3


def new_session_id(workflow_id: str, name: str) -> str:
    """An id that no session has or had; the tail grows when short ones are taken."""
    base = f"{workflow_id}-{slug(mask_text(name)).strip('-') or 'flow'}"
    length = _TAIL_LENGTH
    while True:
        for _attempt in range(_TRIES_PER_LENGTH):
            candidate = f"{base}-{''.join(secrets.choice(_TAIL_ALPHABET) for _ in range(length))}"
            if not is_taken(candidate):
                return candidate
        length += 1


def is_taken(session_id: str) -> bool:
    """Whether a session has the id or a deleted one had it."""
    living = table(FlowSession).select("id = %s", [session_id])
    return bool(living or table(Tombstone).select("session_id = %s", [session_id]))
