"""A workflow definition as a value: what every file format becomes, and what a version stores.

Imports no Django.  ``content()`` is the canonical JSON form: equal definitions have
equal content, so unchanged files publish nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sessions_app.language import LocalText


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One thing to tick; ``id`` is unique in its stage."""

    id: str
    text: LocalText
    required: bool = True

    def content(self) -> dict[str, Any]:
        return {"id": self.id, "text": self.text, "required": self.required}


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One thing to hand in; ``id`` is unique in its stage and is the key it is stored under."""

    id: str
    name: LocalText
    required: bool = True

    def content(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "required": self.required}


@dataclass(frozen=True, slots=True)
class Transition:
    """A way from one stage to another, with its condition in words (may be empty)."""

    source: str
    target: str
    condition: LocalText = ""

    def content(self) -> dict[str, Any]:
        return {"from": self.source, "to": self.target, "condition": self.condition}


LEASE_SECONDS = 900
"""How long a claim of a stage lasts where nothing else is said."""

MOST_LEASE_SECONDS = 7 * 86_400

KEEP, PAUSE, FAIL = "keep", "pause", "fail"


@dataclass(frozen=True, slots=True)
class Lease:
    """How long a claim of a stage lasts, and what becomes of the stage when that time ran out."""

    seconds: int = LEASE_SECONDS
    on_expiry: str = KEEP

    def content(self) -> dict[str, Any]:
        return {"seconds": self.seconds, "on_expiry": self.on_expiry}


@dataclass(frozen=True, slots=True)
class StageDefinition:
    """One stage; ``timeout`` is in seconds, ``order`` is its place (1, 2, …)."""

    id: str
    name: LocalText
    order: int
    description: LocalText = ""
    required: bool = True
    checklist: tuple[ChecklistItem, ...] = ()
    deliverables: tuple[Deliverable, ...] = ()
    depends_on: tuple[str, ...] = ()
    exit_condition: LocalText = ""
    roles: tuple[LocalText, ...] = ()
    tools: tuple[LocalText, ...] = ()
    timeout: int | None = None
    lease: Lease | None = None

    def content(self) -> dict[str, Any]:
        """A stage that says nothing of leases keeps the content, and so the digest, that it always had."""
        return {
            "id": self.id,
            "name": self.name,
            "order": self.order,
            "description": self.description,
            "required": self.required,
            "checklist": [item.content() for item in self.checklist],
            "deliverables": [deliverable.content() for deliverable in self.deliverables],
            "depends_on": list(self.depends_on),
            "exit_condition": self.exit_condition,
            "roles": list(self.roles),
            "tools": list(self.tools),
            "timeout": self.timeout,
            **({"lease": self.lease.content()} if self.lease else {}),
        }


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole workflow; ``stages`` are in their order."""

    id: str
    name: LocalText
    stages: tuple[StageDefinition, ...]
    type: str = ""
    description: LocalText = ""
    source_rule: str = ""
    parallel: bool = False
    transitions: tuple[Transition, ...] = ()

    def stage(self, stage_id: str) -> StageDefinition | None:
        """The stage with that id, if the workflow has it."""
        return next((stage for stage in self.stages if stage.id == stage_id), None)

    def content(self) -> dict[str, Any]:
        """The canonical JSON object that a version stores and :meth:`from_content` reads."""
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "description": self.description,
            "source_rule": self.source_rule,
            "parallel": self.parallel,
            "stages": [stage.content() for stage in self.stages],
            "transitions": [transition.content() for transition in self.transitions],
        }

    def digest(self) -> str:
        """SHA-256 (64 hex digits) over the canonical content."""
        canonical = json.dumps(self.content(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Definition:
        """The definition that :meth:`content` wrote; trusts its input (validation is the readers' work)."""
        return cls(
            id=content["id"],
            name=content["name"],
            type=content["type"],
            description=content["description"],
            source_rule=content["source_rule"],
            parallel=content["parallel"],
            stages=tuple(_stage_from(stage) for stage in content["stages"]),
            transitions=tuple(Transition(t["from"], t["to"], t["condition"]) for t in content["transitions"]),
        )


def _stage_from(content: Mapping[str, Any]) -> StageDefinition:
    return StageDefinition(
        id=content["id"],
        name=content["name"],
        order=content["order"],
        description=content["description"],
        required=content["required"],
        checklist=tuple(ChecklistItem(**item) for item in content["checklist"]),
        deliverables=tuple(Deliverable(**deliverable) for deliverable in content["deliverables"]),
        depends_on=tuple(content["depends_on"]),
        exit_condition=content["exit_condition"],
        roles=tuple(content["roles"]),
        tools=tuple(content["tools"]),
        timeout=content["timeout"],
        lease=Lease(**content["lease"]) if "lease" in content else None,
    )


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that was not understood (warning) or can't stay (error).

    ``line`` counts from 1; ``path`` is the place in the data, such as ``stages[2].checklist``.
    """

    code: str
    message: str
    line: int | None = None
    path: str = ""
    fix: str = ""


@dataclass(slots=True)
class Reading:
    """What one workflow of a file became.  ``definition`` is None when the file holds none.

    ``stage_lines`` maps a stage's id to the line (from 1) it came from.  A reading with
    ``errors`` has no definition: a file is never half imported.
    """

    file: str
    definition: Definition | None = None
    stage_lines: dict[str, int] = field(default_factory=dict)
    warnings: list[Problem] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
