"""Versions of a bundle that are written, and the numbers they get where theirs are taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sessions_app.admitting import admit_versions
from sessions_app.bundles import conflicts
from sessions_app.bundles.checking import moment
from sessions_app.bundles.definitions import BundledVersions, version_id
from sessions_app.bundles.lines import Line
from sessions_app.models import WorkflowDefinition, WorkflowVersion

Numbering = Mapping[str, str]
"""By a version's id in the bundle: its id here, where that is another."""


class Wanted(Protocol):
    """Which versions are wanted, and how many were written; see :class:`sessions_app.bundles.importing.Plan`."""

    versions_needed: set[str]
    versions_written: int
    with_taken_versions: set[str]


def write_versions(plan: Wanted, bundled: BundledVersions, *, is_renaming: bool) -> Numbering:
    """Write those that are needed; where another one has the number, and sessions come under other ids, the next."""
    rows = [version_row(bundled.versions[key]) for key in sorted(plan.versions_needed)]
    numbering: dict[str, str] = {}
    if is_renaming and plan.with_taken_versions:
        for key, line in conflicts.taken_versions(bundled).items():
            row = _renumbered(line, rows)
            numbering[key] = row.pk
            rows.append(row)
    workflows = {
        key: {
            "created_at": moment(line["created_at"]),
            "retired_at": line["retired_at"] and moment(line["retired_at"]),
        }
        for key, line in bundled.workflows.items()
    }
    plan.versions_written = len(admit_versions(workflows, rows))
    return numbering


def version_row(line: Line) -> WorkflowVersion:
    """The version of a line; not stored."""
    return WorkflowVersion(
        id=line["id"],
        workflow_id=line["workflow_id"],
        number=line["number"],
        digest=line["digest"],
        content=line["content"],
        created_at=moment(line["created_at"]),
    )


def _renumbered(line: Line, others: list[WorkflowVersion]) -> WorkflowVersion:
    """The version here that says the same, else one with the next number."""
    workflow_id = line["workflow_id"]
    same = WorkflowVersion.objects.filter(workflow=workflow_id, digest=line["digest"]).order_by("number").first()
    if same is not None:
        return same
    latest = WorkflowDefinition.objects.get(pk=workflow_id).latest_version
    number = 1 + max([latest, *(row.number for row in others if row.workflow_id == workflow_id)])
    return version_row({**line, "number": number, "id": version_id(workflow_id, number, line["digest"])})
