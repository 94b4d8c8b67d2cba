"""The admin's pages for workflows, sessions and events: to look, not to change."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sessions_app.admin_parts import NOTHING, ReadOnly, SeenBySome, actor_of, shown, shown_json
from sessions_app.admin_tokens import ApiTokenAdmin
from sessions_app.language import localised
from sessions_app.masking import mask
from sessions_app.models import ApiToken, FlowSession, SessionEvent, Tombstone, WorkflowDefinition, WorkflowVersion
from sessions_app.representation import keep
from sessions_app.text import visible

EVENTS_SHOWN = 50


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


class LatestEvents(BaseInlineFormSet):
    """The newest events, last first; a session may have thousands."""

    def get_queryset(self) -> models.QuerySet[Any]:
        if not hasattr(self, "_queryset"):
            self._queryset = super().get_queryset().order_by("-seq")[:EVENTS_SHOWN]
        return self._queryset


class EventInline(ReadOnly, admin.TabularInline):
    model = SessionEvent
    formset = LatestEvents
    fields = ("seq", "created_at", "type", "level", "stage_instance_id", "actor", "door", "shown_reason", "cause")
    readonly_fields = ("shown_reason",)
    show_change_link = True
    verbose_name_plural = _("latest events")

    shown_reason = shown("reason", _("reason"))


@admin.register(FlowSession)
class FlowSessionAdmin(SeenBySome, admin.ModelAdmin):
    list_display = ("id", "shown_name", "workflow", "status", "current_stage_id", "percent", "owner", "updated_at")
    list_filter = ("status", "workflow")
    list_select_related = ("workflow", "owner")
    search_fields = ("id", "name")
    fieldsets = (
        (
            None,
            {"fields": ("id", "shown_name", "status", "workflow", "version_number", "current_stage_id", "percent")},
        ),
        (_("people"), {"fields": ("owner", "team", "shown_tags")}),
        (_("data"), {"fields": ("shown_context", "shown_metadata")}),
        (_("times"), {"fields": ("created_at", "updated_at", "version")}),
    )
    readonly_fields = ("shown_name", "percent", "version_number", "shown_tags", "shown_context", "shown_metadata")
    # The floors above add what they know of a session.
    inlines: ClassVar[list[type[InlineModelAdmin]]] = [EventInline]

    shown_name = shown("name", _("name"), ordering="name")
    shown_context = shown_json("context", _("context"))
    shown_metadata = shown_json("metadata", _("metadata"))

    @admin.display(description=_("tags"))
    def shown_tags(self, flow_session: FlowSession) -> str:
        return visible(", ".join(mask(flow_session.tags))) or NOTHING

    @admin.display(description=_("workflow version"))
    def version_number(self, flow_session: FlowSession) -> int:
        return flow_session.workflow_version

    @admin.display(description=_("progress"))
    def percent(self, flow_session: FlowSession) -> str:
        return f"{flow_session.progress}%"


@admin.register(SessionEvent)
class SessionEventAdmin(SeenBySome, admin.ModelAdmin):
    list_display = ("session", "seq", "type", "level", "actor", "shown_reason", "created_at")
    list_filter = ("level",)
    list_select_related = ("session",)
    search_fields = ("=session__id",)
    exclude = ("reason", "changes")
    readonly_fields = ("shown_reason", "shown_changes")
    ordering = ("-id",)

    shown_reason = shown("reason", _("reason"))
    shown_changes = shown_json("changes", _("changes"), hide=keep)


@admin.register(Tombstone)
class TombstoneAdmin(ReadOnly, admin.ModelAdmin):
    """For administrators: whose the sessions were is not kept, so nobody else can be told apart."""

    list_display = ("session_id", "workflow_id", "last_seq", "actor", "shown_reason", "deleted_at")
    search_fields = ("session_id",)
    exclude = ("reason",)
    readonly_fields = ("shown_reason",)

    shown_reason = shown("reason", _("reason"))

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Tombstone]:
        rows = super().get_queryset(request)
        return rows if actor_of(request).rights.is_admin else rows.none()


admin.site.register(ApiToken, ApiTokenAdmin)
