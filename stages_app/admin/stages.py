"""The admin's pages for stages: a list, and one attempt with the way to its session."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _

from sessions_app.admin.paging import CappedPaginator
from sessions_app.admin.parts import SeenBySome, actor_of, shown
from sessions_app.admin.session_acts import page_of
from sessions_app.exceptions import NotFound
from sessions_app.templatetags.vcflow import state
from sessions_app.text import visible
from stages_app.admin.offers import stage_anchor
from stages_app.admin.stage_acts import StageActs
from stages_app.lookup import get_instance
from stages_app.models import StageInstance
from stages_app.representation import stage_json


@admin.register(StageInstance)
class StageInstanceAdmin(StageActs, SeenBySome, admin.ModelAdmin):
    """Looks at attempts; what is done to one goes through its verbs."""

    list_display = ("id", "shown_name", "attempt", "shown_status", "assignee", "started_at", "completed_at")
    list_filter = ("status", ("assignee", admin.EmptyFieldListFilter))
    list_select_related = ("session", "assignee")
    search_fields = ("id",)
    paginator = CappedPaginator

    shown_name = shown("display_name", _("name"))

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, stage_instance: StageInstance) -> str:
        return state(stage_instance.status, kind="stage")

    def get_urls(self) -> list[URLPattern]:
        return [*self.act_urls(), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One attempt, to look at; what can be done in it stands on its session's page."""
        self.admit(request)
        if request.method == "POST":
            raise PermissionDenied
        try:
            found = get_instance(actor_of(request), unquote(object_id))
        except NotFound as refusal:
            return self.refused_at(request, refusal)
        stage = stage_json(found)
        address = f"{page_of(found.session_id)}#{stage_anchor(found.stage_id)}"
        return self.page(request, "stages_app/stage.html", visible(stage["name"]), stage=stage, session_url=address)
