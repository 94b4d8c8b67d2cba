"""Stages as headings: ``### X阶段`` with labelled bullets, or with mandatory checkpoints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from sessions_app.definitions.rules.document import Document
from sessions_app.definitions.rules.labels import Meaning, checkpoint, label, meaning_of
from sessions_app.definitions.rules.outline import Block, Heading, Paragraph
from sessions_app.definitions.rules.plan import Noted, Plan
from sessions_app.definitions.rules.sections import stage_of
from sessions_app.definitions.rules.wording import is_named_stage, numbered
from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _

_TELLING = {Meaning.ROLES, Meaning.TOOLS, Meaning.DELIVERABLES, Meaning.EXIT, Meaning.NEXT, Meaning.LOOP}


def labelled_plans(document: Document) -> list[Plan]:
    """Groups of headings whose labels say who, with what, and when a stage is done; the fullest first."""
    plans = [plan for group in document.groups() if (plan := _labelled_plan(group))]
    return sorted(plans, key=lambda plan: -len(plan.stages))


def checkpoint_plans(document: Document) -> list[Plan]:
    """The headings that hold mandatory checkpoints."""
    headings = [heading for heading in document.headings if heading.level and checkpoints(heading)]
    return [plan_of(headings, _("headings with mandatory checkpoints"))] if headings else []


def checkpoints(heading: Heading) -> list[Noted]:
    """The mandatory checkpoints right under a heading."""
    return [Noted(text, line) for raw, line in entries_of(heading.blocks) if (text := checkpoint(raw))]


def plan_of(headings: list[Heading], what: str, *, warn: bool = True) -> Plan:
    """A plan whose stages are these headings; in sequence if all are numbered, unless labels say what comes next."""
    plan = Plan(what, headings[0].line, [], used=headings)
    for heading in headings:
        draft, warnings = stage_of(heading)
        plan.stages.append(draft)
        plan.warnings += warnings if warn else []
    if all(numbered(heading.text) for heading in headings) and not any(stage.pointers for stage in plan.stages):
        plan.links = plan.in_sequence()
    return plan


def misnumbered(numbers: list[tuple[int, int]]) -> Iterator[Problem]:
    """A warning for each of the numbers (with their lines) that doesn't follow the one before."""
    for (previous, _line), (number, line) in pairwise(numbers):
        if number == previous + 1:
            continue
        if number > previous:
            message = _("The number {number} follows {previous}; a stage may be missing.")
        else:
            message = _("The number {number} follows {previous}; the stages are taken in the order of the file.")
        message = message.format(number=number, previous=previous)
        yield Problem("numbering", message, line, fix=_("Check the numbers."))


def _labelled_plan(group: list[Heading]) -> Plan | None:
    kinds = {heading: _telling_labels(heading) for heading in group}
    labelled = {heading for heading in group if kinds[heading] >= (1 if _is_named(heading) else 2)}
    if not labelled:
        return None
    # Where several numbered headings are stages, those between them are, too.
    counted = sum(numbered(heading.text) is not None for heading in labelled) > 1
    stages = [
        heading
        for heading in group
        if heading in labelled or is_named_stage(heading.text) or (counted and numbered(heading.text))
    ]
    plan = plan_of(stages, _("stage headings with labels"))
    numbers = [(number.number, heading.line) for heading in stages if (number := numbered(heading.text))]
    if plan.links and numbers[0][0] == 1:
        plan.warnings += misnumbered(numbers)
    plan.clear = any(_is_named(heading) and kinds[heading] > 1 for heading in labelled)
    return plan


def _is_named(heading: Heading) -> bool:
    return is_named_stage(heading.text) or numbered(heading.text) is not None


def _telling_labels(heading: Heading) -> int:
    """How many kinds of telling labels stand right under a heading."""
    below = {meaning_of(child.raw) for child in heading.children}
    return telling_labels(entries_of(heading.blocks), below)


def telling_labels(entries: Iterable[tuple[str, int]], more: Iterable[Meaning | None] = ()) -> int:
    """How many kinds of telling labels the entries begin with."""
    found = {entry.meaning for raw, _line in entries if (entry := label(raw))}
    return len((found | set(more)) & _TELLING)


def entries_of(blocks: Sequence[Block]) -> Iterator[tuple[str, int]]:
    """The lines of paragraphs and the entries of lists, with their line numbers."""
    for block in blocks:
        if isinstance(block, Paragraph):
            for offset, raw in enumerate(block.raw.splitlines()):
                yield raw, block.line + offset
        else:
            for item in block.walk():
                yield item.raw, item.line
