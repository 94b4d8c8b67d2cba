"""The frame of the admin's own pages: who is let in, what stands around them, how refusals are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import Media
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from sessions_app.exceptions import FlowError
from sessions_app.masking import shown


class Pages:
    """Stands before ``ModelAdmin``: pages of its own beside those that Django draws."""

    admin_site: admin.AdminSite
    opts: Any
    has_view_permission: Callable[..., bool]
    message_user: Callable[..., None]

    @property
    def media(self) -> Media:
        """Nothing: every page has the frame's styles and scripts, and none needs Django's for forms."""
        return Media()

    def admit(self, request: HttpRequest) -> None:
        """Raise for whoever may not look at this model's pages."""
        if not self.has_view_permission(request):
            raise PermissionDenied

    def page(self, request: HttpRequest, template: str, title: Any, **context: Any) -> HttpResponse:
        """A page in the site's frame; ``title`` is its heading, and what people gave in it is safe to show."""
        around = {**self.admin_site.each_context(request), "opts": self.opts, "title": shown(str(title))}
        return TemplateResponse(request, template, {**around, **context})

    def told(self, request: HttpRequest, text: str, *, is_well: bool = True) -> None:
        """Say on the next page what was done; keys that a name holds are masked."""
        self.message_user(request, shown(text), messages.SUCCESS if is_well else messages.WARNING)

    def refused(self, request: HttpRequest, error: FlowError) -> None:
        """Say on the next page what was refused, and the mend."""
        self.message_user(request, shown(f"{error.message} {error.fix}".strip()), messages.ERROR)
