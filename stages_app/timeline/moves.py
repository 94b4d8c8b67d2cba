"""What an event that moves a whole session says of its attempts: a restoring, a fork, another version, an import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from stages_app.timeline.bands import GONE, Step

MOVES = ("session.restored", "session.forked", "session.migrated", "session.imported", "session.mended")
"""Their ``changes`` have a key ``attempts.<stage>.<number>`` for each attempt that is another now."""

_PREFIX = "attempts."


def moved_attempts(session_id: str, changes: Mapping[str, Any], at: datetime) -> Iterator[Step]:
    """A step for each attempt that such an event moved; one that is no longer there is gone."""
    for key, change in changes.items():
        if key.startswith(_PREFIX):
            after = change["after"]
            yield Step(at, f"{session_id}.{key.removeprefix(_PREFIX)}", GONE if after is None else after["status"])
