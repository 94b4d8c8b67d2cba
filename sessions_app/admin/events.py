"""The admin's pages for events, and for what is left of deleted sessions."""

from __future__ import annotations

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sessions_app.admin.parts import ReadOnly, SeenBySome, actor_of, shown, shown_json
from sessions_app.models import SessionEvent, Tombstone
from sessions_app.representation import keep


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
