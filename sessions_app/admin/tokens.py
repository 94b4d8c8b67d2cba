"""The admin's pages for tokens: to look, to make one, and to revoke."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from sessions_app import tokens
from sessions_app.admin.asking import Asking
from sessions_app.admin.lookups import KnownQuery
from sessions_app.admin.paging import CappedPaginator
from sessions_app.admin.parts import NOTHING, ReadOnly, actor_of
from sessions_app.admin.token_form import TokenForm
from sessions_app.exceptions import FlowError
from sessions_app.language import gettext, noop
from sessions_app.masking import shown as shown_text
from sessions_app.models import ApiToken
from sessions_app.templatetags.vcflow import ago, moment
from sessions_app.text import visible

_STATES = {
    "active": ("completed", "✓", noop("active")),
    "expired": ("aborted", "○", noop("expired")),
    "revoked": ("failed", "✕", noop("revoked")),
}


class StateFilter(admin.SimpleListFilter):
    """Those that are valid, or that have ended."""

    title = _("state")
    parameter_name = "valid"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        """The two."""
        return [("yes", _("active")), ("no", _("ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
        """Those of the choice."""
        if self.value() is None:
            return queryset
        is_valid = Q(revoked_at=None) & (Q(expiry=None) | Q(expiry__gt=timezone.now()))
        return queryset.filter(is_valid if self.value() == "yes" else ~is_valid)


class AgentFilter(admin.SimpleListFilter):
    """Those of coding agents, or of other programs."""

    title = _("user of the token")
    parameter_name = "is_agent__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        """The two."""
        return [("1", _("coding agents")), ("0", _("other programs"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
        """Those of the choice."""
        return queryset if self.value() is None else queryset.filter(is_agent=self.value() == "1")


@admin.register(ApiToken)
class ApiTokenAdmin(Asking, ReadOnly, KnownQuery, admin.ModelAdmin):
    """A token is named by its id everywhere: its primary key is its hash, which no page shows."""

    list_display = (
        "shown_name",
        "shown_state",
        "shown_user",
        "shown_scopes",
        "shown_bounds",
        "expires",
        "last_used",
        "revoke_link",
    )
    list_display_links = None
    list_select_related = ("user", "team", "workflow")
    list_filter = (StateFilter, AgentFilter)
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("token_key", "name", "user__username")
    actions = None
    paginator = CappedPaginator
    change_list_template = "sessions_app/token_list.html"

    @admin.display(description=_("name"), ordering="name")
    def shown_name(self, row: ApiToken) -> str:
        return format_html(
            '<span class="told">{}</span><small class="vc-muted">{}</small> {}',
            shown_text(row.name),
            row.token_key,
            agent_badge(row),
        )

    @admin.display(description=_("state"))
    def shown_state(self, row: ApiToken) -> str:
        return state_badge(row)

    @admin.display(description=_("user"), ordering="user__username")
    def shown_user(self, row: ApiToken) -> str:
        return visible(row.user.get_username())

    @admin.display(description=_("scopes"))
    def shown_scopes(self, row: ApiToken) -> str:
        return ", ".join(row.scopes)

    @admin.display(description=_("only in"))
    def shown_bounds(self, row: ApiToken) -> str:
        return bounds_in_words(row)

    @admin.display(description=_("expires"), ordering="expiry")
    def expires(self, row: ApiToken) -> str:
        return moment(row.expiry)

    @admin.display(description=_("last used"), ordering="last_used_at")
    def last_used(self, row: ApiToken) -> str:
        return ago(row.last_used_at)

    @admin.display(description=_("what can be done"))
    def revoke_link(self, row: ApiToken) -> str:
        if row.state != "active":
            return NOTHING
        return format_html('<a href="{}">{}</a>', reverse("admin:revoke-token", args=[row.token_key]), _("Revoke…"))

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Whoever looks at their tokens makes them; a token only takes away from what its user may do."""
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """No page deletes a token; with this a user can be deleted, and their tokens with them."""
        return bool(request.user.is_superuser)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Everybody's for superusers, else one's own."""
        found: QuerySet[ApiToken] = super().get_queryset(request)
        return found if request.user.is_superuser else found.filter(user_id=request.user.pk)

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("add/", view(self.add_view), name=f"{name}_add"),
            path("<str:token_id>/revoke/", view(self.revoke), name="revoke-token"),
            path("", view(self.changelist_view), name=f"{name}_changelist"),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Make one; its text is shown on the page after, and never again."""
        self.admit(request)
        actor = actor_of(request)
        form = TokenForm(actor, request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            try:
                row, text = tokens.create_token(actor, **form.made())
            except FlowError as refusal:
                form.refuse(refusal)
            else:
                return self._made_page(request, row, text)
        return self.page(request, "sessions_app/token_form.html", _("New token"), form=form, back=self.list_address())

    def _made_page(self, request: HttpRequest, row: ApiToken, text: str) -> HttpResponse:
        context = {"token": row, "secret": text, "back": self.list_address(), **_facts(row)}
        return self.page(request, "sessions_app/token_made.html", _("The token was made"), **context)

    def revoke(self, request: HttpRequest, token_id: str) -> HttpResponse:
        """Ask, then revoke."""

        def question(row: ApiToken) -> HttpResponse:
            context = {"token": row, "back": self.list_address(), **_facts(row)}
            return self.page(request, "sessions_app/revoke_token.html", _("Revoke the token?"), **context)

        def answer(row: ApiToken) -> HttpResponse:
            tokens.revoke_token(actor_of(request), row.token_key)
            self.told(request, gettext("The token {name} was revoked.").format(name=shown_text(row.name)))
            return redirect(self.list_address())

        return self.asked(request, lambda actor: tokens.find_token(actor, token_id), question, answer)


def state_badge(row: ApiToken) -> SafeString:
    """Whether a token is valid."""
    look, sign, word = _STATES[row.state]
    return _badge(look, sign, gettext(word))


def agent_badge(row: ApiToken) -> SafeString | str:
    """The mark of a token that a coding agent works with."""
    return _badge("active", "⚙", gettext("agent")) if row.is_agent else ""


def bounds_in_words(row: ApiToken) -> str:
    """Which sessions alone a token reaches; nothing where it reaches all of its user's."""
    bounds = [*([row.team.name] if row.team else []), *([row.workflow_id] if row.workflow_id else [])]
    return visible(", ".join(bounds)) or NOTHING


def _badge(look: str, sign: str, word: str) -> SafeString:
    return format_html('<span class="vc-state vc-{}"><span aria-hidden="true">{}</span> {}</span>', look, sign, word)


def _facts(row: ApiToken) -> dict[str, Any]:
    return {"scopes": ", ".join(row.scopes), "bounds": bounds_in_words(row), "agent": agent_badge(row)}
