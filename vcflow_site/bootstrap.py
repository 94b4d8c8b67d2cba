"""What a command does first: see that the database is ready, and make what is missing."""

from __future__ import annotations

from collections.abc import Callable

from vcflow_site import stamp

Announce = Callable[[str], None]
"""Tells the person at the terminal what is being made."""


def ensure_ready(announce: Announce) -> None:
    """Set up what is missing; refuses a database that is older or newer than the code.

    Costs one query when all is there.
    """
    if stamp.is_complete():
        return
    # The migration machinery, which takes longer to import than most commands run.
    from vcflow_site import provision

    provision.complete(announce)
