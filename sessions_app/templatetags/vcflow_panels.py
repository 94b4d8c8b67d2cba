"""The dashboard's panels in its template; apart from the other tags, which the admin's modules use."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest

from sessions_app.admin.panels import View, drawn_panels
from sessions_app.admin.parts import actor_of

register = template.Library()


@register.simple_tag(takes_context=True)
def dashboard(context: template.Context) -> list[dict[str, Any]]:
    """The dashboard's panels, drawn, for those who may look at sessions."""
    request: HttpRequest = context["request"]
    if not (request.user.is_authenticated and request.user.has_perm("sessions_app.view_flowsession")):
        return []
    return drawn_panels("dashboard", View(request, actor_of(request)))
