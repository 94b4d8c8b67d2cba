"""Which entries of two lists are the same one: by their keys, then by what they have in common."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Protocol, TypeVar

MOST_COMPARED = 30
"""Of what has no partner: beyond this many on a side nothing is compared, for it would take too long."""


class _Named(Protocol):
    @property
    def id(self) -> str: ...


Entry = TypeVar("Entry", bound=_Named)

Pair = tuple[Entry, Entry]
"""What was, and what became of it."""


def equal_pairs(before: Iterable[Entry], after: Iterable[Entry]) -> list[Pair[Entry]]:
    """Those that have the same id, in their new order."""
    known = {entry.id: entry for entry in before}
    return [(known[entry.id], entry) for entry in after if entry.id in known]


def alike_pairs(
    before: Iterable[Entry], after: Iterable[Entry], likeness: Callable[[Entry, Entry], float], least: float
) -> list[Pair[Entry]]:
    """Of those whose ids differ: each with the one that is most like it, from ``least`` (0 to 1) on."""
    known, now = {entry.id: entry for entry in before}, {entry.id: entry for entry in after}
    gone = [entry for key, entry in known.items() if key not in now]
    new = [entry for key, entry in now.items() if key not in known]
    if max(len(gone), len(new)) > MOST_COMPARED:
        return []
    scores = [
        (likeness(old, entry), -place, -number) for place, old in enumerate(gone) for number, entry in enumerate(new)
    ]
    pairs: dict[int, int] = {}
    for score, place, number in sorted(scores, reverse=True):
        if score >= least and -place not in pairs and -number not in pairs.values():
            pairs[-place] = -number
    return [(gone[place], new[number]) for place, number in pairs.items()]


def with_the_others(
    pairs: Iterable[Pair[Entry]], before: Sequence[Entry], after: Sequence[Entry]
) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Every entry of both lists once, in the new order; what is gone stands where it stood."""
    origin = {new.id: old for old, new in pairs}
    kept = {old.id for old in origin.values()}
    following: dict[str | None, list[Entry]] = {}
    last: str | None = None
    for entry in before:
        if entry.id in kept:
            last = entry.id
        else:
            following.setdefault(last, []).append(entry)
    yield from ((gone, None) for gone in following.get(None, []))
    for entry in after:
        old = origin.get(entry.id)
        yield old, entry
        if old:
            yield from ((gone, None) for gone in following.get(old.id, []))


def moved_ids(pairs: Iterable[Pair[Entry]], before: Sequence[Entry], after: Sequence[Entry]) -> set[str]:
    """The new ids of the fewest entries that must be moved for the others to keep their order."""
    now = {old.id: new.id for old, new in pairs}
    places = {entry.id: place for place, entry in enumerate(after)}
    order = [now[entry.id] for entry in before if entry.id in now]
    return set(order) - set(_longest_rising(order, places.__getitem__))


def _longest_rising(keys: Sequence[str], place: Callable[[str], int]) -> list[str]:
    """The longest subsequence whose places rise."""
    ends: list[int] = []
    chains: list[list[str]] = []
    for key in keys:
        length = bisect_left(ends, place(key))
        chain = [*(chains[length - 1] if length else []), key]
        ends[length : length + 1], chains[length : length + 1] = [place(key)], [chain]
    return chains[-1] if chains else []


def text_likeness(before: str, after: str) -> float:
    """How much two texts have in common, from 0 to 1: the part of their pairs of letters that both have."""
    old, new = _letter_pairs(before), _letter_pairs(after)
    return 2 * len(old & new) / (len(old) + len(new)) if old or new else 0.0


@lru_cache(maxsize=1024)
def _letter_pairs(text: str) -> frozenset[str]:
    return frozenset(map("".join, pairwise(text.casefold()))) or frozenset([text] if text else [])
