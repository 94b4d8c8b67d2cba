"""Files become versions of workflows: every file is read first; when one has errors, nothing is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sessions_app import publishing
from sessions_app.access import require_general
from sessions_app.actors import Actor
from sessions_app.definitions import batch, read_bytes
from sessions_app.definitions.batch import problem_json
from sessions_app.definitions.schema import Reading
from sessions_app.exceptions import InvalidInput
from sessions_app.idempotency import Idempotency
from sessions_app.language import gettext as _
from sessions_app.models import WorkflowDefinition
from sessions_app.publishing import Published
from sessions_app.representation import definition_json


class Made(NamedTuple):
    """What a definition became, and whether its workflow was retired before."""

    published: Published
    was_retired: bool

    @property
    def is_retired(self) -> bool:
        """A new version puts its workflow back into use."""
        return self.was_retired and not self.published.created


Versions = Mapping[str, Made]
"""What was made, by the workflow's id."""


class Imported(NamedTuple):
    """What the files say, and the versions made of it; none after a dry run."""

    readings: Sequence[Reading]
    versions: Versions

    def as_list(self) -> list[dict[str, Any]]:
        """One JSON object per reading: file, workflow, warnings, errors, and the version made."""
        return [reading_json(reading, self.versions) for reading in self.readings]


def import_texts(
    actor: Actor, texts: Mapping[str, str], *, dry_run: bool = False, idempotency: Idempotency | None = None
) -> Imported:
    """Import what files hold, by their names; all or none.

    With errors in any of them InvalidInput is raised, its ``details["errors"]`` lists them all.
    """
    require_general(actor, "define")
    readings = batch.read_all(texts, lambda name: read_bytes(texts[name].encode(), name))
    _refuse_errors(readings)
    if not dry_run:
        refuse_nothing(readings)
    return import_readings(actor, readings, dry_run=dry_run, idempotency=idempotency)


def import_readings(
    actor: Actor, readings: Sequence[Reading], *, dry_run: bool = False, idempotency: Idempotency | None = None
) -> Imported:
    """Publish what was read without errors; a dry run makes nothing."""

    def work() -> Imported:
        for reading in readings:
            if reading.definition:
                publishing.refuse_other_workflow(actor, reading.definition.id)
        return Imported(readings, {} if dry_run else _publish(actor, readings))

    return publishing.define(actor, work, idempotency)


def _publish(actor: Actor, readings: Sequence[Reading]) -> Versions:
    found = {reading.definition.id: reading.definition for reading in readings if reading.definition}
    definitions = dict(sorted(found.items()))  # locked in one order, so that two imports don't block each other
    retired = set(
        WorkflowDefinition.objects.filter(pk__in=definitions, retired_at__isnull=False).values_list("pk", flat=True)
    )
    published = [publishing.publish_within(actor, definitions[key]) for key in definitions]
    return {key: Made(done, key in retired) for key, done in zip(definitions, published, strict=True)}


def _refuse_errors(readings: Sequence[Reading]) -> None:
    errors = batch.errors_json(readings)
    if errors:
        raise InvalidInput(
            _("Nothing is imported: the files have errors."),
            fix=_("Mend the errors that are listed in details, then send all the files again."),
            code="invalid-file",
            errors=errors,
        )


def refuse_nothing(readings: Sequence[Reading]) -> None:
    """Raise when none of the files holds a workflow."""
    if not any(reading.definition for reading in readings):
        raise InvalidInput(
            _("None of the files holds a workflow."),
            fix=_("See the warnings for what was found."),
            code="no-workflow",
            warnings=batch.warnings_json(readings),
        )


def reading_json(reading: Reading, versions: Versions) -> dict[str, Any]:
    """What one workflow of a file became, as JSON data."""
    definition = reading.definition
    made = versions.get(definition.id) if definition else None
    return {
        "file": reading.file,
        "workflow": definition_json(definition, reading.stage_lines) if definition else None,
        "warnings": [problem_json(problem) for problem in reading.warnings],
        "errors": [problem_json(problem) for problem in reading.errors],
        **(_made_json(made) if made else {}),
    }


def _made_json(made: Made) -> dict[str, Any]:
    published = made.published
    return {"version": published.version.number, "changed": published.created, "retired": made.is_retired}
