"""Stages as a sentence names them: «PLANNING», «PLANNING阶段», «the planning stage»."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from sessions_app.definitions.rules.assembly import stage_ids
from sessions_app.definitions.rules.plan import Draft
from sessions_app.definitions.rules.wording import remark, stage_name
from sessions_app.text import slug

_SUFFIX = re.compile(r"(?<=.)\s*(?:阶段|环节|\bstage|\bphase)$")
_SUFFIXES = ("阶段", "环节", "stage", "phase")
_LONGEST_SENTENCE = 300
"""What is longer is a text, and no name is looked for in it."""


def key(name: str) -> str:
    """What two spellings of a stage's name have in common."""
    folded = unicodedata.normalize("NFKC", name).casefold().strip(" 。.:\t")
    return re.sub(r"[\s_-]+", "", _SUFFIX.sub("", stage_name(folded)))


class Names:
    """The stages of a plan by their names: as they stand, without remarks, by their ASCII part or id."""

    def __init__(self, stages: Sequence[Draft]) -> None:
        self.ids = stage_ids(stages)
        self._tiers: tuple[dict[str, set[int]], ...] = ({}, {}, {})
        for place, (stage, stage_id) in enumerate(zip(stages, self.ids, strict=True)):
            bare, aside = remark(stage.name)
            spellings = ([stage.name], [bare], [aside, slug(bare, len(bare)), stage_id])
            for tier, names in zip(self._tiers, spellings, strict=True):
                for name in filter(None, map(key, names)):
                    tier.setdefault(name, set()).add(place)
        every = {name for tier in self._tiers for name in tier}
        self._clear = {name: places for name in every if len(places := self._called(name)) == 1}
        self._lengths = sorted(set(map(len, self._clear)), reverse=True)

    def exact(self, text: str) -> int | None:
        """The one stage that the text is the name of."""
        found = self.fitting(text)
        return found[0] if len(found) == 1 else None

    def fitting(self, text: str) -> list[int]:
        """The stages that the text may be the name of, with or without its remark in brackets; full names first."""
        bare = key(remark(text)[0])
        for spelling in dict.fromkeys((key(text), bare)):
            if found := self._called(spelling):
                return sorted(found)
        return []

    def within(self, sentence: str) -> list[int]:
        """The stages that a sentence names, in its order; those called «X阶段» if there are any."""
        if len(sentence) > _LONGEST_SENTENCE:
            return []
        folded = unicodedata.normalize("NFKC", sentence).casefold()
        found = list(self._found(folded))
        with_suffix = [place for place, has_suffix in found if has_suffix]
        return list(dict.fromkeys(with_suffix or [place for place, _suffix in found]))

    def _called(self, spelling: str) -> set[int]:
        return next((tier[spelling] for tier in self._tiers if spelling in tier), set())

    def _found(self, sentence: str) -> Iterator[tuple[int, bool]]:
        """Each name in the sentence, however its words are joined; a Latin one not within a longer word."""
        spots = [spot for spot, char in enumerate(sentence) if not (char.isspace() or char in "_-")]
        squeezed = "".join(sentence[spot] for spot in spots)
        start = 0
        while start < len(squeezed):
            length = self._name_at(sentence, squeezed, spots, start)
            if length:
                places = self._clear[squeezed[start : start + length]]
                yield from ((place, squeezed.startswith(_SUFFIXES, start + length)) for place in places)
            start += length or 1

    def _name_at(self, sentence: str, squeezed: str, spots: list[int], start: int) -> int:
        """The length of the longest name of one stage that begins there, else 0."""
        for length in self._lengths:
            end = start + length
            if end > len(squeezed) or squeezed[start:end] not in self._clear:
                continue
            if not (_joined(sentence, spots[start]) or _joined(sentence, spots[end - 1] + 1)):
                return length
        return 0


def _joined(text: str, index: int) -> bool:
    """Whether the characters before and at ``index`` belong to one Latin word."""
    beside = text[max(index - 1, 0) : index + 1]
    return len(beside) == 2 and index > 0 and all(char.isascii() and char.isalnum() for char in beside)
