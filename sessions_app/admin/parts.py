"""What the admin's pages are made of: rows to look at, who sees them, and columns for what people wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html

from sessions_app.actors import Actor
from sessions_app.masking import mask, mask_text
from sessions_app.text import visible

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NOTHING = "-"
"""What Django's admin shows where there is nothing."""

DOOR = "admin"


def actor_of(request: HttpRequest) -> Actor:
    """Who looks: the same object each time, so that what is known of their rights is loaded once."""
    assert request.user.is_authenticated, "the admin lets nobody else in"
    known: Actor | None = request.__dict__.get("flow_actor")
    if known is None:
        known = request.__dict__["flow_actor"] = Actor(request.user, DOOR)
    return known


def may_look(user: PermissionsMixin | AnonymousUser, model: type[models.Model]) -> bool:
    """Whether somebody may open the pages of a model; a link to others would lead nowhere."""
    return bool(user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"))


class ReadOnly:
    """Rows that only verbs may change: the admin shows them."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class SeenBySome(ReadOnly):
    """Rows that belong to sessions: those of the sessions that exist for whoever looks; stands before ModelAdmin."""

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows: Any = super().get_queryset(request)  # type: ignore[misc]  # of the ModelAdmin that follows
        seen: models.QuerySet[Any] = rows.visible_to(actor_of(request))
        return seen


def shown(attribute: str, description: StrOrPromise, *, ordering: str | None = None) -> Callable[[Any, Any], str]:
    """A column for a text that people gave: right-to-left marks are made visible, well-known keys masked."""

    @admin.display(description=description, ordering=ordering)
    def show(_admin: Any, row: Any) -> str:
        text = visible(mask_text(getattr(row, attribute)))
        return format_html('<span class="told">{}</span>', text) if text else NOTHING

    return show


def shown_json(
    attribute: str, description: StrOrPromise, *, hide: Callable[[Any], Any] = mask
) -> Callable[[Any, Any], str]:
    """A field of a row's page for nested data: indented, secrets masked, with right-to-left marks made visible."""

    @admin.display(description=description)
    def show(_admin: Any, row: Any) -> str:
        value = hide(getattr(row, attribute))
        lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
        return format_html('<pre class="json">{}</pre>', "\n".join(map(visible, lines))) if value else NOTHING

    return show
