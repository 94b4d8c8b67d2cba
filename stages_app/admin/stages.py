"""The admin's pages for stages: a list, and one attempt with the way to its session."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import URLPattern

from sessions_app.admin.lookups import KnownQuery
from sessions_app.admin.paging import CappedPaginator
from sessions_app.admin.parts import SeenBySome, actor_of
from sessions_app.admin.session_acts import page_of
from sessions_app.exceptions import NotFound
from sessions_app.language import gettext as _
from sessions_app.text import visible
from sessions_app.words import stage_state
from stages_app.admin.offers import stage_anchor
from stages_app.admin.stage_acts import StageActs
from stages_app.admin.stats_pages import StatsPages
from stages_app.lookup import get_instance
from stages_app.models import StageInstance
from stages_app.representation import stage_json
from stages_app.states import StageStatus


@admin.register(StageInstance)
class StageInstanceAdmin(StageActs, StatsPages, SeenBySome, KnownQuery, admin.ModelAdmin):
    """Looks at attempts; what is done to one goes through its verbs."""

    list_filter = ("status",)
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ("session", "assignee")
    search_fields = ("id",)
    paginator = CappedPaginator
    actions = None
    change_list_template = "stages_app/stage_list.html"

    def get_urls(self) -> list[URLPattern]:
        return [*self.stats_urls(), *self.act_urls(), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, narrowed by a state and a part of an id."""
        request.GET = _without_blanks(request.GET)  # type: ignore[assignment]  # Django types it as the request made it
        around = {
            "title": _("Stages"),
            "states": [(status, stage_state(status)) for status in StageStatus.values],
            "chosen": request.GET.get("status__exact", ""),
        }
        return super().changelist_view(request, {**around, **(extra_context or {})})

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


def _without_blanks(query: QueryDict) -> QueryDict:
    """What a form left empty asks for nothing."""
    given = query.copy()
    for name in [name for name, value in query.items() if not value]:
        del given[name]
    return given
