"""Two versions of a workflow side by side."""

from __future__ import annotations

from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from sessions_app import publishing, versions
from sessions_app.admin.pages import Pages
from sessions_app.admin.workflow_texts import compared
from sessions_app.definitions.diff import compare
from sessions_app.definitions.schema import Definition
from sessions_app.exceptions import FlowError
from sessions_app.models import WorkflowDefinition, WorkflowVersion


class WorkflowComparison(Pages):
    """Stands before ``ModelAdmin``."""

    def compare_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """``?before=1&after=2``; without them the newest version beside the one before it."""
        self.admit(request)
        try:
            workflow = publishing.get_workflow(unquote(object_id))
            after = _version(request, workflow, "after", workflow.latest_version)
            before = _version(request, workflow, "before", max(after.number - 1, 1))
        except FlowError as error:
            self.refused(request, error)
            return redirect("admin:sessions_app_workflowdefinition_changelist")
        found = compare(Definition.from_content(before.content), Definition.from_content(after.content))
        return self.page(
            request,
            "sessions_app/workflow_compare.html",
            _("Compare versions"),
            workflow=workflow,
            before=before,
            after=after,
            numbers=list(workflow.versions.values_list("number", flat=True)),
            is_empty=found.is_empty,
            comparison=compared(found),
        )


def _version(request: HttpRequest, workflow: WorkflowDefinition, name: str, default: int) -> WorkflowVersion:
    given = request.GET.get(name, "")
    is_number = given.isascii() and given.isdecimal() and len(given) < 10
    return versions.get_version(workflow, int(given) if is_number else default)
