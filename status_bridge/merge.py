"""Three-way merge of two sides' fields with the last state that they had in common.  Pure: values in, decisions out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any

Fields = Mapping[str, Any]
"""Values by the name of their field; a field that a side doesn't have is missing."""


class Decision(Enum):
    """What is to be done about a field."""

    SAME = "same"
    PUSH = "push"
    PULL = "pull"
    CONFLICT = "conflict"


class _Absent:
    """What a side has where it has no value."""


ABSENT = _Absent()


def merge(
    base: Fields, ours: Fields, theirs: Fields, sent: Mapping[str, Collection[Any]] | None = None
) -> dict[str, Decision]:
    """A decision for each field that we have.

    What changed on one side wins; what changed on both, each its own way, is a conflict.  ``sent``
    has, by field, the values that were on their way there when nobody heard whether they arrived:
    such a value over there is our own.
    """
    sent = sent or {}
    return {
        name: decide(base.get(name, ABSENT), value, theirs.get(name, ABSENT), sent.get(name, ()))
        for name, value in ours.items()
    }


def decide(base: Any, ours: Any, theirs: Any, sent: Collection[Any] = ()) -> Decision:
    """The decision for one field.  What they don't have is put there, and never taken from us."""
    if theirs == ours:
        return Decision.SAME
    if theirs is ABSENT or theirs == base or theirs in sent:
        return Decision.PUSH
    if ours == base:
        return Decision.PULL
    return Decision.CONFLICT
