"""The admin's pages for conflicts with trackers: to look, and to say whose value holds."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from sessions_app.actors import Actor
from sessions_app.admin.parts import NOTHING, SeenBySome, actor_of, shown
from sessions_app.exceptions import FlowError, NotFound
from sessions_app.masking import shown as shown_text
from status_bridge import conflicts
from status_bridge.conflict_words import field_in_words, kind_name, settlement_name, value_in_words
from status_bridge.models import Conflict

LIST = "admin:status_bridge_conflict_changelist"


@admin.register(Conflict)
class ConflictAdmin(SeenBySome, admin.ModelAdmin):
    """No field of a page settles one: that is asked on a page of its own."""

    list_display = (
        "id",
        "session_id",
        "shown_field",
        "shown_kind",
        "shown_ours",
        "shown_theirs",
        "found_at",
        "shown_settlement",
    )
    list_filter = (("settled_at", admin.EmptyFieldListFilter), "kind")
    search_fields = ("session__id",)
    ordering = ("-id",)
    fields = readonly_fields = (
        "session",
        "shown_field",
        "shown_kind",
        "shown_base",
        "shown_ours",
        "shown_theirs",
        "shown_reason",
        "found_at",
        "settled_at",
        "settled_by",
        "shown_settlement",
    )

    shown_reason = shown("reason", _("reason"))

    @admin.display(description=_("field"), ordering="field")
    def shown_field(self, row: Conflict) -> str:
        return field_in_words(row.field)

    @admin.display(description=_("kind"))
    def shown_kind(self, row: Conflict) -> str:
        return kind_name(row.kind)

    @admin.display(description=_("last common value"))
    def shown_base(self, row: Conflict) -> str:
        return value_in_words(row.field, row.base)

    @admin.display(description=_("ours"))
    def shown_ours(self, row: Conflict) -> str:
        return value_in_words(row.field, row.ours)

    @admin.display(description=_("theirs"))
    def shown_theirs(self, row: Conflict) -> str:
        return value_in_words(row.field, row.theirs)

    @admin.display(description=_("settlement"))
    def shown_settlement(self, row: Conflict) -> str:
        if row.settled_at:
            return settlement_name(row.settlement)
        address = reverse("admin:settle-conflict", args=[row.pk])
        return format_html('<a href="{}">{}</a>', address, _("Settle…")) if row.pk else NOTHING

    def get_urls(self) -> list[URLPattern]:
        settle = path("<int:conflict_id>/settle/", self.admin_site.admin_view(self.settle), name="settle-conflict")
        return [settle, *super().get_urls()]

    def settle(self, request: HttpRequest, conflict_id: int) -> HttpResponse:
        """Show both sides, then settle."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        actor = actor_of(request)
        try:
            if request.method != "POST":
                return self._question(request, conflicts.find_conflict(actor, conflict_id))
            return self._answer(request, actor, conflict_id)
        except NotFound as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return redirect(LIST)

    def _answer(self, request: HttpRequest, actor: Actor, conflict_id: int) -> HttpResponse:
        keep, reason = request.POST.get("keep", ""), request.POST.get("reason", "")
        try:
            row, _changed = conflicts.settle(actor, conflict_id, keep, reason=reason)
        except NotFound:
            raise
        except FlowError as refusal:
            self.message_user(request, f"{refusal.message} {refusal.fix}", messages.ERROR)
            return self._question(request, conflicts.find_conflict(actor, conflict_id))
        told = _("The conflict {id} is settled: {settlement}.").format(
            id=row.pk, settlement=settlement_name(row.settlement)
        )
        self.message_user(request, told, messages.SUCCESS)
        return redirect(LIST)

    def _question(self, request: HttpRequest, row: Conflict) -> HttpResponse:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": Conflict._meta,
            "title": _("Settle the conflict"),
            "conflict": row,
            "field": field_in_words(row.field),
            "kind": kind_name(row.kind),
            "base": value_in_words(row.field, row.base),
            "ours": value_in_words(row.field, row.ours),
            "theirs": value_in_words(row.field, row.theirs),
            "told": shown_text(row.reason),
            "reason": request.POST.get("reason", ""),
        }
        return TemplateResponse(request, "status_bridge/settle_conflict.html", context)
