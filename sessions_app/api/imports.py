"""``/workflows/import/``: files become versions of workflows, all or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api import workflow_examples as examples
from sessions_app.api.operations import Answer, operation
from sessions_app.api.workflow_schemas import FILE_NAME_LENGTH
from sessions_app.api.workflows import TAG, Workflows
from sessions_app.exceptions import InvalidInput
from sessions_app.importing import Imported, import_texts
from sessions_app.language import gettext as _
from sessions_app.text import clean_name, visible


@extend_schema_view(retrieve=extend_schema(exclude=True), destroy=extend_schema(exclude=True))
class Imports(Workflows):
    """Files in any of the formats that vcflow reads.

    A workflow may be called ``import``: it is read and deleted at this address too.
    """

    @operation(
        "importWorkflows",
        "Import workflows",
        "Reads every file and makes a version of each workflow that says something new. With an error in any of them"
        " nothing is made, and `details.errors` of the answer lists all errors: file, line, path, code, message, fix."
        " A dry run needs the same rights and makes nothing.",
        tag=TAG,
        body="Import",
        body_example=examples.IMPORT,
        answer=Answer("ImportedFiles", "What was made.", [examples.IMPORTED], status=201),
        other_answers=[Answer("ImportedFiles", "A dry run: what would be imported.", [examples.READ])],
        is_change=True,
    )
    def create(self, request: Request, workflow_id: str) -> Response:
        """Import them."""
        given = dict(request.data)
        texts = _texts(given["files"])
        dry_run = given.get("dry_run", False)
        body, headers = self.define(
            lambda idempotency: import_texts(self.actor, texts, dry_run=dry_run, idempotency=idempotency), _files
        )
        return Response(body["files"], status=200 if dry_run else 201, headers=headers)


def _files(imported: Imported) -> dict[str, Any]:
    return {"files": imported.as_list()}


def _texts(files: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The files' contents by their names, which must differ: errors are told by them."""
    texts: dict[str, str] = {}
    for file in files:
        name = clean_name(file["name"], _("file name"), limit=FILE_NAME_LENGTH)
        if name in texts:
            raise InvalidInput(
                _("Two of the files are called {name}.").format(name=visible(name)),
                fix=_("Give each file a name of its own."),
                field="files",
            )
        texts[name] = file["content"]
    return texts
