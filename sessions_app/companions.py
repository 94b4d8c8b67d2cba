"""What floors above say of sessions that leave or come as a whole, as a registry on the ground.

Bundles carry what a floor derives from a session beside the session itself; sessions that come are
followed up at once; and before ended ones are put into an archive, each floor may say why one stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from sessions_app.models import FlowSession

if TYPE_CHECKING:
    from sessions_app.change import Change


class Companion(Protocol):
    """One floor's word on sessions that leave and come."""

    name: str

    def derive_many(self, flow_sessions: Sequence[FlowSession]) -> Sequence[Any]:
        """For each session what this floor makes of its row, as JSON data; the rows need not be stored."""

    def admit(self, flow_session: FlowSession) -> None:
        """Write what this floor keeps of a session that has come, inside the transaction that stored it."""

    def reasons_to_stay(self, session_ids: Sequence[str]) -> Mapping[str, str]:
        """By session, in words: why it can't be put into an archive yet."""


class Bearer(Protocol):
    """A floor's share of a session's state (see :mod:`sessions_app.parts`) that comes from somewhere else."""

    name: str

    def faults(self, share: Any) -> Iterable[str]:
        """In words: what can't be, though each value has its right form."""

    def people(self, share: Any) -> set[str]:
        """The usernames that the share gives work to."""

    def hand_over(self, share: Any, users: Mapping[str, str | None]) -> tuple[Any, dict[str, tuple[Any, Any]]]:
        """The share with these users in the place of those; and what an event says of it."""

    def put_in(self, change: Change, share: Any) -> None:
        """Write the rows of a session that is new here, inside its change."""


_bearers: dict[str, Bearer] = {}
_companions: dict[str, Companion] = {}


def register(companion: Companion) -> None:
    """Add a companion; one of the same name takes its place."""
    _companions[companion.name] = companion


def register_bearer(bearer: Bearer) -> None:
    """Add a bearer; one of the same name takes its place."""
    _bearers[bearer.name] = bearer


def bearers() -> Sequence[Bearer]:
    """All of them."""
    return list(_bearers.values())


def companions() -> Sequence[Companion]:
    """All of them."""
    return list(_companions.values())


def derived_many(flow_sessions: Sequence[FlowSession]) -> list[dict[str, Any]]:
    """For each session what all floors make of it, by their names."""
    shares = {companion.name: companion.derive_many(flow_sessions) for companion in companions()}
    return [{name: share[place] for name, share in shares.items()} for place in range(len(flow_sessions))]
