"""A session's state added up from its events, and compared with what is stored.

What events keep is masked, so a replayed state is that of :func:`sessions_app.capturing.capture` with its
secrets masked; where something is masked, anything is taken to be equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from django.core.exceptions import ObjectDoesNotExist

from sessions_app.canonical import canonical
from sessions_app.masking import MASK, mask
from sessions_app.models import SessionEvent
from sessions_app.parts import State, holders

FIRST_OF_CHANGE = "first_of_change"
"""Under this key holders find number and type of the event from which the present one follows."""


class BrokenHistory(ValueError):
    """An event says something that the events before it contradict; ``seq`` is its number."""

    def __init__(self, seq: int, error: Exception) -> None:
        super().__init__(f"event {seq} does not follow from those before it: {type(error).__name__}: {error}")
        self.seq = seq


class Replay:
    """A state to which a session's events are added one by one, from the first on, in order."""

    def __init__(self) -> None:
        self._state: State = {}

    def add(self, event: SessionEvent) -> State:
        """The state after the session's next event, which goes on changing; BrokenHistory if it can't be."""
        if event.cause is None:
            self._state[FIRST_OF_CHANGE] = (event.seq, event.type)
        try:
            for holder in holders():
                holder.replay(self._state, event)
        except (LookupError, TypeError, ValueError, AttributeError, StopIteration, ObjectDoesNotExist) as error:
            raise BrokenHistory(event.seq, error) from error
        return self.state

    @property
    def state(self) -> State:
        """What the events so far add up to."""
        return {name: share for name, share in self._state.items() if name != FIRST_OF_CHANGE}


def replay(events: Iterable[SessionEvent]) -> State:
    """The state after a session's events, given from the first on, in order; BrokenHistory if they can't be."""
    replayed = Replay()
    for event in events:
        replayed.add(event)
    return replayed.state


class Difference(NamedTuple):
    """A place in a state (``attempts.coding.1.status``), and what stands there on both sides."""

    path: str
    replayed: Any
    stored: Any


def differences(replayed: State, stored: State) -> list[Difference]:
    """Where the two differ, as far as what is masked lets one see."""
    return list(_differing("", mask(replayed), mask(stored)))


def corrected(replayed: Any, stored: Any) -> Any:
    """What is stored, but where the two differ what the events say; ValueError where they hide it, as a secret."""
    shown = mask(stored)
    if _agree(replayed, shown):
        return stored
    if isinstance(replayed, Mapping) and isinstance(stored, Mapping):
        return _corrected_object(replayed, stored)
    if isinstance(replayed, list) and isinstance(stored, list) and len(replayed) == len(stored):
        return [corrected(*pair) for pair in zip(replayed, stored, strict=True)]
    if MASK in canonical(replayed):
        raise ValueError("events keep no secrets")
    return replayed


def _corrected_object(replayed: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Entries that the events don't know go; what they mask is taken from what is stored."""
    known = {key: value for key, value in stored.items() if key in replayed or mask({key: value}) != {key: value}}
    missing = {key: value for key, value in _plain(replayed).items() if key not in stored}
    if MASK in canonical(missing):
        raise ValueError("events keep no secrets")
    return {**{key: corrected(replayed.get(key, MASK), value) for key, value in known.items()}, **missing}


def _differing(path: str, one: Any, other: Any) -> Iterator[Difference]:
    if _agree(one, other):
        return
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        one, other = _plain(one), _plain(other)
        for key in sorted({*one, *other}):
            yield from _differing(f"{path}.{key}" if path else key, one.get(key), other.get(key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from _differing(f"{path}[{number}]", *pair)
    else:
        yield Difference(path, one, other)


def _agree(one: Any, other: Any) -> bool:
    """Equal, or masked on one side; what was masked in a text by other rules than today's counts as masked whole."""
    return one == other or any(isinstance(value, str) and MASK in value for value in (one, other))


def _plain(found: Mapping[str, Any]) -> dict[str, Any]:
    """Without entries whose very key is masked: which of them is which can't be told."""
    return {key: value for key, value in found.items() if MASK not in key}
