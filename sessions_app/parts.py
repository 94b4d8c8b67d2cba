"""What the floors above know of a session, as one registry on the ground.

The ground can't import the floors above it, yet a session's page needs what stands
there.  Each floor registers its part in ``AppConfig.ready()``; ``describe`` loops over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sessions_app.actors import Actor
from sessions_app.models import FlowSession


class Part(Protocol):
    """One floor's share of a session."""

    name: str

    def describe_many(
        self, flow_sessions: Sequence[FlowSession], *, reveal: bool = False, actor: Actor | None = None
    ) -> Sequence[Any]:
        """For each session what this floor knows of it, as JSON data with datetimes, in as many queries as for one.

        Secrets are masked unless ``reveal``; with an ``actor`` it names as allowed only what they may do.
        """


_parts: dict[str, Part] = {}


def register(part: Part) -> None:
    """Add a part; a second one of the same name is refused unless it is of the same kind."""
    known = _parts.setdefault(part.name, part)
    if type(known) is not type(part):
        raise ValueError(f"two parts are called {part.name!r}: {known!r} and {part!r}")


def describe(flow_session: FlowSession, *, reveal: bool = False, actor: Actor | None = None) -> dict[str, Any]:
    """Each part's share under its name."""
    return describe_many([flow_session], reveal=reveal, actor=actor)[0]


def describe_many(
    flow_sessions: Sequence[FlowSession], *, reveal: bool = False, actor: Actor | None = None
) -> list[dict[str, Any]]:
    """The same for each of several sessions."""
    shares = {name: part.describe_many(flow_sessions, reveal=reveal, actor=actor) for name, part in _parts.items()}
    return [{name: share[place] for name, share in shares.items()} for place in range(len(flow_sessions))]
