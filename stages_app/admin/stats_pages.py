"""The admin's pages of statistics: of all workflows, and of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from sessions_app.admin.pages import Pages
from sessions_app.admin.panels import Panel, View, register_panel
from sessions_app.admin.parts import actor_of, may_look
from sessions_app.exceptions import FlowError, InvalidInput
from sessions_app.language import gettext as _
from sessions_app.publishing import get_workflow
from stages_app.admin.stats_shown import chosen, shown_all, shown_workflow
from stages_app.models import StageInstance
from stages_app.stats.statistics import statistics
from stages_app.stats.window import read_window


def statistics_url(workflow_id: str = "") -> str:
    """The page of all workflows, or of one."""
    if workflow_id:
        return reverse("admin:workflow-statistics", args=[quote(workflow_id)])
    return reverse("admin:statistics")


class StatsPages(Pages):
    """Stands before ``ModelAdmin``."""

    def stats_urls(self) -> list[URLPattern]:
        """The two addresses."""

        def page(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(require_safe(view)), name=name)

        return [
            page("stats/", self.all_stats, "statistics"),
            page("stats/<path:workflow_id>/", self.workflow_stats, "workflow-statistics"),
        ]

    def all_stats(self, request: HttpRequest) -> HttpResponse:
        """All workflows, each with its figures and the way to its page."""
        self.admit(request)
        try:
            found = statistics(actor_of(request), read_window(request.GET.get("since") or None))
        except FlowError as refusal:
            self.refused(request, refusal)
            return redirect(statistics_url())
        around = {**shown_all(found), **chosen(request.GET)}
        return self.page(request, "stages_app/stats.html", _("Statistics"), **around)

    def workflow_stats(self, request: HttpRequest, workflow_id: str) -> HttpResponse:
        """One workflow, stage by stage."""
        self.admit(request)
        try:
            workflow = get_workflow(unquote(workflow_id))
        except FlowError as refusal:
            self.refused(request, refusal)
            return redirect(statistics_url())
        try:
            number = _number(request.GET.get("version", ""))
            window = read_window(request.GET.get("since") or None)
            found = statistics(actor_of(request), window, workflow, number)
        except FlowError as refusal:
            self.refused(request, refusal)
            return redirect(statistics_url(workflow.pk))
        title = _("Statistics of {workflow}").format(workflow=workflow.display_name)
        around: dict[str, Any] = {**shown_workflow(found), **chosen(request.GET, workflow.latest_version)}
        return self.page(request, "stages_app/workflow_stats.html", title, workflow=workflow, **around)


def _number(text: str) -> int | None:
    """A version's number; none when all are meant."""
    if not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    raise InvalidInput(
        _("The parameter {name} can't be {value}.").format(name="version", value=text[:80]),
        fix=_("Give a whole number, 1 or more, or leave it out."),
        field="version",
    )


def link(view: View) -> dict[str, Any] | None:
    """What a workflow's page needs to lead here; nothing for who may not look."""
    if not may_look(view.request.user, StageInstance):
        return None
    return {"url": statistics_url(view.data["workflow_id"])}


register_panel("workflow", Panel("statistics", 10, "stages_app/stats_link.html", link))
