"""The admin's pages for sessions."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern

from sessions_app.access import session_not_found
from sessions_app.admin.live import LiveSessions
from sessions_app.admin.panels import View, drawn_panels
from sessions_app.admin.parts import SeenBySome, actor_of
from sessions_app.admin.savepoint_pages import SavepointPages
from sessions_app.admin.session_acts import SessionActs
from sessions_app.admin.session_list import SessionList
from sessions_app.admin.session_page import head, page_data
from sessions_app.models import FlowSession
from sessions_app.text import is_reference


@admin.register(FlowSession)
class FlowSessionAdmin(SessionList, SavepointPages, SessionActs, LiveSessions, SeenBySome, admin.ModelAdmin):
    """Looks at sessions; what is done to one goes through its verbs."""

    def get_urls(self) -> list[URLPattern]:
        return [*self.savepoint_urls(), *self.act_urls(), *self.live_urls(), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The session's page; its forms are answered at addresses of their own."""
        self.admit(request)
        if request.method == "POST":
            raise PermissionDenied
        flow_session = self._found(request, unquote(object_id))
        if flow_session is None:
            return self.refused_at(request, session_not_found(unquote(object_id)))
        actor = actor_of(request)
        view = View(request, actor, flow_session, page_data(actor, flow_session))
        around = {"flow_session": flow_session, "data": view.data, **head(view)}
        title = f"{around['name']} ({flow_session.pk})"
        return self.page(request, "sessions_app/session.html", title, **around, panels=drawn_panels("session", view))

    def _found(self, request: HttpRequest, session_id: str) -> FlowSession | None:
        if not is_reference(session_id):
            return None
        seen = FlowSession.objects.visible_to(actor_of(request))
        return seen.select_related("owner", "team").filter(pk=session_id).first()
