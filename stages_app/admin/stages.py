"""The admin's pages for stages: to look, not to change."""

from __future__ import annotations

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sessions_app.admin.parts import ReadOnly, SeenBySome, shown, shown_json
from sessions_app.admin.sessions import FlowSessionAdmin
from stages_app.models import StageInstance, StageItem


class ItemInline(ReadOnly, admin.TabularInline):
    model = StageItem
    fields = ("number", "item_id", "shown_text", "is_required", "is_done", "done_at", "done_by")
    readonly_fields = ("shown_text",)

    shown_text = shown("display_text", _("text"))


@admin.register(StageInstance)
class StageInstanceAdmin(SeenBySome, admin.ModelAdmin):
    list_display = ("id", "stage_id", "shown_name", "attempt", "status", "started_at", "completed_at")
    list_filter = ("status",)
    list_select_related = ("session",)
    search_fields = ("id",)
    inlines = (ItemInline,)
    fields = (
        "id",
        "session",
        "stage_id",
        "shown_name",
        "attempt",
        "status",
        "started_at",
        "completed_at",
        "assignee",
        "is_ad_hoc",
        "shown_deliverables",
        "shown_context",
        "shown_config",
        "shown_metadata",
    )
    readonly_fields = ("shown_name", "shown_deliverables", "shown_context", "shown_config", "shown_metadata")

    shown_name = shown("display_name", _("name"))
    shown_deliverables = shown_json("deliverables", _("deliverables"))
    shown_context = shown_json("context", _("context"))
    shown_config = shown_json("config", _("configuration"))
    shown_metadata = shown_json("metadata", _("metadata"))


class StageInline(ReadOnly, admin.TabularInline):
    model = StageInstance
    fields = ("stage_id", "shown_name", "attempt", "status", "started_at", "completed_at", "assignee", "items_done")
    readonly_fields = ("shown_name", "items_done")
    show_change_link = True

    shown_name = shown("display_name", _("name"))

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[StageInstance]:
        rows = super().get_queryset(request).select_related("assignee").prefetch_related("items")
        return rows.order_by("started_at", "pk")

    @admin.display(description=_("items done"))
    def items_done(self, stage_instance: StageInstance) -> str:
        items = stage_instance.items.all()
        return f"{sum(item.is_done for item in items)}/{len(items)}"


FlowSessionAdmin.inlines.insert(0, StageInline)
