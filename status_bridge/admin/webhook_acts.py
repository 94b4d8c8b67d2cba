"""What people do about a webhook or one of its deliveries: each asked for first, and done by the services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from sessions_app.actors import Actor
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext, ngettext
from status_bridge import subscription_deliveries as service
from status_bridge import subscriptions
from status_bridge.models import Delivery, DeliveryState, Subscription
from status_bridge.sinks.base import get_sink, kinds

Given = Mapping[str, str]
"""What the page's form says."""


class Done(NamedTuple):
    """What is said after an act; ``secret`` is shown on a page, this once, and ``delivery`` opens its page."""

    told: str
    is_well: bool = True
    secret: str = ""
    delivery: int = 0


class Question(NamedTuple):
    """What a page asks before it acts: its words, the act, and the fields that its form has."""

    link: Any
    title: Any
    about: Any
    button: Any
    act: Callable[[Actor, Subscription, int, Given], Done]
    asks: str = ""
    is_danger: bool = False


def _ping(actor: Actor, row: Subscription, _delivery: int, _given: Given) -> Done:
    noted = service.ping(actor, row.pk)
    return Done(service.ping_told(noted), noted.state == DeliveryState.DELIVERED, delivery=noted.pk)


def _resume(actor: Actor, row: Subscription, _delivery: int, _given: Given) -> Done:
    _row, count = service.resume(actor, row.pk)
    told = ngettext(
        "It goes on: the messages of {count} session are tried at once.",
        "It goes on: the messages of {count} sessions are tried at once.",
        count,
    )
    return Done(told.format(count=count))


def _rotate(actor: Actor, row: Subscription, _delivery: int, _given: Given) -> Done:
    _row, secret = subscriptions.rotate_secret(actor, row.pk)
    return Done(gettext("It is shown this once; keep it like a password."), secret=secret)


def _turn_on(actor: Actor, row: Subscription, _delivery: int, _given: Given) -> Done:
    subscriptions.update(actor, row.pk, is_active=True)
    return Done(gettext("The webhook is on."))


def _turn_off(actor: Actor, row: Subscription, _delivery: int, _given: Given) -> Done:
    subscriptions.update(actor, row.pk, is_active=False)
    return Done(gettext("The webhook is off."))


def _delete(actor: Actor, row: Subscription, _delivery: int, _given: Given) -> Done:
    subscriptions.delete(actor, row.pk)
    return Done(gettext("The webhook {id} was deleted.").format(id=row.pk))


def _replay_since(actor: Actor, row: Subscription, _delivery: int, given: Given) -> Done:
    if not given.get("since"):
        raise InvalidInput(gettext("A time is required."), fix=gettext("Say since when messages are sent again."))
    return _sent_again(service.replay(actor, row.pk, since=service.parse_since(given["since"]))[1])


def _replay(actor: Actor, row: Subscription, delivery: int, _given: Given) -> Done:
    return _sent_again(service.replay(actor, row.pk, numbers=[delivery])[1])


def _sent_again(count: int) -> Done:
    told = ngettext("{count} message is sent again.", "{count} messages are sent again.", count)
    return Done(told.format(count=count))


def _skip(actor: Actor, row: Subscription, delivery: int, given: Given) -> Done:
    service.skip(actor, row.pk, delivery, reason=given.get("reason", ""))
    return Done(gettext("The message was passed over."))


QUESTIONS = {
    "ping": Question(
        _("Ping…"),
        _("Ping the webhook?"),
        _("A message that tells of nothing is sent at once, and once."),
        _("Ping"),
        _ping,
    ),
    "resume": Question(
        _("Go on…"),
        _("Go on with what is parked?"),
        _("What waits is tried again at once, in order."),
        _("Go on"),
        _resume,
    ),
    "replay-since": Question(
        _("Send again…"),
        _("Send messages again?"),
        _(
            "What was sent or passed over since then goes behind what waits, under the same ids: a receiver that has"
            " a message counts it once. At most 1,000 at once."
        ),
        _("Send again"),
        _replay_since,
        asks="since",
    ),
    "rotate": Question(
        _("New secret…"),
        _("Make a new secret?"),
        _("It is shown on the next page alone. The one before holds for 24 hours more; until then both sign."),
        _("Make it"),
        _rotate,
    ),
    "on": Question(
        _("Turn on…"),
        _("Turn the webhook on?"),
        _("It is told what happens from now on. What had not arrived before goes out as well."),
        _("Turn on"),
        _turn_on,
    ),
    "off": Question(
        _("Turn off…"),
        _("Turn the webhook off?"),
        _("It is told nothing more until somebody turns it on."),
        _("Turn off"),
        _turn_off,
    ),
    "delete": Question(
        _("Delete…"),
        _("Delete the webhook?"),
        _("It goes with its log. What still waits is not sent."),
        _("Delete"),
        _delete,
        is_danger=True,
    ),
}
"""About a webhook."""

DELIVERY_QUESTIONS = {
    "replay": Question(
        _("Send again…"),
        _("Send the message again?"),
        _("It goes behind what waits, under the same id: a receiver that has it counts it once."),
        _("Send again"),
        _replay,
    ),
    "skip": Question(
        _("Pass over…"),
        _("Pass the message over?"),
        _("It is never sent; the session's later messages go on."),
        _("Pass over"),
        _skip,
        asks="reason",
    ),
}
"""About a delivery."""


def verbs_of(row: Subscription) -> Iterable[str]:
    """What makes sense for a webhook as it is."""
    yield "ping"
    if row.is_active:
        yield from ("resume", "replay-since")
    if row.kind in kinds() and get_sink(row.kind).makes_secret:
        yield "rotate"
    yield "off" if row.is_active else "on"
    yield "delete"


def verb_of(found: Delivery) -> str:
    """What makes sense for a delivery as it is."""
    return "skip" if found.state in service.OPEN else "replay"
