"""The log of a webhook, page by page, and the pages about one delivery."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from sessions_app.actors import Actor
from sessions_app.admin.asking import Asking
from sessions_app.admin.parts import actor_of
from sessions_app.language import gettext
from sessions_app.masking import mask
from sessions_app.text import is_reference, visible
from status_bridge import subscription_deliveries as service
from status_bridge import subscriptions
from status_bridge.admin.looks import delivery_badge, session_link
from status_bridge.admin.webhook_acts import DELIVERY_QUESTIONS, verb_of
from status_bridge.messages import PING
from status_bridge.models import Delivery, DeliveryState, Subscription
from status_bridge.subscription_events import EVENT_TYPES
from status_bridge.subscription_standing import DELIVERY_STATES

PER_PAGE = 25


class DeliveryPages(Asking):
    """The pages about one delivery; stands before ``ModelAdmin``."""

    def delivery_urls(self) -> list[URLPattern]:
        """Their addresses."""
        view, address = self.admin_site.admin_view, "<str:webhook_id>/deliveries/<int:delivery_id>/"
        return [
            path(address, view(self.delivery), name="webhook-delivery"),
            *(
                path(f"{address}{verb}/", view(self.delivery_act), {"verb": verb}, name=f"webhook-delivery-{verb}")
                for verb in DELIVERY_QUESTIONS
            ),
        ]

    def delivery(self, request: HttpRequest, webhook_id: str, delivery_id: int) -> HttpResponse:
        """One delivery with what is sent and what was answered."""

        def question(found: Delivery) -> HttpResponse:
            title = gettext("Delivery {number}").format(number=found.pk)
            return self.page(request, "status_bridge/delivery.html", title, **_facts(actor_of(request), found))

        return self.asked(request, _finding(webhook_id, delivery_id), question)

    def delivery_act(self, request: HttpRequest, webhook_id: str, delivery_id: int, verb: str) -> HttpResponse:
        """Ask, then act."""
        chosen = DELIVERY_QUESTIONS[verb]

        def question(found: Delivery) -> HttpResponse:
            return self.page(
                request,
                "status_bridge/webhook_question.html",
                chosen.title,
                webhook=found.subscription,
                delivery=found,
                question=chosen,
                given=request.POST,
                back=_address(found),
            )

        def answer(found: Delivery) -> HttpResponse:
            done = chosen.act(actor_of(request), found.subscription, found.pk, request.POST)
            self.told(request, done.told, is_well=done.is_well)
            return redirect(_address(found))

        return self.asked(request, _finding(webhook_id, delivery_id), question, answer)


def log_of(actor: Actor, row: Subscription, asked: Mapping[str, str]) -> dict[str, Any]:
    """A page of the log: those of one state, event or session if asked for, those before a number.  One query.

    Each page begins where the one before ended, so that the last of a million costs what the first does.
    """
    given = {name: asked.get(name, "").strip() for name in ("state", "event", "session")}
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value and is_reference(value)}
    rows = service.deliveries(actor, row, **chosen).defer("body").order_by("-id")
    before = asked.get("before", "")
    is_begun = before.isascii() and before.isdecimal() and len(before) < 19
    found = list((rows.filter(pk__lt=int(before)) if is_begun else rows)[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    return {
        "rows": [_line(actor, each) for each in shown],
        "given": given,
        "is_narrowed": bool(chosen) or is_begun,
        "states": [(state.value, gettext(DELIVERY_STATES[state])) for state in DeliveryState],
        "types": [PING, *dict.fromkeys(EVENT_TYPES)],
        "older": "?" + urlencode({**chosen, "before": shown[-1].pk}) if len(found) > PER_PAGE else "",
        "newest": "?" + urlencode(chosen) if is_begun else "",
    }


def _line(actor: Actor, found: Delivery) -> dict[str, Any]:
    verb = verb_of(found)
    return {
        "delivery": found,
        "badge": delivery_badge(found.state),
        "session": session_link(actor.user, found.session_id),
        "error": visible(found.error),
        "address": _address(found),
        "act": DELIVERY_QUESTIONS[verb].link,
        "act_address": _address(found, f"-{verb}"),
    }


def _facts(actor: Actor, found: Delivery) -> dict[str, Any]:
    """A delivery for its page."""
    lines = json.dumps(mask(json.loads(found.body)), indent=2, ensure_ascii=False).split("\n")
    verb = verb_of(found)
    return {
        "delivery": found,
        "webhook": found.subscription,
        "webhook_url": reverse("admin:status_bridge_subscription_change", args=[quote(found.subscription_id)]),
        "badge": delivery_badge(found.state),
        "session": session_link(actor.user, found.session_id),
        "error": visible(found.error),
        "answer": visible(found.answer),
        "replay_of": found.replay_of_id
        and reverse("admin:webhook-delivery", args=[found.subscription_id, found.replay_of_id]),
        "body": "\n".join(map(visible, lines)),
        "act": DELIVERY_QUESTIONS[verb],
        "act_address": _address(found, f"-{verb}"),
    }


def _address(found: Delivery, act: str = "") -> str:
    return reverse(f"admin:webhook-delivery{act}", args=[found.subscription_id, found.pk])


def _finding(webhook_id: str, delivery_id: int) -> Any:
    """Finds the delivery, its webhook with it."""

    def find(actor: Actor) -> Delivery:
        row = subscriptions.find(actor, webhook_id)
        found = service.find_delivery(actor, row, delivery_id)
        found.subscription = row
        return found

    return find
