"""Several files at once: what they say together, and what of it was not understood.  Imports no Django."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sessions_app.definitions.schema import Problem, Reading
from sessions_app.exceptions import FlowError
from sessions_app.language import gettext as _
from sessions_app.text import visible


def read_all(files: Iterable[str], read: Callable[[str], list[Reading]]) -> list[Reading]:
    """Every file's readings; a file that can't be read is a reading with an error."""
    readings: list[Reading] = []
    for file in files:
        try:
            readings += read(file)
        except FlowError as error:
            readings.append(Reading(file, errors=[Problem(error.code, error.message, fix=error.fix)]))
    return readings + list(_claimed_twice(readings))


def _claimed_twice(readings: Sequence[Reading]) -> Iterable[Reading]:
    """An error for each workflow that two of the files define differently."""
    first: dict[str, Reading] = {}
    for reading in readings:
        definition = reading.definition
        if definition is None:
            continue
        other = first.setdefault(definition.id, reading)
        if other.definition and other.definition.content() != definition.content():
            message = _("The workflow {id} is defined differently in {file}.").format(
                id=definition.id, file=visible(other.file)
            )
            problem = Problem("workflow-twice", message, fix=_("Give one of them another id."))
            yield Reading(reading.file, errors=[problem])


def errors_json(readings: Iterable[Reading]) -> list[dict[str, Any]]:
    """Every error of the readings, with its file, as JSON data."""
    return [{"file": reading.file, **problem_json(problem)} for reading in readings for problem in reading.errors]


def warnings_json(readings: Iterable[Reading]) -> list[dict[str, Any]]:
    """Every warning of the readings, with its file, as JSON data."""
    return [{"file": reading.file, **problem_json(problem)} for reading in readings for problem in reading.warnings]


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as JSON data."""
    return {
        "line": problem.line,
        "code": problem.code,
        "message": problem.message,
        "path": problem.path,
        "fix": problem.fix,
    }
