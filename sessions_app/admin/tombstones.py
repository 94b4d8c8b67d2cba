"""The admin's pages for what is left of deleted sessions."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from sessions_app.admin.pages import Pages
from sessions_app.admin.paging import CappedPaginator
from sessions_app.admin.parts import ReadOnly, actor_of
from sessions_app.exceptions import NotFound
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.models import Tombstone
from sessions_app.text import NAME_LENGTH, visible

ROWS = 50


@admin.register(Tombstone)
class TombstoneAdmin(Pages, ReadOnly, admin.ModelAdmin):
    """For administrators: whose the sessions were is not kept, so nobody else can be told apart."""

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Tombstone]:
        rows = super().get_queryset(request)
        return rows if actor_of(request).rights.is_admin else rows.none()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Those deleted last come first; a search is for the beginning of an id."""
        self.admit(request)
        text = visible(request.GET.get("q", "").strip()[:NAME_LENGTH])
        rows = self.get_queryset(request).order_by("-deleted_at")
        paginator = CappedPaginator(rows.filter(pk__startswith=text) if text else rows, ROWS)
        page = paginator.get_page(request.GET.get("page"))
        found = ngettext("{count} deleted session", "{count} deleted sessions", paginator.count)
        return self.page(
            request,
            "sessions_app/tombstone_list.html",
            _("Deleted sessions"),
            page=page,
            text=text,
            told_count=found.format(count=paginator.told_count),
            is_admin=actor_of(request).rights.is_admin,
        )

    def change_view(self, request: HttpRequest, object_id: str, *_args: Any, **_options: Any) -> HttpResponse:
        """What is left of one."""
        self.admit(request)
        if request.method == "POST":
            raise PermissionDenied
        key = unquote(object_id)
        tombstone = self.get_queryset(request).filter(pk=key).first()
        if tombstone is None:
            message = _("There is no deleted session {id}.").format(id=key)
            self.refused(request, NotFound(message, fix=_("Choose one of those in the list."), kind="tombstone"))
            return redirect("admin:sessions_app_tombstone_changelist")
        return self.page(request, "sessions_app/tombstone.html", tombstone.pk, tombstone=tombstone)
