"""Pages that ask, and then do something about a webhook or one of its deliveries through the services."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from sessions_app.actors import Actor
from sessions_app.admin.parts import actor_of
from sessions_app.exceptions import FlowError
from sessions_app.language import ngettext
from sessions_app.text import visible
from status_bridge import subscription_deliveries as service
from status_bridge import subscriptions
from status_bridge.models import Delivery, DeliveryState, Subscription
from status_bridge.subscription_json import delivery_json

OPEN = (DeliveryState.WAITING, DeliveryState.PARKED)


class Done(NamedTuple):
    """What is said after an act; ``secret`` is shown on a page, this once."""

    told: str
    is_well: bool = True
    secret: str = ""


Act = Callable[[Actor, Subscription, int, str], Done]


class Question(NamedTuple):
    """What a page asks before it acts, and the button's words."""

    title: Any
    about: Any
    button: Any
    act: Act
    needs_reason: bool = False


def _ping(actor: Actor, row: Subscription, _delivery: int, _reason: str) -> Done:
    noted = service.ping(actor, row.pk)
    return Done(service.ping_told(noted), noted.state == DeliveryState.DELIVERED)


def _resume(actor: Actor, row: Subscription, _delivery: int, _reason: str) -> Done:
    _row, count = service.resume(actor, row.pk)
    told = ngettext(
        "It goes on: the messages of {count} session are tried at once.",
        "It goes on: the messages of {count} sessions are tried at once.",
        count,
    )
    return Done(told.format(count=count))


def _rotate(actor: Actor, row: Subscription, _delivery: int, _reason: str) -> Done:
    _row, secret = subscriptions.rotate_secret(actor, row.pk)
    return Done(str(_("It is shown this once; keep it like a password.")), secret=secret)


def _replay(actor: Actor, row: Subscription, delivery: int, _reason: str) -> Done:
    _row, count = service.replay(actor, row.pk, numbers=[delivery])
    told = ngettext("{count} message is sent again.", "{count} messages are sent again.", count)
    return Done(told.format(count=count))


def _skip(actor: Actor, row: Subscription, delivery: int, reason: str) -> Done:
    service.skip(actor, row.pk, delivery, reason=reason)
    return Done(str(_("The message was passed over.")))


QUESTIONS = {
    "ping": Question(
        _("Ping the webhook?"), _("A message that tells of nothing is sent at once, and once."), _("Ping"), _ping
    ),
    "resume": Question(
        _("Go on with what is parked?"), _("What waits is tried again at once, in order."), _("Go on"), _resume
    ),
    "rotate": Question(
        _("Make a new secret?"),
        _("It is shown on the next page alone. The one before holds for 24 hours more; until then both sign."),
        _("Make it"),
        _rotate,
    ),
    "replay": Question(
        _("Send the message again?"),
        _("It goes behind what waits, under the same id: a receiver that has it counts it once."),
        _("Send again"),
        _replay,
    ),
    "skip": Question(
        _("Pass the message over?"),
        _("It is never sent; the session's later messages go on."),
        _("Pass over"),
        _skip,
        needs_reason=True,
    ),
}
OF_DELIVERIES = ("replay", "skip")


class ActPages:
    """The pages; stands before ``ModelAdmin``."""

    admin_site: admin.AdminSite
    has_view_permission: Callable[..., bool]
    message_user: Callable[..., None]

    def act_urls(self) -> list[URLPattern]:
        """Their addresses."""
        delivery = "<str:webhook_id>/deliveries/<int:delivery_id>/"
        return [
            *(
                path(
                    f"{delivery if verb in OF_DELIVERIES else '<str:webhook_id>/'}{verb}/",
                    self.admin_site.admin_view(self.act),
                    {"verb": verb},
                    name=f"webhook-delivery-{verb}" if verb in OF_DELIVERIES else f"webhook-{verb}",
                )
                for verb in QUESTIONS
            ),
            path(delivery, self.admin_site.admin_view(self.delivery), name="webhook-delivery"),
        ]

    def act(self, request: HttpRequest, webhook_id: str, verb: str, delivery_id: int = 0) -> HttpResponse:
        """Ask, then act."""
        self._admit(request)
        actor, question = actor_of(request), QUESTIONS[verb]
        try:
            row = subscriptions.find(actor, webhook_id)
            if delivery_id:
                service.find_delivery(actor, row, delivery_id)
            if request.method != "POST":
                return self._page(request, row, question.title, question=question)
            done = question.act(actor, row, delivery_id, request.POST.get("reason", ""))
        except FlowError as refusal:
            self.message_user(request, visible(f"{refusal.message} {refusal.fix}"), messages.ERROR)
            return redirect("admin:status_bridge_subscription_changelist")
        if done.secret:
            return self._page(request, row, _("The new secret"), secret=done.secret, told=done.told)
        self.message_user(request, visible(done.told), messages.SUCCESS if done.is_well else messages.WARNING)
        return redirect(_page_of(row))

    def delivery(self, request: HttpRequest, webhook_id: str, delivery_id: int) -> HttpResponse:
        """One delivery with what is sent."""
        self._admit(request)
        actor = actor_of(request)
        try:
            row = subscriptions.find(actor, webhook_id)
            found = service.find_delivery(actor, row, delivery_id)
        except FlowError as refusal:
            self.message_user(request, visible(refusal.message), messages.ERROR)
            return redirect("admin:status_bridge_subscription_changelist")
        return self._page(request, row, _("Delivery"), **_facts(found))

    def _admit(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _page(self, request: HttpRequest, row: Subscription, title: Any, **more: Any) -> HttpResponse:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": Subscription._meta,
            "title": title,
            "webhook": row,
            "name": visible(row.name),
            "back": _page_of(row),
            **more,
        }
        return TemplateResponse(request, "status_bridge/webhook.html", context)


def _page_of(row: Subscription) -> str:
    # Unquoted, the admin would read a part of an id such as _7b as a character.
    return reverse("admin:status_bridge_subscription_change", args=[quote(row.pk)])


def _facts(found: Delivery) -> dict[str, Any]:
    """A delivery for its page."""
    data = delivery_json(found, with_body=True)
    lines = json.dumps(data.pop("body"), indent=2, ensure_ascii=False).split("\n")
    verb = "skip" if found.state in OPEN else "replay"
    return {
        "facts": [(name, visible(str(value))) for name, value in data.items() if value is not None],
        "body": "\n".join(map(visible, lines)),
        "verb": QUESTIONS[verb].button,
        "address": reverse(f"admin:webhook-delivery-{verb}", args=[found.subscription_id, found.pk]),
    }
