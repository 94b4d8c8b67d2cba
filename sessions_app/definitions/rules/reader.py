"""A rule file's text → a reading: which encoding holds its stages, and what was left aside."""

from __future__ import annotations

import re
from collections.abc import Callable

from sessions_app.definitions.ids import source_of
from sessions_app.definitions.problems import listed
from sessions_app.definitions.rules.assembly import assemble, limit_errors
from sessions_app.definitions.rules.diagrams import diagram_plans, other_diagrams
from sessions_app.definitions.rules.document import Document
from sessions_app.definitions.rules.enrichment import add_details, add_loose_items
from sessions_app.definitions.rules.front_matter import FrontMatter, read_front_matter
from sessions_app.definitions.rules.listed import labelled_list_plans, marked_plans, sequence_plans
from sessions_app.definitions.rules.masking import mask
from sessions_app.definitions.rules.names import key
from sessions_app.definitions.rules.outline import TooMuch, read_outline
from sessions_app.definitions.rules.plan import Plan, closure
from sessions_app.definitions.rules.pointers import resolve_pointers
from sessions_app.definitions.rules.stage_headings import checkpoint_plans, labelled_plans
from sessions_app.definitions.schema import Problem, Reading
from sessions_app.language import gettext as _
from sessions_app.language import ngettext

# In order of precedence: the first that yields a workflow is the file's.
_ENCODINGS: tuple[Callable[[Document], list[Plan]], ...] = (
    labelled_plans,
    labelled_list_plans,
    checkpoint_plans,
    marked_plans,
    diagram_plans,
    sequence_plans,
)
_COMMAND_STEM = re.compile(r".*[-_.](?:cmd|commands?)", re.IGNORECASE)
_COMMAND_TITLE = re.compile(r"命令处理器|命令规则|命令处理规则|\bcommand (?:handler|rules?)\b", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}|\{%[^%]*%\}")
_INLINE_CODE = re.compile(r"`[^`]*`")


def read(text: str, file: str) -> Reading:
    """The workflow that a rule file encodes; without one, a warning says why not.

    ``file`` is the path as given; only its last part enters the definition, so that the
    result doesn't depend on where the file lies.
    """
    try:
        return _read(text, file)
    except TooMuch as error:
        return Reading(file, errors=[error.problem])


def _read(text: str, file: str) -> Reading:
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    front = read_front_matter(lines)
    masked = mask(lines, front.body)
    basename = source_of(file.replace("\\", "/"))
    document = Document(read_outline(masked.lines), basename.rsplit(".", 1)[0] or basename, masked.fences)
    reading = Reading(file, warnings=[*front.warnings, *masked.warnings])
    reason = _no_workflow(document, [*lines[: front.body], *masked.lines[front.body :]])
    found = [] if reason else [plan for encoding in _ENCODINGS for plan in encoding(document)]
    plans = _workflows(found)
    reading.warnings += [] if reason else other_diagrams(document)
    if not plans:
        reading.warnings.append(reason or _nothing_found(document, found))
    else:
        _take(reading, document, front, plans, basename)
    reading.warnings = listed(reading.warnings)
    reading.errors = listed(reading.errors)
    return reading


def _take(reading: Reading, document: Document, front: FrontMatter, plans: list[Plan], basename: str) -> None:
    plan, *others = plans
    reading.errors += limit_errors(plan)
    if reading.errors:
        return
    add_details(document, plan)
    resolve_pointers(plan)
    add_loose_items(document, plan)
    reading.warnings += plan.warnings
    reading.warnings += _left_aside(plan, others)
    assemble(reading, plan, document, front.values, basename)


def _workflows(found: list[Plan]) -> list[Plan]:
    """All that could be read as stages, the one to take first; empty when there is none."""
    plans = [plan for plan in found if len(plan.stages) > 1] or [plan for plan in found if plan.clear]
    above = [_names(plan) for plan in plans if not plan.used]
    first = next((plan for plan in plans if not _is_detail(plan, above)), None)
    if first:
        # Not to be taken, but to be named.
        plans += [plan for plan in found if plan.drawn and len(plan.stages) == 1 and plan not in plans]
    return sorted(plans, key=lambda plan: plan is not first)


def _is_detail(plan: Plan, above: list[set[str]]) -> bool:
    """Whether a diagram or a list names all these headings and more: then they tell about its stages."""
    own = _names(plan)
    return not plan.clear and any(own < names for names in above)


def _names(plan: Plan) -> set[str]:
    return {key(stage.name) for stage in plan.stages}


def _left_aside(taken: Plan, others: list[Plan]) -> list[Problem]:
    """A warning for each other encoding that is more than a detail of the taken one."""
    within = closure(taken.used)
    lines = {stage.line for stage in taken.stages}
    problems = []
    for other in others:
        if other.line in lines or (other.used and within.issuperset(other.used)):
            continue
        lines.add(other.line)
        count = len(other.stages)
        message = ngettext(
            "{what} could also be read as {count} stage; the stages were taken from {taken} (line {line}).",
            "{what} could also be read as {count} stages; the stages were taken from {taken} (line {line}).",
            count,
        ).format(what=other.what, count=count, taken=taken.what, line=taken.line)
        fix = _("If these are the stages, put them into a file of their own.")
        problems.append(Problem("not-taken", message[:1].upper() + message[1:], other.line, fix=fix))
    return problems


def _no_workflow(document: Document, visible: list[str]) -> Problem | None:
    """The reason for which the file is no workflow whatever it holds."""
    title = document.title
    if _COMMAND_STEM.fullmatch(document.stem) or (title and _COMMAND_TITLE.search(title.text)):
        message = _("The file describes a command, not a workflow; the steps in it are what the command does.")
        return Problem("command-document", message, title.line if title else None, fix=_("Nothing to do."))
    lines = (line for line, text in enumerate(visible, 1) if _PLACEHOLDER.search(_INLINE_CODE.sub("", text)))
    placeholder = next(lines, None)
    if placeholder:
        message = _("The file is a template with placeholders that are not filled in.")
        return Problem("template", message, placeholder, fix=_("Fill the template in and import the result."))
    return None


def _nothing_found(document: Document, found: list[Plan]) -> Problem:
    fix = _(
        "Write each stage as a heading such as “### Design stage” with bullets “**Deliverables**: …” and "
        "“**Next**: …”, as numbered headings with checkboxes, or as a Mermaid flowchart."
    )
    if found:
        plan = found[0]
        message = _("The file holds no workflow: {what} on line {line} has a single stage at most.")
        return Problem("no-workflow", message.format(what=plan.what, line=plan.line), plan.line, fix=fix)
    table = next((line for heading in document.headings for line in heading.tables), None)
    if table:
        message = _("The file holds no workflow: the table on line {line} is not read as stages.").format(line=table)
        return Problem("no-workflow", message, table, fix=fix)
    message = _("The file holds no workflow: none of the ways to write stages that vcflow knows is in it.")
    return Problem("no-workflow", message, fix=fix)
