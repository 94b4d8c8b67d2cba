"""``/workflows/``: what they say, now and before; export, picture; retire and delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import publishing, versions
from sessions_app.access import require_general
from sessions_app.api import drawings
from sessions_app.api import workflow_examples as examples
from sessions_app.api.defining import DefiningViewSet
from sessions_app.api.documents import ref
from sessions_app.api.filters import refuse_bad_values
from sessions_app.api.operations import (
    CURSOR,
    LIMIT,
    Answer,
    fields_parameter,
    operation,
    ordering,
    path_id,
    query,
)
from sessions_app.api.pagination import Pages
from sessions_app.api.rendering import JSON_TYPE
from sessions_app.api.selection import read_choice, read_number, selected_fields, slim
from sessions_app.api.views import page_body
from sessions_app.api.workflow_schemas import FILE
from sessions_app.definitions import export as writers
from sessions_app.definitions.schema import Definition
from sessions_app.language import current
from sessions_app.models import WorkflowDefinition, WorkflowVersion
from sessions_app.publishing import get_workflow
from sessions_app.representation import definition_json, workflow_detail_json, workflow_json

TAG = "workflows"
YAML_TYPE = "text/yaml"
WORKFLOW_ID = path_id("workflow_id", "The workflow's whole id.", "release")
NUMBER = OpenApiParameter("number", {"type": "integer", "minimum": 1}, OpenApiParameter.PATH, description="Which one.")
VERSION = query("version", {"type": "integer", "minimum": 1}, "Which version; without it the newest.")
EXPORT_AS = query("as", {"type": "string", "enum": ["yaml", "json"], "default": "yaml"}, "In which form.")

PAGES = Pages({"id": "id", "updated_at": "updated_at"}, default="id")
VERSION_PAGES = Pages({"number": "number"}, default="-number", key="number")


class WorkflowFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Both retired and others, unless one of them is asked for."""

    type = django_filters.CharFilter(max_length=64)
    retired = django_filters.ChoiceFilter(choices=[("true", "true"), ("false", "false")], method="by_retirement")
    search = django_filters.CharFilter(method="with_text", max_length=200)

    class Meta:
        model = WorkflowDefinition
        fields: list[str] = []

    def by_retirement(self, rows: QuerySet[WorkflowDefinition], _name: str, value: str) -> QuerySet[WorkflowDefinition]:
        """Those that are retired, or those that aren't."""
        return rows.filter(retired_at__isnull=value == "false")

    def with_text(self, rows: QuerySet[WorkflowDefinition], _name: str, text: str) -> QuerySet[WorkflowDefinition]:
        """Those with the text in id or name."""
        return versions.search_workflows(rows, text)


PARAMETERS = (
    query("type", {"type": "string", "minLength": 1, "maxLength": 64}, "Of this type."),
    query("retired", {"type": "string", "enum": ["true", "false"]}, "Only retired ones, or only others."),
    query(
        "search", {"type": "string", "minLength": 1, "maxLength": 200}, "With this text in id or name, in any language."
    ),
)


class Workflows(DefiningViewSet):
    """What sessions run."""

    @operation(
        "listWorkflows",
        "List workflows",
        "Every workflow, by pages; everybody who is signed in may read them.",
        tag=TAG,
        parameters=[
            *PARAMETERS,
            fields_parameter("WorkflowRow"),
            ordering(PAGES.choices, PAGES.default),
            LIMIT,
            CURSOR,
        ],
        answer=Answer("WorkflowPage", "A page.", examples.PAGE),
    )
    def list(self, request: Request) -> Response:
        """One page."""
        fields = selected_fields(request, "WorkflowRow")
        found = WorkflowFilter(request.query_params, queryset=WorkflowDefinition.objects.all())
        refuse_bad_values(found)
        page = PAGES.page(found.qs, request)
        return Response(page_body([slim(workflow_json(row), fields) for row in page.rows], request, page.next_query))

    @operation(
        "getWorkflow",
        "Read a workflow",
        "The workflow with what its newest version says.",
        tag=TAG,
        parameters=[WORKFLOW_ID, fields_parameter("WorkflowDetail")],
        answer=Answer("WorkflowDetail", "The workflow.", examples.DETAIL),
        errors=[404],
    )
    def retrieve(self, request: Request, workflow_id: str) -> Response:
        """Read one."""
        fields = selected_fields(request, "WorkflowDetail")
        workflow = get_workflow(workflow_id)
        return Response(slim(workflow_detail_json(workflow, versions.definition_of(workflow)), fields))

    @operation(
        "listWorkflowVersions",
        "List a workflow's versions",
        "Newest first, by pages; with the number of sessions that the caller may see of each.",
        tag=TAG,
        parameters=[WORKFLOW_ID, ordering(VERSION_PAGES.choices, VERSION_PAGES.default), LIMIT, CURSOR],
        answer=Answer("WorkflowVersionPage", "A page.", examples.VERSION_PAGE),
        errors=[404],
    )
    def list_versions(self, request: Request, workflow_id: str) -> Response:
        """One page."""
        rows = WorkflowVersion.objects.filter(workflow=get_workflow(workflow_id)).defer("content")
        page = VERSION_PAGES.page(rows, request)
        counts = versions.session_counts(self.actor, [row.pk for row in page.rows])
        body = [{**_version(row), "sessions": counts.get(row.pk, 0)} for row in page.rows]
        return Response(page_body(body, request, page.next_query))

    @operation(
        "getWorkflowVersion",
        "Read a version",
        "What the workflow said when that version was published. It never changes, and its `ETag` is made of its"
        " digest and the language of the texts.",
        tag=TAG,
        parameters=[WORKFLOW_ID, NUMBER],
        answer=Answer("WorkflowVersionDetail", "The version.", examples.VERSION_DETAIL),
        errors=[404],
    )
    def retrieve_version(self, request: Request, workflow_id: str, number: int) -> Response:
        """Read one."""
        version = versions.get_version(get_workflow(workflow_id), number)
        definition = definition_json(Definition.from_content(version.content))
        body = {"workflow_id": workflow_id, **_version(version), "definition": definition}
        return Response(body, headers={"ETag": f'"{version.digest}-{current()}"'})

    @operation(
        "exportWorkflow",
        "Export a workflow",
        "A file in vcflow's own format, which can be imported again without loss; a token needs the scope `export`.",
        tag=TAG,
        parameters=[WORKFLOW_ID, EXPORT_AS, VERSION],
        answer=Answer(FILE, "The file.", examples.YAML, media_type=YAML_TYPE),
        other_answers=[Answer(ref("JsonObject"), "The file.", examples.FILE)],
        errors=[404],
    )
    def export(self, request: Request, workflow_id: str) -> HttpResponse:
        """One version as a file."""
        require_general(self.actor, "export-workflows")
        form = read_choice(request, "as", ("yaml", "json"), "yaml")
        definition = self._definition(request, workflow_id)
        text = writers.to_json(definition) if form == "json" else writers.to_yaml(definition)
        media_type = JSON_TYPE if form == "json" else f"{YAML_TYPE}; charset=utf-8"
        disposition = f'attachment; filename="{definition.id}.{form}"'
        return HttpResponse(text, content_type=media_type, headers={"Content-Disposition": disposition})

    @operation(
        "drawWorkflow",
        "Draw a workflow",
        "Its stages and the ways between them as a picture.",
        tag=TAG,
        parameters=[WORKFLOW_ID, drawings.AS, VERSION],
        answer=drawings.ANSWER,
        other_answers=drawings.OTHER_ANSWERS,
        errors=[404],
    )
    def diagram(self, request: Request, workflow_id: str) -> HttpResponse:
        """One version as a picture."""
        return drawings.picture(request, self._definition(request, workflow_id), {})

    def _definition(self, request: Request, workflow_id: str) -> Definition:
        number = read_number(request, "version")
        return versions.definition_of(get_workflow(workflow_id), number)

    @operation(
        "retireWorkflow",
        "Retire a workflow",
        "It starts no new sessions; those it has go on. A new version puts it back into use.",
        tag=TAG,
        parameters=[WORKFLOW_ID],
        answer=Answer("WorkflowChange", "The workflow as it is now.", examples.CHANGE),
        is_change=True,
        errors=[404],
    )
    def retire(self, request: Request, workflow_id: str) -> Response:
        """Start no new sessions of it."""
        return self.changed(
            lambda idempotency: publishing.retire(self.actor, workflow_id, idempotency=idempotency),
            lambda done: _changed(*done),
        )

    @operation(
        "deleteWorkflow",
        "Delete a workflow",
        "Removes a workflow that has no sessions, with its versions; tokens for it alone go with it.",
        tag=TAG,
        parameters=[WORKFLOW_ID],
        answer=Answer("WorkflowChange", "The workflow as it was.", examples.DELETED),
        is_change=True,
        errors=[404],
    )
    def destroy(self, request: Request, workflow_id: str) -> Response:
        """Remove it."""
        return self.changed(
            lambda idempotency: publishing.delete_workflow(self.actor, workflow_id, idempotency=idempotency),
            lambda workflow: _changed(workflow, changed=True),
        )


def _version(version: WorkflowVersion) -> dict[str, Any]:
    return {"number": version.number, "digest": version.digest, "created_at": version.created_at}


def _changed(workflow: WorkflowDefinition, changed: bool) -> Mapping[str, Any]:
    return {**workflow_json(workflow), "changed": changed, "warnings": []}
