"""Why sessions and stages failed or were aborted: what people typed, the same words together; pure."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

TOP = 5

_ENDS = " .!。！…,;，；:："


class Event(NamedTuple):
    """A failure or an abort: its type, what it is about, and why."""

    type: str
    stage_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason as most wrote it, how often it was given, and at which stages, the most frequent first.

    ``text`` is empty where nobody said why.
    """

    text: str
    count: int
    stage_ids: tuple[str, ...]


def cleaned(text: str) -> str:
    """What two texts have in common that say the same: without case, width, white space and end marks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(_ENDS)


def top_reasons(events: Iterable[Event], most: int = TOP) -> list[Reason]:
    """The most frequent ones; of equal ones the first by the alphabet."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    stages: dict[str, Counter[str]] = defaultdict(Counter)
    for event in events:
        key = cleaned(event.reason)
        spellings[key][" ".join(event.reason.split())] += 1
        if event.stage_id:
            stages[key][event.stage_id] += 1
    ranked = sorted(spellings, key=lambda key: (-spellings[key].total(), key))
    return [
        Reason(_commonest(spellings[key]), spellings[key].total(), tuple(_ranked(stages[key]))) for key in ranked[:most]
    ]


def _ranked(counts: Counter[str]) -> list[str]:
    return sorted(counts, key=lambda key: (-counts[key], key))


def _commonest(counts: Counter[str]) -> str:
    return _ranked(counts)[0]
