"""A session's state as it would be in another version of its workflow, and what stands in the way.

Computed from the state, the two versions and a mapping of stages alone; nothing is written.  Each floor
moves its own share (see :class:`sessions_app.parts.Holder`); what they find is collected in a :class:`Move`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sessions_app import parts
from sessions_app.definitions.diff import compare
from sessions_app.models.definitions import PublishedVersion
from sessions_app.parts import State

AD_HOC = "-"
"""In a mapping: the stage stays as one that no definition has."""

STAGE_GONE = "stage-gone"


class Reason(NamedTuple):
    """Why a session can't move as it is: in words, with the mend; ``proposal`` is the new id that a stage may have."""

    code: str
    message: str
    fix: str = ""
    stage_id: str = ""
    proposal: str = ""


@dataclass
class Move:
    """From ``source`` to ``target``, whose id is ``target_id``; holders add what stands in the way, and what to know.

    ``mapping`` maps ids of stages to those they have from now on, or to ``AD_HOC``; ``proposals`` are the
    ids of stages that seem to have been renamed.
    """

    source: PublishedVersion
    target: PublishedVersion
    target_id: str
    mapping: Mapping[str, str]
    proposals: Mapping[str, str]
    reasons: list[Reason] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def new_id(self, stage_id: str) -> str:
        """What a stage is called from now on."""
        named = self.mapping.get(stage_id, AD_HOC)
        return stage_id if named == AD_HOC else named


def moved(state: State, move: Move) -> State:
    """The state after the move; it is of no use once ``move`` has reasons.  The one given stays as it is."""
    after = dict(state)
    for holder in parts.holders():
        holder.move(after, move)
    return after


def proposals(source: PublishedVersion, target: PublishedVersion) -> dict[str, str]:
    """By the ids of stages that seem to have been renamed: those they have in the other version."""
    found = compare(source.definition, target.definition).stages
    return {each.before.id: each.after.id for each in found if each.before and each.after and each.renamed}
