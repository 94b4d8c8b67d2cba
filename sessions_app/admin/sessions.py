"""The admin's pages for sessions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext_lazy as _

from sessions_app.admin.parts import NOTHING, ReadOnly, SeenBySome, shown, shown_json
from sessions_app.masking import mask
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.text import visible

EVENTS_SHOWN = 50


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
