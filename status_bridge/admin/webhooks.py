"""The admin's pages for webhooks: how they do, what they sent, and buttons for what people do about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from sessions_app.admin.parts import NOTHING, ReadOnly, SeenBySome, actor_of, shown, shown_json
from sessions_app.text import visible
from status_bridge import subscriptions
from status_bridge.admin.webhook_acts import ActPages
from status_bridge.models import Delivery, DeliveryState, Subscription
from status_bridge.sinks.base import get_sink, kinds
from status_bridge.subscription_json import masked_url
from status_bridge.subscription_standing import (
    DELIVERY_STATES,
    MOST_COUNTED,
    STATES,
    state_of,
    why,
    with_standing,
)

DELIVERIES_SHOWN = 50
OPEN = (DeliveryState.WAITING, DeliveryState.PARKED)


class LatestDeliveries(BaseInlineFormSet):
    """The newest deliveries, last first; a webhook may have a million."""

    def get_queryset(self) -> models.QuerySet[Any]:
        if not hasattr(self, "_queryset"):
            self._queryset = super().get_queryset().defer("body").order_by("-id")[:DELIVERIES_SHOWN]
        return self._queryset


class DeliveryInline(ReadOnly, admin.TabularInline):
    model = Delivery
    formset = LatestDeliveries
    fields = readonly_fields = (
        "number",
        "created_at",
        "event_type",
        "session_id",
        "shown_state",
        "attempts",
        "status_code",
        "shown_error",
        "acts",
    )

    shown_error = shown("error", _("error"))

    @admin.display(description=_("number"))
    def number(self, row: Delivery) -> str:
        address = reverse("admin:webhook-delivery", args=[row.subscription_id, row.pk])
        return format_html('<a href="{}">{}</a>', address, row.pk)

    @admin.display(description=_("state"))
    def shown_state(self, row: Delivery) -> str:
        return str(_(DELIVERY_STATES[DeliveryState(row.state)]))

    @admin.display(description="")
    def acts(self, row: Delivery) -> str:
        verb, label = ("skip", _("Pass over…")) if row.state in OPEN else ("replay", _("Send again…"))
        address = reverse(f"admin:webhook-delivery-{verb}", args=[row.subscription_id, row.pk])
        return format_html('<a href="{}">{}</a>', address, label)


@admin.register(Subscription)
class SubscriptionAdmin(ActPages, SeenBySome, admin.ModelAdmin):
    list_display = (
        "id",
        "shown_name",
        "kind",
        "shown_url",
        "owner",
        "reach",
        "shown_standing",
        "shown_waiting",
        "shown_parked",
        "last_success_at",
        "told_error",
    )
    list_filter = ("is_active", "kind", "reach", ("parked_at", admin.EmptyFieldListFilter))
    list_select_related = ("owner", "team")
    search_fields = ("id", "name", "owner__username")
    inlines = (DeliveryInline,)
    actions = None
    fields = readonly_fields = (
        "id",
        "shown_name",
        "kind",
        "shown_url",
        "shown_events",
        "shown_options",
        "owner",
        "reach",
        "team",
        "workflow",
        "shown_standing",
        "told_error",
        "shown_waiting",
        "shown_parked",
        "hold_until",
        "last_success_at",
        "created_at",
        "updated_at",
        "acts",
    )

    shown_name = shown("name", _("name"), ordering="name")
    shown_options = shown_json("options", _("options"))

    @admin.display(description=_("address"))
    def shown_url(self, row: Subscription) -> str:
        return format_html('<span class="told">{}</span>', visible(masked_url(row.url)))

    @admin.display(description=_("events"))
    def shown_events(self, row: Subscription) -> str:
        return ", ".join(row.events) or str(_("all"))

    @admin.display(description=_("state"))
    def shown_standing(self, row: Subscription) -> str:
        return str(_(STATES[state_of(row)]))

    @admin.display(description=_("why"))
    def told_error(self, row: Subscription) -> str:
        return format_html('<span class="told">{}</span>', visible(why(row) or "")) if why(row) else NOTHING

    @admin.display(description=_("waiting"))
    def shown_waiting(self, row: Any) -> str:
        return _counted(row.waiting)

    @admin.display(description=_("parked"))
    def shown_parked(self, row: Any) -> str:
        return _counted(row.parked)

    @admin.display(description=_("what can be done"))
    def acts(self, row: Subscription) -> str:
        links = ((reverse(f"admin:webhook-{verb}", args=[row.pk]), label) for verb, label in _acts(row))
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Subscription]:
        """Those that whoever looks may look after, with how they do."""
        return with_standing(super().get_queryset(request))

    def get_urls(self) -> list[URLPattern]:
        return [*self.act_urls(), *super().get_urls()]

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """With this a user can be deleted too, and their webhooks with them."""
        return bool(request.user.is_superuser)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The webhooks alone: nobody reads a list of all that they sent."""
        named = [f"{row.pk} {visible(row.name)}" for row in objs]
        return named, {Subscription._meta.verbose_name_plural: len(named)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """As by every other door."""
        subscriptions.delete(actor_of(request), obj.pk)


def _acts(row: Subscription) -> Iterable[tuple[str, Any]]:
    yield "ping", _("Ping…")
    yield "resume", _("Go on…")
    if row.kind in kinds() and get_sink(row.kind).makes_secret:
        yield "rotate", _("New secret…")


def _counted(number: int) -> str:
    return f"{number}+" if number >= MOST_COUNTED else str(number)
