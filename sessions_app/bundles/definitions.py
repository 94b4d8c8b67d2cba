"""The versions of workflows in a bundle: held to what a file that is imported is held to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sessions_app.bundles.lines import Line
from sessions_app.bundles.reading import Reader
from sessions_app.canonical import canonical, digest
from sessions_app.definitions import export, read_text
from sessions_app.definitions.schema import Definition
from sessions_app.language import gettext as _
from sessions_app.models.definitions import PublishedVersion

MOST_VERSIONS = 10_000


class BundledVersions(NamedTuple):
    """What a bundle has of workflows: their lines by id, the versions' lines by id, and these as values."""

    workflows: Mapping[str, Line]
    versions: Mapping[str, Line]
    published: Mapping[str, PublishedVersion]


def read_definitions(reader: Reader) -> BundledVersions:
    """All of them, checked; raises BundleRefused."""
    workflows: dict[str, Line] = {}
    versions: dict[str, Line] = {}
    published: dict[str, PublishedVersion] = {}
    for line in reader.definitions():
        if line["kind"] == "workflow":
            workflows[line["id"]] = line
            continue
        if len(versions) >= MOST_VERSIONS:
            raise reader.refused(_("It has more than {limit} versions of workflows.").format(limit=MOST_VERSIONS))
        fault = _fault(line, workflows)
        if fault:
            raise reader.refused(fault)
        versions[line["id"]] = line
        published[line["id"]] = PublishedVersion(line["number"], line["content"])
    return BundledVersions(workflows, versions, published)


def _fault(line: Line, workflows: Mapping[str, Line]) -> str:
    """What is wrong with a version, in words; empty when nothing is."""
    content, workflow_id = line["content"], line["workflow_id"]
    if workflow_id not in workflows:
        return _("The workflow {id} of this version is not in the bundle.").format(id=workflow_id)
    if content.get("id") != workflow_id or line["id"] != version_id(workflow_id, line["number"], line["digest"]):
        return _("The version's id is not that of its workflow, number and content.")
    if digest(content) != line["digest"]:
        return _("The version's content is another than its checksum says.")
    return _unreadable(content)


def version_id(workflow_id: str, number: int, content_digest: str) -> str:
    """The id that a version with that content has."""
    return f"{workflow_id}@{number}-{content_digest[:16]}"


def _unreadable(content: Mapping[str, Any]) -> str:
    """Written as a file and read back, a version must be what it was."""
    try:
        text = export.to_json(Definition.from_content(content))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        return _("The version is no definition of a workflow: {error}.").format(
            error=f"{type(error).__name__}: {error}"
        )
    for reading in read_text(text, "version.json"):
        if reading.errors:
            return _("The version is no definition that could be imported: {error}").format(
                error=reading.errors[0].message
            )
        if reading.definition and canonical(reading.definition.content()) == canonical(content):
            return ""
    return _("The version is no definition that could be imported: {error}").format(error=_("it reads otherwise"))
