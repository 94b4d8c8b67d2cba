"""``flow validate``, and what ``flow import`` shares with it: what files say and what of it was not understood."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sessions_app.cli.invocation import Invocation
from sessions_app.definitions import batch, read_file
from sessions_app.definitions.batch import problem_json
from sessions_app.definitions.schema import Definition, Reading
from sessions_app.exceptions import InvalidInput, NotFound
from sessions_app.language import gettext as _
from sessions_app.language import localised, ngettext
from sessions_app.text import visible


def read_all(files: Sequence[str]) -> list[Reading]:
    """Every file's readings; a file that can't be read is a reading with an error."""
    return batch.read_all(dict.fromkeys(files), read_file)


def validate(call: Invocation) -> None:
    """``validate <file>…``"""
    readings = read_all(call.args.files)
    call.show(lambda: [_verdict(reading) for reading in readings], lambda: _verdict_lines(readings))
    refuse_errors(readings, _("The files have errors."))


def _verdict(reading: Reading) -> dict[str, Any]:
    return {
        "file": reading.file,
        "workflow_id": reading.definition.id if reading.definition else None,
        "valid": not reading.errors,
        "errors": [problem_json(problem) for problem in reading.errors],
        "warnings": [problem_json(problem) for problem in reading.warnings],
    }


def _verdict_lines(readings: Sequence[Reading]) -> Iterable[str]:
    for reading in readings:
        if reading.definition:
            yield "✅ " + summary(reading.file, reading.definition)
        yield from problem_lines(reading)


def refuse_errors(readings: Sequence[Reading], message: str) -> None:
    """Raise when a reading has errors: NotFound when all that is wrong is that files are missing."""
    errors = batch.errors_json(readings)
    count = len(errors)
    if not count:
        return
    missing = all(error["code"] == NotFound.code for error in errors)
    refusal, code = (NotFound, NotFound.code) if missing else (InvalidInput, "invalid-file")
    raise refusal(
        message,
        fix=ngettext("Mend the {count} error above.", "Mend the {count} errors above.", count).format(count=count),
        code=code,
        errors=errors,
    )


def problem_lines(reading: Reading) -> Iterable[str]:
    """The errors and warnings of a reading: ``file:line: message (fix)``."""
    for sign, problems in (("❌", reading.errors), ("⚠️", reading.warnings)):
        for problem in problems:
            place = reading.file if problem.line is None else f"{reading.file}:{problem.line}"
            path = f"{problem.path}: " if problem.path else ""
            fix = f" ({problem.fix})" if problem.fix else ""
            yield visible(f"{sign} {place}: {path}{problem.message}{fix}")


def summary(file: str, definition: Definition) -> str:
    """One line about what a file holds."""
    counts = _("stages {stages}, items {items}, deliverables {deliverables}, transitions {ways}").format(
        stages=len(definition.stages),
        items=sum(len(stage.checklist) for stage in definition.stages),
        deliverables=sum(len(stage.deliverables) for stage in definition.stages),
        ways=len(definition.transitions),
    )
    return visible(f"{file}: {definition.id} ({localised(definition.name)}), {counts}")
