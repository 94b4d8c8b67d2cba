"""The admin's pages for workflows and their versions."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from sessions_app.admin.parts import NOTHING, ReadOnly, shown, shown_json
from sessions_app.language import localised
from sessions_app.models import WorkflowDefinition, WorkflowVersion
from sessions_app.representation import keep
from sessions_app.text import visible


class VersionInline(ReadOnly, admin.TabularInline):
    model = WorkflowVersion
    fields = ("number", "created_at", "digest")
    show_change_link = True


@admin.register(WorkflowDefinition)
class WorkflowDefinitionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("id", "shown_name", "type", "latest_version", "updated_at", "retired_at")
    list_filter = (("retired_at", admin.EmptyFieldListFilter),)
    search_fields = ("id",)
    inlines = (VersionInline,)
    fields = (
        "id",
        "shown_name",
        "type",
        "shown_description",
        "source_rule",
        "latest_version",
        "created_at",
        "updated_at",
        "retired_at",
    )
    readonly_fields = ("shown_name", "shown_description")

    shown_name = shown("display_name", _("name"))

    @admin.display(description=_("description"))
    def shown_description(self, workflow: WorkflowDefinition) -> str:
        return visible(localised(workflow.description)) or NOTHING


@admin.register(WorkflowVersion)
class WorkflowVersionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("id", "workflow", "number", "created_at")
    list_select_related = ("workflow",)
    search_fields = ("=workflow__id",)
    fields = ("id", "workflow", "number", "digest", "created_at", "shown_content")
    readonly_fields = ("shown_content",)

    shown_content = shown_json("content", _("content"), hide=keep)
