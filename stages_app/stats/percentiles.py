"""Percentiles by nearest rank: exact values that did occur, never ones between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Number = TypeVar("Number", int, float)


def percentile(ordered: Sequence[Number], percent: int) -> Number:
    """The least value that at least ``percent`` % of the values don't exceed: the one at rank ceil(n × percent / 100).

    ``ordered`` is not empty and ascends; ``percent`` is from 1 to 100.
    """
    return ordered[-(-len(ordered) * percent // 100) - 1]


@dataclass(frozen=True, slots=True)
class Spread:
    """How lengths are spread: how many there are, half of them take at most ``p50`` seconds, 9 of 10 ``p90``."""

    count: int
    p50: float
    p90: float


def spread_of(lengths: Iterable[float]) -> Spread | None:
    """The spread of some lengths in seconds; None when there is none."""
    ordered = sorted(lengths)
    return Spread(len(ordered), percentile(ordered, 50), percentile(ordered, 90)) if ordered else None
