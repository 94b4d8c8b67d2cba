"""The admin's page for tokens: to look, and to revoke."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from sessions_app import tokens
from sessions_app.admin.parts import NOTHING, ReadOnly, actor_of, shown
from sessions_app.exceptions import FlowError
from sessions_app.language import noop
from sessions_app.models import ApiToken
from sessions_app.text import visible

_STATES = {"active": noop("active"), "expired": noop("expired"), "revoked": noop("revoked")}


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly, admin.ModelAdmin):
    """A token is named by its id everywhere: its primary key is its hash, which no page shows."""

    list_display = (
        "token_key",
        "shown_name",
        "user",
        "shown_scopes",
        "team",
        "workflow",
        "shown_state",
        "expiry",
        "last_used_at",
        "revoke_link",
    )
    list_display_links = None
    list_select_related = ("user", "team", "workflow")
    list_filter = ("is_agent", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("token_key", "name", "user__username")
    actions = None

    shown_name = shown("name", _("name"), ordering="name")

    @admin.display(description=_("scopes"))
    def shown_scopes(self, row: ApiToken) -> str:
        return ", ".join(row.scopes)

    @admin.display(description=_("state"))
    def shown_state(self, row: ApiToken) -> str:
        return str(_(_STATES[row.state]))

    @admin.display(description="")
    def revoke_link(self, row: ApiToken) -> str:
        if row.state != "active":
            return NOTHING
        return format_html('<a href="{}">{}</a>', reverse("admin:revoke-token", args=[row.token_key]), _("Revoke…"))

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """No page deletes a token; with this a user can be deleted, and their tokens with them."""
        return bool(request.user.is_superuser)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Everybody's for superusers, else one's own."""
        found: QuerySet[ApiToken] = super().get_queryset(request)
        return found if request.user.is_superuser else found.filter(user_id=request.user.pk)

    def get_urls(self) -> list[URLPattern]:
        revoke = path("<str:token_id>/revoke/", self.admin_site.admin_view(self.revoke), name="revoke-token")
        return [revoke, path("", self.admin_site.admin_view(self.changelist_view), name=self._list_name)]

    @property
    def _list_name(self) -> str:
        return f"{ApiToken._meta.app_label}_{ApiToken._meta.model_name}_changelist"

    def revoke(self, request: HttpRequest, token_id: str) -> HttpResponse:
        """Ask, then revoke."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        actor = actor_of(request)
        try:
            row = tokens.find_token(actor, token_id)
            if request.method != "POST":
                return self._question(request, row)
            tokens.revoke_token(actor, row.token_key)
        except FlowError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, _("The token {name} was revoked.").format(name=row.name), messages.SUCCESS)
        return redirect(f"admin:{self._list_name}")

    def _question(self, request: HttpRequest, row: ApiToken) -> HttpResponse:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": ApiToken._meta,
            "title": _("Revoke the token?"),
            "token": row,
            "name": visible(row.name),
            "scopes": ", ".join(row.scopes),
        }
        return TemplateResponse(request, "sessions_app/revoke_token.html", context)
