"""Read a folder of real rule files and hold what is found against what a person would write down.

``python -m tests.real_rules FOLDER`` prints a line per workflow and each warning, and ends with 1
on any difference, and on a file that is missing or not in the table.
"""

# ruff: noqa: T201 - what a script has to say is printed.

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sessions_app import definitions, language
from sessions_app.definitions.schema import Reading


class Counts(NamedTuple):
    """What a workflow holds; ``warnings`` are their codes, in the order of the file."""

    stages: int
    items: int
    deliverables: int
    transitions: int
    warnings: tuple[str, ...] = ()


NOTHING = Counts(0, 0, 0, 0)
EXPECTED: dict[str, tuple[Counts, ...]] = {
    "README.md": (NOTHING._replace(warnings=("no-workflow",)),),
    "act.mdc": (NOTHING._replace(warnings=("no-workflow",)),),
    "check-cmd.mdc": (NOTHING._replace(warnings=("front-matter", "command-document")),),
    "coding-flow.mdc": (Counts(6, 0, 0, 5),),
    "commit-flow.mdc": (Counts(6, 5, 0, 5, ("not-taken",)),),
    "cursor-flow.mdc": (NOTHING._replace(warnings=("no-workflow",)),),
    "dbseed-workflow-definitions.json": (Counts(3, 5, 0, 0), Counts(3, 3, 0, 0)),
    "default_flow.json": (Counts(3, 12, 9, 2),),
    "rule-template.md": (NOTHING._replace(warnings=("template",)),),
    "simple-task.json": (Counts(7, 24, 11, 6),),
    "spec-flow.mdc": (Counts(8, 0, 0, 8),),
    "task_flow.mdc": (Counts(4, 0, 0, 4, ("not-taken",)),),
    "test-flow.mdc": (Counts(9, 3, 0, 8, ("checkpoints",)),),
    "test-workflow.json": (Counts(3, 12, 9, 2),),
    "workflow-instruction-workflow.json": (Counts(13, 47, 0, 12),),
    "workflow-instruction.mdc": (Counts(6, 0, 15, 6),),
}
"""Of JSON files the warnings are printed but not held against anything: their codes are free to improve."""


def counts(reading: Reading) -> Counts:
    """What a reading holds."""
    warnings = tuple(problem.code for problem in reading.warnings)
    found = reading.definition
    if found is None:
        return NOTHING._replace(warnings=warnings)
    items = sum(len(stage.checklist) for stage in found.stages)
    deliverables = sum(len(stage.deliverables) for stage in found.stages)
    return Counts(len(found.stages), items, deliverables, len(found.transitions), warnings)


def report(path: Path) -> Iterator[str]:
    """Print what a file holds; yields what differs from the table."""
    readings = definitions.read_file(path)
    found = tuple(map(counts, readings))
    for reading, held in zip(readings, found, strict=True):
        name = reading.definition.id if reading.definition else "no workflow"
        numbers = f"{held.stages:>3} {held.items:>3} {held.deliverables:>3} {held.transitions:>3}"
        print(f"{path.name:<36} {numbers}  {name}")
        for problem in [*reading.errors, *reading.warnings]:
            print(f"    {path.name}:{problem.line or '-'}: {problem.code}: {problem.message}")
        yield from (f"{path.name}:{problem.line}: {problem.message}" for problem in reading.errors)
    expected = EXPECTED.get(path.name)
    if path.suffix == ".json":
        found = tuple(held._replace(warnings=()) for held in found)
    if expected is None:
        yield f"{path.name}: not in the table of expectations"
    elif found != expected:
        yield f"{path.name}: expected {expected}, found {found}"


def main(arguments: list[str]) -> int:
    """Check the folder that is named; returns the exit status."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("usage: python -m tests.real_rules FOLDER", file=sys.stderr)
        return 2
    language.activate("en")
    paths = sorted(path for path in Path(arguments[0]).iterdir() if path.suffix in (".md", ".mdc", ".json"))
    print(f"{'file':<36} {'sta':>3} {'itm':>3} {'del':>3} {'tra':>3}")
    differences = [difference for path in paths for difference in report(path)]
    differences += [f"{name}: missing" for name in sorted(EXPECTED.keys() - {path.name for path in paths})]
    for difference in differences:
        print(f"DIFFERENT {difference}", file=sys.stderr)
    print(f"{len(paths)} files, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
