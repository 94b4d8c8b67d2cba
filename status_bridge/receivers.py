"""The status system follows the sessions: by signals alone, inside the transaction of each change."""

from __future__ import annotations

from typing import Any

from sessions_app.change import Change
from sessions_app.signals import event_recorded
from status_bridge import entries, outbox


def connect() -> None:
    """Connect the receivers; once, however often it is called."""
    event_recorded.connect(follow_change, dispatch_uid="status_bridge.follow_change")


def follow_change(change: Change, **_kwargs: Any) -> None:
    """At the end of a change that recorded something, write the entry, then what the outside is to be told."""
    change.at_end("status_bridge.entries", entries.follow)
    change.at_end("status_bridge.outbox", outbox.enqueue_change)
