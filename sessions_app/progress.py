"""How far a session is and what comes next: pure functions over a version and its stages' states.

``states`` maps the ids of the stages that have begun to the status of their last
attempt.  Stages that the definition does not have (ad hoc) count for nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from sessions_app.language import LocalText

if TYPE_CHECKING:
    from sessions_app.models.definitions import PublishedVersion

States = Mapping[str, str]

DONE = ("COMPLETED", "SKIPPED")
"""Stage states that count as progress and satisfy ``depends_on``."""


class Proposal(NamedTuple):
    """A stage that could come next; ``condition`` is the transition's, empty when the order proposes it."""

    stage_id: str
    condition: LocalText = ""


def completed(published: PublishedVersion, states: States) -> list[str]:
    """The ids of the completed stages, in the definition's order."""
    return [stage_id for stage_id in published.stage_ids if states.get(stage_id) == "COMPLETED"]


def percent(published: PublishedVersion, states: States) -> int:
    """floor(100 × done stages / all stages of the definition)."""
    done = sum(states.get(stage_id) in DONE for stage_id in published.stage_ids)
    return 100 * done // len(published.stage_ids)


def open_required(published: PublishedVersion, states: States) -> list[str]:
    """The required stages that are neither completed nor skipped (every stage, if none is required)."""
    return [stage_id for stage_id in published.required_ids if states.get(stage_id) not in DONE]


def unmet_dependencies(published: PublishedVersion, states: States, stage_id: str) -> list[str]:
    """The stages that must be done before ``stage_id`` may start."""
    stage = published.definition.stage(stage_id)
    return [needed for needed in (stage.depends_on if stage else ()) if states.get(needed) not in DONE]


def proposals(published: PublishedVersion, states: States, after: str = "") -> list[Proposal]:
    """What could come next, best first: where ``after`` leads on to, then the rest in order.

    Only stages that are not done and whose dependencies are met.  A way back is no
    better than the order, but keeps its condition.
    """
    places = {stage_id: place for place, stage_id in enumerate(published.stage_ids)}
    ways = {way.target: way.condition for way in published.definition.transitions if way.source == after}
    onward = [stage_id for stage_id in ways if places[stage_id] > places.get(after, -1)]
    ordered = [Proposal(stage_id, ways.get(stage_id, "")) for stage_id in (*onward, *published.stage_ids)]
    found: dict[str, Proposal] = {}
    for proposal in ordered:
        ready = states.get(proposal.stage_id) not in DONE and not unmet_dependencies(
            published, states, proposal.stage_id
        )
        if ready:
            found.setdefault(proposal.stage_id, proposal)
    return list(found.values())
