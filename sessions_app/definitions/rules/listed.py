"""Stages as a numbered sequence: a list with its current entry marked, numbered headings, lists with checkboxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from sessions_app.definitions.rules.document import Document, speaks_of_process, speaks_of_reference
from sessions_app.definitions.rules.labels import Meaning, meaning_of
from sessions_app.definitions.rules.outline import Heading, Item, Listing
from sessions_app.definitions.rules.plan import Plan
from sessions_app.definitions.rules.sections import stage_of_item
from sessions_app.definitions.rules.stage_headings import entries_of, misnumbered, plan_of, telling_labels
from sessions_app.definitions.rules.wording import Numbered, is_named_stage, numbered, plain, task
from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _

_MARK_BEFORE = re.compile(r"(?:→\s?→|➡️?\s?➡|>>|=>\s?=>)[→➡\ufe0f>=\s]*")
_MARK_AFTER = re.compile(r"←\s?←|⬅️?\s?⬅|<<|<=\s?<=")
_AFTER = "←⬅\ufe0f<= "
_MARK_AROUND = re.compile(r"(?:→|➡️?|=>|->)\s*(?P<inner>[^→←]+?)\s*(?:←|⬅️?|<=|<-)")
_CURRENT_WORD = r"(?:当前(?:所处|所在)?的?(?:阶段|步骤|位置|环节)?|current(?: (?:stage|phase|step))?|you are here)"
_CURRENT = re.compile(rf"{_CURRENT_WORD}\s*[:：]\s*", re.IGNORECASE)
_SAID_CURRENT = re.compile(
    rf"(?:[\[【]?{_CURRENT_WORD}(?:\s*[:：]|[\]】]))\s*(?P<after>.+)"
    rf"|(?P<before>.+?)\s*(?:[(（\[【]\s*{_CURRENT_WORD}\s*[)）\]】]|(?:←|⬅️?|<-|👈)\s*{_CURRENT_WORD})",
    re.IGNORECASE,
)
_ENDS_AS_PROCESS = re.compile(
    r"(?:流程|工作流|步骤|阶段|workflow|process|procedure|steps|stages|phases)\W*$", re.IGNORECASE
)
_FEWEST_PLAIN = 3

Run = list[tuple[Heading, Numbered]]


def marked_plans(document: Document) -> list[Plan]:
    """Lists that mark one entry as the current one: ``→→ … ←←``, or in words if they are numbered."""
    plans = []
    for _heading, listing in _lists(document):
        items, marked = _unmarked(listing)
        if marked:
            plan = _list_plan(items, _("a list with the current stage marked"))
            plan.current = marked[0]
            plans.append(plan)
    return plans


def labelled_list_plans(document: Document) -> list[Plan]:
    """Lists whose entries are stages with labelled bullets beneath: ``1. **X**: …`` and ``- Outputs: …``."""
    return [
        _list_plan(list(listing.items), _("a list with labels beneath its entries"), ordered=listing.ordered)
        for heading, listing in _lists(document)
        if _tells_of_stages(document, heading, listing)
    ]


def sequence_plans(document: Document) -> list[Plan]:
    """Numbered headings, stage headings without labels, and headings or entries with checkboxes beneath."""
    groups = list(document.groups())
    runs = [run for group in groups for run in _runs(group)]
    plans = [_run_plan(run) for run in runs if _is_workflow(document, run)]
    plans += [
        plan_of(named, _("stage headings"), warn=False)
        for group in groups
        if len(named := [heading for heading in group if is_named_stage(heading.text)]) > 1
    ]
    plans += [
        plan_of(ticked, _("headings with checkboxes"), warn=False)
        for group in groups
        if len(ticked := [heading for heading in group if _has_tasks(heading)]) > 1
    ]
    return plans + list(_ordered_list_plans(document))


def _lists(document: Document) -> Iterator[tuple[Heading, Listing]]:
    for heading in document.headings:
        for listing in heading.lists:
            yield heading, listing


def _unmarked(listing: Listing) -> tuple[list[Item], list[int]]:
    """The entries without marks, and the places of the marked ones; words mark one entry of a numbered list."""
    names = [_between_arrows(plain(item.raw)) for item in listing.items]
    if listing.ordered and not any(names):
        names = [_said_current(plain(item.raw)) for item in listing.items]
        names = names if sum(map(bool, names)) == 1 else [""] * len(names)
    items = [replace(item, raw=name or item.raw) for item, name in zip(listing.items, names, strict=True)]
    return items, [place for place, name in enumerate(names) if name]


def _between_arrows(text: str) -> str:
    unmarked = text.rstrip(_AFTER)
    before, after = _MARK_BEFORE.match(unmarked), _MARK_AFTER.match(text[len(unmarked) :].lstrip())
    if before or after:
        text = (unmarked if after else text)[before.end() if before else 0 :].strip()
        return _CURRENT.sub("", text, count=1)
    around = _MARK_AROUND.fullmatch(text)
    return _CURRENT.sub("", around["inner"], count=1) if around else ""


def _said_current(text: str) -> str:
    said = _SAID_CURRENT.fullmatch(text)
    return (said["after"] or said["before"]) if said else ""


def _tells_of_stages(document: Document, heading: Heading, listing: Listing) -> bool:
    """Whether most entries have labels beneath, and the list is one of stages rather than of parts or rules."""
    kinds = [telling_labels(entries_of(item.lists)) for item in listing.items]
    labelled = sum(map(bool, kinds))
    if labelled < 2 or 2 * labelled <= len(kinds) or speaks_of_reference(heading.text):
        return False
    if any(is_named_stage(stage_of_item(item)[0].name) for item in listing.items):
        return True
    return listing.ordered and (document.is_flow or speaks_of_process(heading.text) or max(kinds) > 1)


def _list_plan(items: list[Item], what: str, *, ordered: bool = True) -> Plan:
    plan = Plan(what, items[0].line, [])
    for item in items:
        draft, warnings = stage_of_item(item)
        plan.stages.append(draft)
        plan.warnings += warnings
    if ordered and not any(stage.pointers for stage in plan.stages):
        plan.links = plan.in_sequence()
    numbers = [(item.number, item.line) for item in items if item.number is not None]
    # Markdown lets all entries have the same number.
    if numbers and numbers[0][0] == 1 and len({number for number, _line in numbers}) > 1:
        plan.warnings += misnumbered(numbers)
    return plan


def _runs(group: list[Heading]) -> Iterator[Run]:
    """The numbered headings, cut where a count begins anew."""
    counted = [(heading, number) for heading in group if (number := numbered(heading.text))]
    run: Run = []
    for place, entry in enumerate(counted):
        if run and _begins_anew(run, counted[place : place + 2]):
            yield run
            run = []
        run.append(entry)
    yield run


def _begins_anew(run: Run, following: Run) -> bool:
    """Whether a number that doesn't grow is no slip: it goes on as 1, 2, or the run isn't a count from 1 either."""
    numbers = [number.number for _heading, number in following]
    if numbers[0] > run[-1][1].number:
        return False
    return run[0][1].number != 1 or (len(run) > 1 and numbers == [1, 2])


def _is_workflow(document: Document, run: Run) -> bool:
    if len(run) < 2:
        return False
    if any(_has_tasks(lower) for heading, _number in run for lower in heading.walk()):
        return True
    if all(number.step for _heading, number in run):
        return True
    return _counts_from_one(run) and _reads_as_process(document, run)


def _counts_from_one(run: Run) -> bool:
    """Whether two or more of its numbers are 1, 2, … without a gap up to the end or to a slip."""
    counts: list[list[int]] = []
    for _heading, number in run:
        if counts and number.number > counts[-1][-1]:
            counts[-1].append(number.number)
        else:
            counts.append([number.number])
    return any(len(count) > 1 and count == list(range(1, len(count) + 1)) for count in counts)


def _reads_as_process(document: Document, run: Run) -> bool:
    """Not a numbered document: neither the heading above nor most of the names speak of reference."""
    above = run[0][0].parent
    if above and speaks_of_reference(above.text) and not (above is document.title and document.is_flow):
        return False
    referring = sum(speaks_of_reference(number.rest) for _heading, number in run)
    return 2 * referring < len(run)


def _run_plan(run: Run) -> Plan:
    plan = plan_of([heading for heading, _number in run], _("numbered headings"), warn=False)
    plan.warnings += misnumbered([(number.number, heading.line) for heading, number in run])
    return plan


def _has_tasks(heading: Heading) -> bool:
    lists = heading.lists + [
        listing for child in heading.children if meaning_of(child.raw) is Meaning.CHECKLIST for listing in child.lists
    ]
    return any(task(item.raw) is not None for listing in lists for item in listing.walk())


def _ordered_list_plans(document: Document) -> Iterator[Plan]:
    ordered = [
        (heading, listing) for heading, listing in _lists(document) if listing.ordered and len(listing.items) > 1
    ]
    for _heading, listing in ordered:
        if any(task(lower.raw) is not None for item in listing.items for below in item.lists for lower in below.walk()):
            yield _list_plan(list(listing.items), _("a numbered list with checkboxes"))
    for heading, listing in ordered:
        if all(task(item.raw) is not None for item in listing.items) and speaks_of_process(heading.text):
            yield _list_plan(list(listing.items), _("a numbered list of checkboxes"))
    for heading, listing in ordered:
        if document.is_flow and len(listing.items) >= _FEWEST_PLAIN and _ENDS_AS_PROCESS.search(heading.text):
            yield _plain_list_plan(listing)


def _plain_list_plan(listing: Listing) -> Plan:
    plan = _list_plan(list(listing.items), _("a numbered list"))
    message = _("The stages are the entries of a plain numbered list under a heading that announces a process.")
    fix = _("Check that each entry is a stage.")
    plan.warnings.append(Problem("plain-list", message, listing.line, fix=fix))
    return plan
