"""The site of the web admin: its places, and the dashboard as its first page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import update_wrapper
from typing import Any, NamedTuple, TypeVar, cast

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from vcflow_site import error_pages

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

METHODS = ("GET", "HEAD", "POST")
"""A page asks or acts; anything else would go past the check that a form of ours was sent."""


class Place(NamedTuple):
    """Where the bar at the top leads: a model's list, for those who may look at it."""

    title: Any
    app: str
    model: str

    def url(self) -> str:
        """The address of the list."""
        return reverse(f"admin:{self.app}_{self.model}_changelist")


PLACES = (
    Place(_("Sessions"), "sessions_app", "flowsession"),
    Place(_("Stages"), "stages_app", "stageinstance"),
    Place(_("Workflows"), "sessions_app", "workflowdefinition"),
    Place(_("Events"), "sessions_app", "sessionevent"),
    Place(_("Status"), "status_bridge", "statusentry"),
    Place(_("Webhooks"), "status_bridge", "subscription"),
    Place(_("Tokens"), "sessions_app", "apitoken"),
)


class WebAdminSite(AdminSite):
    """Django's admin with a dashboard."""

    site_header = site_title = "vcflow"
    site_url = None
    # The lists need its room, and the bar leads everywhere.
    enable_nav_sidebar = False

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Every page: by the methods that pages have, each refusal of a method with a page that says so."""
        inner = super().admin_view(view, cacheable)

        def answered(request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
            return _method_refusal(request) or _explained(request, inner(request, *args, **options))

        return cast(View, update_wrapper(answered, inner))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The only page without :meth:`admin_view`."""
        return _method_refusal(request) or super().login(request, extra_context)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page gets: Django's, and the places that the reader may go to."""
        around = super().each_context(request)
        return {**around, "places": _places(request) if around["has_permission"] else []}

    def index(self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None) -> TemplateResponse:
        """The dashboard; its template draws what the panels of all floors say."""
        return super().index(request, {"title": _("Dashboard"), **(extra_context or {})})


def _method_refusal(request: HttpRequest) -> HttpResponse | None:
    return None if request.method in METHODS else error_pages.method_not_allowed(request, ", ".join(METHODS))


def _explained(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    is_refused = isinstance(response, HttpResponseNotAllowed)
    return error_pages.method_not_allowed(request, response["Allow"]) if is_refused else response


def _places(request: HttpRequest) -> list[dict[str, Any]]:
    assert request.user.is_authenticated, "the admin lets nobody else in"
    home = reverse("admin:index")
    shown = [place for place in PLACES if request.user.has_perm(f"{place.app}.view_{place.model}")]
    first = {"title": _("Dashboard"), "url": home, "is_here": request.path == home}
    return [
        first,
        *({"title": place.title, "url": place.url(), "is_here": _is_within(request, place)} for place in shown),
    ]


def _is_within(request: HttpRequest, place: Place) -> bool:
    return request.path.startswith(place.url())
