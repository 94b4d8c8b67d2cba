"""The admin's list of workers: which run, when each was heard last, and how their chores went."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_app.admin.asking import Asking
from sessions_app.admin.lookups import KnownQuery
from sessions_app.admin.parts import ReadOnly
from sessions_app.language import gettext
from sessions_app.models import ChoreRun
from sessions_app.templatetags.vcflow import ago
from status_bridge.admin.looks import badge
from status_bridge.health_deliveries import ALIVE
from status_bridge.models import WorkerBeat


@admin.register(WorkerBeat)
class WorkerBeatAdmin(Asking, ReadOnly, KnownQuery, admin.ModelAdmin):
    """A list alone: all that is known of a worker stands in it."""

    list_display = ("host", "pid", "shown_state", "seen", "started", "engine", "delivered")
    list_display_links = None
    ordering = ("-seen_at",)
    actions = None
    change_list_template = "status_bridge/worker_list.html"

    @admin.display(description=_("state"))
    def shown_state(self, row: WorkerBeat) -> str:
        if timezone.now() - row.seen_at < ALIVE:
            return badge("completed", "✓", gettext("runs"))
        return badge("failed", "✕", gettext("silent"))

    @admin.display(description=_("last heard"), ordering="seen_at")
    def seen(self, row: WorkerBeat) -> str:
        return ago(row.seen_at)

    @admin.display(description=_("started"), ordering="started_at")
    def started(self, row: WorkerBeat) -> str:
        return ago(row.started_at)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With the chores, of which there are few; what went wrong with the whole is for administrators."""
        chores = ChoreRun.objects.order_by("name") if request.user.is_superuser else ()
        context = {"chores": chores, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def get_urls(self) -> list[URLPattern]:
        """The list's address."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_changelist"
        return [path("", self.admin_site.admin_view(self.changelist_view), name=name)]
