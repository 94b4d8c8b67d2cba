"""What the floors above know of a session and keep of its state, as registries on the ground.

The ground can't import the floors above it, yet a session's page and its savepoints need what stands
there.  Each floor registers its part and its holder in ``AppConfig.ready()``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sessions_app.actors import Actor
from sessions_app.models import FlowSession, SessionEvent

if TYPE_CHECKING:
    from datetime import datetime

    from sessions_app.change import Change, Changes
    from sessions_app.moving import Move, Reason
    from sessions_app.state_diff import Changed

State = dict[str, Any]
"""All that a session is, by holder (``session``, ``attempts``), as JSON data."""


class Part(Protocol):
    """One floor's share of a session."""

    name: str

    def describe_many(
        self, flow_sessions: Sequence[FlowSession], *, reveal: bool = False, actor: Actor | None = None
    ) -> Sequence[Any]:
        """For each session what this floor knows of it, as JSON data with datetimes, in as many queries as for one.

        Secrets are masked unless ``reveal``; with an ``actor`` it names as allowed only what they may do.
        """


class Holder(Protocol):
    """One floor's share of a session's state: what savepoints keep, and what the event log adds up to."""

    name: str

    def capture_many(self, flow_sessions: Sequence[FlowSession], *, thorough: bool = False) -> Sequence[Any]:
        """For each session what this floor stores of it, as JSON data, in as many queries as for one.

        ``thorough``: a session's own row is not believed when it says that there is nothing.
        """

    def put_back(self, change: Change, before: Any, after: Any) -> Changes:
        """Inside a change, make what is stored from ``before`` into ``after``; what an event says of it."""

    def replay(self, state: State, event: SessionEvent) -> None:
        """Work the session's next event into ``state``, of which other holders have a share as well."""

    def move(self, state: State, move: Move) -> None:
        """Put this floor's share, as another version has it, into ``state``; no share is changed in place."""

    def hindrances(self, flow_sessions: Sequence[FlowSession], now: datetime) -> Sequence[Sequence[Reason]]:
        """For each session what beside its state keeps it from moving to another version now, in one query at most."""

    def differences(self, before: Any, after: Any, *, reveal: bool) -> list[Changed]:
        """What differs between two shares, as data and in words; secrets masked unless ``reveal``.

        Shares that come from an event have what changed alone.
        """


_parts: dict[str, Part] = {}
_holders: dict[str, Holder] = {}

Named = TypeVar("Named", Part, Holder)


def register(part: Part) -> None:
    """Add a part; a second one of the same name is refused unless it is of the same kind."""
    _add(_parts, part)


def register_holder(holder: Holder) -> None:
    """Add a holder, after those of the floors below; a second one of the same name as with :func:`register`."""
    _add(_holders, holder)


def holders() -> Sequence[Holder]:
    """The holders, the ground's first."""
    return list(_holders.values())


def _add(registry: dict[str, Named], added: Named) -> None:
    known = registry.setdefault(added.name, added)
    if type(known) is not type(added):
        raise ValueError(f"two parts are called {added.name!r}: {known!r} and {added!r}")


def describe(flow_session: FlowSession, *, reveal: bool = False, actor: Actor | None = None) -> dict[str, Any]:
    """Each part's share under its name."""
    return describe_many([flow_session], reveal=reveal, actor=actor)[0]


def describe_many(
    flow_sessions: Sequence[FlowSession], *, reveal: bool = False, actor: Actor | None = None
) -> list[dict[str, Any]]:
    """The same for each of several sessions."""
    shares = {name: part.describe_many(flow_sessions, reveal=reveal, actor=actor) for name, part in _parts.items()}
    return [{name: share[place] for name, share in shares.items()} for place in range(len(flow_sessions))]
