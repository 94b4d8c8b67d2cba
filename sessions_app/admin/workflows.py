"""The admin's pages for workflows and their versions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from sessions_app import drawing, publishing, versions
from sessions_app.actors import Actor
from sessions_app.admin.lookups import KnownQuery
from sessions_app.admin.pages import Pages
from sessions_app.admin.panels import View, drawn_panels
from sessions_app.admin.parts import ReadOnly, actor_of
from sessions_app.admin.session_filters import SessionFilter, register_filter
from sessions_app.admin.workflow_acts import VERBS, WorkflowActs
from sessions_app.admin.workflow_compare import WorkflowComparison
from sessions_app.admin.workflow_counts import Sessions, sessions_of, sessions_of_versions
from sessions_app.admin.workflow_import import WorkflowImport
from sessions_app.admin.workflow_list import WorkflowList
from sessions_app.admin.workflow_migrate import WorkflowMigration
from sessions_app.admin.workflow_texts import described
from sessions_app.definitions.schema import Definition
from sessions_app.exceptions import FlowError, NotFound
from sessions_app.language import gettext, ngettext, noop
from sessions_app.models import WorkflowDefinition, WorkflowVersion
from sessions_app.querysets import FlowSessionQuerySet

VERSIONS_SHOWN = 50


def _by_version(_actor: Actor, rows: FlowSessionQuerySet, value: str) -> FlowSessionQuerySet:
    return rows.filter(pinned_version=value)


# What this page's versions link to.
register_filter(SessionFilter("pinned_version__id__exact", noop("workflow version"), _by_version, is_hidden=True))


@admin.register(WorkflowDefinition)
class WorkflowDefinitionAdmin(
    WorkflowList, WorkflowImport, WorkflowComparison, WorkflowMigration, WorkflowActs, Pages, ReadOnly, admin.ModelAdmin
):
    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=name)

        own = [
            page("import/", self.import_view, "import-workflows"),
            page("<path:object_id>/compare/", require_safe(self.compare_view), "compare-workflow"),
            page("<path:object_id>/migrate/", self.migrate_view, "migrate-workflow"),
            page("<path:object_id>/export/", require_safe(self.export_view), "export-workflow"),
            *(
                page(f"<path:object_id>/do/{verb}/", partial(self.act_view, verb=verb), f"{verb}-workflow")
                for verb in VERBS
            ),
        ]
        return [*own, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *_args: Any, **_options: Any) -> HttpResponse:
        """The workflow with what its newest version says."""
        self.admit(request)
        if request.method == "POST":
            raise PermissionDenied
        try:
            workflow = publishing.get_workflow(unquote(object_id))
        except FlowError as error:
            self.refused(request, error)
            return redirect("admin:sessions_app_workflowdefinition_changelist")
        actor = actor_of(request)
        rows = list(workflow.versions.defer("content")[:VERSIONS_SHOWN])
        shown_ones = WorkflowVersion.objects.filter(pk__in=[row.pk for row in rows])
        counts = sessions_of_versions(actor, shown_ones)
        return self.page(
            request,
            "sessions_app/workflow.html",
            workflow.display_name,
            workflow=workflow,
            **definition_context(versions.definition_of(workflow)),
            told_sessions=_told(sessions_of(actor, [workflow.pk]).get(workflow.pk, Sessions())),
            is_workflow=True,
            versions=[{"row": row, "sessions": counts[row.pk]} for row in rows],
            has_more_versions=len(rows) < workflow.latest_version,
            acts=self.acts_of(request, workflow),
            start=self.start_form(request, workflow),
            panels=drawn_panels("workflow", View(request, actor, data={"workflow_id": workflow.pk})),
        )


@admin.register(WorkflowVersion)
class WorkflowVersionAdmin(KnownQuery, ReadOnly, admin.ModelAdmin):
    list_display = ("id", "workflow", "number", "created_at")
    list_select_related = ("workflow",)
    list_filter = ("workflow",)
    show_facets = admin.ShowFacets.NEVER
    actions = None
    change_list_template = "sessions_app/list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkflowVersion]:
        """Without what they say, which a list doesn't show."""
        return super().get_queryset(request).defer("content")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Workflow versions")})

    def change_view(self, request: HttpRequest, object_id: str, *_args: Any, **_options: Any) -> HttpResponse:
        """What a workflow said when this version was published."""
        self.admit(request)
        if request.method == "POST":
            raise PermissionDenied
        version = WorkflowVersion.objects.select_related("workflow").filter(pk=unquote(object_id)).first()
        if version is None:
            self.refused(request, _no_version(unquote(object_id)))
            return redirect("admin:sessions_app_workflowversion_changelist")
        definition = Definition.from_content(version.content)
        counts = sessions_of_versions(actor_of(request), WorkflowVersion.objects.filter(pk=version.pk))
        return self.page(
            request,
            "sessions_app/workflow_version.html",
            str(version),
            version=version,
            workflow=version.workflow,
            **definition_context(definition),
            count=counts[version.pk],
        )


def _told(sessions: Sessions) -> str:
    total = ngettext("{count} session", "{count} sessions", 1 if sessions.all == "1" else 2).format(count=sessions.all)
    return gettext("{sessions}, {open} of them open").format(sessions=total, open=sessions.open)


def _no_version(version_id: str) -> NotFound:
    return NotFound(
        gettext("There is no workflow version {id}.").format(id=version_id),
        fix=gettext("Open its workflow and choose one of its versions."),
        kind="workflow version",
    )


def definition_context(definition: Definition) -> dict[str, Any]:
    """What a definition's page shows of it: its content in words, and its picture."""
    return {"definition": described(definition), "picture": drawing.svg(definition, style=False)}
