"""What an encoding found, before it becomes a definition: stages and ways between them, with their lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sessions_app.definitions.rules.outline import Heading
from sessions_app.definitions.rules.wording import optional
from sessions_app.definitions.schema import Problem


@dataclass(frozen=True, slots=True)
class Noted:
    """A text and the line it stands on."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """A sentence that names the stage or stages that come next; ``loop`` when it leads back."""

    text: str
    line: int
    loop: bool = False


@dataclass(slots=True)
class Draft:
    """A stage in the making; ``key`` is the id that the file itself gives it, if any."""

    name: str
    line: int
    key: str = ""
    required: bool = True
    description: list[str] = field(default_factory=list)
    checklist: list[Noted] = field(default_factory=list)
    deliverables: list[Noted] = field(default_factory=list)
    roles: list[Noted] = field(default_factory=list)
    tools: list[Noted] = field(default_factory=list)
    exit_condition: list[str] = field(default_factory=list)
    pointers: list[Pointer] = field(default_factory=list)


def draft_named(text: str, line: int) -> Draft:
    """A draft of that name; a mark such as （可选） in it makes the stage optional."""
    name, is_optional = optional(text)
    return Draft(name, line, required=not is_optional)


@dataclass(frozen=True, slots=True)
class Link:
    """A transition between two stages, named by their places (from 0)."""

    source: int
    target: int
    condition: str
    line: int


@dataclass(slots=True)
class Plan:
    """A workflow in the making.

    ``what`` names the encoding for people; ``used`` are the headings that went into it;
    ``current`` is the place of the stage that the file marks as its own; ``clear`` says
    that a single stage is enough; ``drawn`` that it is a diagram.
    """

    what: str
    line: int
    stages: list[Draft]
    links: list[Link] = field(default_factory=list)
    used: list[Heading] = field(default_factory=list)
    current: int | None = None
    clear: bool = False
    drawn: bool = False
    warnings: list[Problem] = field(default_factory=list)

    def in_sequence(self) -> list[Link]:
        """A way from each stage to the next."""
        return [Link(place, place + 1, "", stage.line) for place, stage in enumerate(self.stages[:-1])]


def main_path_end(plan: Plan) -> int:
    """The place where the way from the first stage ends; the last stage it reaches when it never does."""
    ways: dict[int, list[int]] = {}
    for link in plan.links:
        ways.setdefault(link.source, []).append(link.target)
    reached = _reached(ways)
    ends = [place for place in reached if not ways.get(place)]
    return max(ends or reached) if plan.links else len(plan.stages) - 1


def _reached(ways: dict[int, list[int]]) -> set[int]:
    reached: set[int] = set()
    pending = [0]
    while pending:
        place = pending.pop()
        if place not in reached:
            reached.add(place)
            pending.extend(ways.get(place, ()))
    return reached


def closure(headings: Iterable[Heading]) -> set[Heading]:
    """The headings and all below them."""
    return {lower for heading in headings for lower in heading.walk()}
