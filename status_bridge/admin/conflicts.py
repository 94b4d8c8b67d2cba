"""The admin's pages for conflicts with trackers: to look, and to say whose value holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from sessions_app import access
from sessions_app.admin.asking import Asking
from sessions_app.admin.lookups import KnownQuery
from sessions_app.admin.paging import CappedPaginator
from sessions_app.admin.parts import SeenBySome, actor_of
from sessions_app.language import gettext
from sessions_app.templatetags.vcflow import ago
from status_bridge import conflicts
from status_bridge.admin.looks import SessionColumn, badge, session_link
from status_bridge.conflict_words import field_in_words, kind_name, settlement_name, value_in_words
from status_bridge.models import Conflict


class SettledFilter(admin.SimpleListFilter):
    """Open ones, or those that were settled."""

    title = _("state")
    parameter_name = "settled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        """The two."""
        return [("no", _("unsettled")), ("yes", _("settled"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> QuerySet[Conflict]:
        """Those of the choice."""
        return queryset if self.value() is None else queryset.filter(settled_at__isnull=self.value() == "no")


@admin.register(Conflict)
class ConflictAdmin(SessionColumn, Asking, SeenBySome, KnownQuery, admin.ModelAdmin):
    """No field of a page settles one: that is asked beside both values."""

    list_display = (
        "id",
        "shown_state",
        "shown_session",
        "shown_field",
        "shown_kind",
        "shown_ours",
        "shown_theirs",
        "found",
    )
    list_filter = (SettledFilter, "kind")
    search_fields = ("session__id",)
    ordering = (F("settled_at").desc(nulls_first=True), "-id")
    actions = None
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    change_list_template = "sessions_app/list.html"

    @admin.display(description=_("state"))
    def shown_state(self, row: Conflict) -> str:
        return state_badge(row)

    @admin.display(description=_("field"), ordering="field")
    def shown_field(self, row: Conflict) -> str:
        return field_in_words(row.field)

    @admin.display(description=_("kind"))
    def shown_kind(self, row: Conflict) -> str:
        return kind_name(row.kind)

    @admin.display(description=_("ours"))
    def shown_ours(self, row: Conflict) -> str:
        return _told(value_in_words(row.field, row.ours))

    @admin.display(description=_("theirs"))
    def shown_theirs(self, row: Conflict) -> str:
        return _told(value_in_words(row.field, row.theirs))

    @admin.display(description=_("found"), ordering="found_at")
    def found(self, row: Conflict) -> str:
        return ago(row.found_at)

    def get_urls(self) -> list[URLPattern]:
        settle = path("<int:conflict_id>/settle/", self.admin_site.admin_view(self.settle), name="settle-conflict")
        return [settle, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Both sides."""

        def question(row: Conflict) -> HttpResponse:
            return self._sides(request, row)

        return self.asked(request, lambda actor: conflicts.find_conflict(actor, unquote(object_id)), question)

    def settle(self, request: HttpRequest, conflict_id: int) -> HttpResponse:
        """Show both sides, then settle."""

        def question(row: Conflict) -> HttpResponse:
            return self._sides(request, row)

        def answer(row: Conflict) -> HttpResponse:
            reason = request.POST.get("reason", "")
            settled, _changed = conflicts.settle(actor_of(request), row.pk, request.POST.get("keep", ""), reason=reason)
            told = gettext("The conflict {id} is settled: {settlement}.")
            self.told(request, told.format(id=row.pk, settlement=settlement_name(settled.settlement)))
            return redirect(self.list_address())

        return self.asked(request, lambda actor: conflicts.find_conflict(actor, conflict_id), question, answer)

    def _sides(self, request: HttpRequest, row: Conflict) -> HttpResponse:
        context: dict[str, Any] = {
            "conflict": row,
            "badge": state_badge(row),
            "session_link": session_link(request.user, row.session_id),
            "task_url": task_address(getattr(row, "task_url", None)),
            "field": field_in_words(row.field),
            "kind": kind_name(row.kind),
            "base": value_in_words(row.field, row.base),
            "ours": value_in_words(row.field, row.ours),
            "theirs": value_in_words(row.field, row.theirs),
            "settlement": settlement_name(row.settlement) if row.settled_at else "",
            "may_settle": not row.settled_at and access.may(actor_of(request), "update", row.session),
            "settle_url": settle_address(row),
            "reason": request.POST.get("reason", ""),
        }
        title = gettext("Conflict {id}: {field}").format(id=row.pk, field=context["field"])
        return self.page(request, "status_bridge/conflict.html", title, **context)


def settle_address(row: Conflict) -> str:
    """Where a conflict is settled."""
    return reverse("admin:settle-conflict", args=[row.pk])


def state_badge(row: Conflict) -> SafeString:
    """Whether it is open."""
    return badge("completed", "✓", gettext("settled")) if row.settled_at else badge("paused", "!", gettext("unsettled"))


def task_address(address: str | None) -> str:
    """A task's address, as far as it is one that a link may lead to."""
    return address if address and address.startswith(("https://", "http://")) else ""


def _told(text: str) -> SafeString:
    return format_html('<span class="told">{}</span>', text)
