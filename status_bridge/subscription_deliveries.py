"""What a subscription has sent and has to send: looking, pinging, going on, sending again, passing over."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from sessions_app import storage
from sessions_app.access import require_general
from sessions_app.actors import Actor
from sessions_app.api.moments import moment_fix, read_moment
from sessions_app.exceptions import Conflict, FlowError, InvalidInput, NotFound
from sessions_app.language import gettext as _
from sessions_app.masking import shown
from sessions_app.text import clean_text
from status_bridge import lanes, messages
from status_bridge.messages import Message
from status_bridge.models import Delivery, DeliveryState, Subscription
from status_bridge.net import Unreachable
from status_bridge.sinks.base import ANSWER_LENGTH, Receipt, Sink, Target, Undelivered, get_sink
from status_bridge.subscription_secrets import target_of
from status_bridge.subscriptions import find, refuse_not_allowed

MOST_REPLAYED = 1000
OPEN = (DeliveryState.WAITING, DeliveryState.PARKED)


def deliveries(
    actor: Actor, row: Subscription, *, state: str | None = None, session: str | None = None, event: str | None = None
) -> QuerySet[Delivery]:
    """The log of a subscription, newest first: of one state, session or type of event if these are given."""
    require_general(actor, "webhooks")
    given = {"state": state, "session_id": session, "event_type": event}
    conditions = {name: value for name, value in given.items() if value is not None}
    return Delivery.objects.visible_to(actor).filter(subscription=row, **conditions)


def find_delivery(actor: Actor, row: Subscription, number: int | str) -> Delivery:
    """One delivery of a subscription, by its number."""
    told = shown(str(number))[:80]
    is_number = told.isascii() and told.isdecimal() and len(told) < 20
    found = deliveries(actor, row).filter(pk=int(told)).first() if is_number and int(told) < 2**63 else None
    if found is None:
        raise NotFound(
            _("The webhook {id} has no delivery {number}.").format(id=row.pk, number=told or "''"),
            fix=_("Look at its log: what arrived is kept for 30 days."),
            kind="delivery",
            reference=told,
        )
    return found


def ping(actor: Actor, reference: str, *, abbreviated: bool = False) -> Delivery:
    """Send a message that tells of nothing, at once, and note in the log how it went: what it answers.

    Nothing is retried.  Call it outside transactions: the receiver takes its time.
    """
    row = find(actor, reference, abbreviated=abbreviated)
    refuse_not_allowed(row)
    message = messages.ping(row.pk)
    noted = _new_delivery(row, message)
    began = time.monotonic()
    outcome = _tried(get_sink(row.kind), message, target_of(row))
    noted.duration_ms = round(1000 * (time.monotonic() - began))
    _note(noted, outcome)
    with storage.translated(), transaction.atomic():
        Delivery.objects.bulk_create([noted])
    return noted


def resume(actor: Actor, reference: str, *, abbreviated: bool = False) -> tuple[Subscription, int]:
    """Go on with what is parked or on hold, in order and at once; with how many sessions' messages that is."""
    row = find(actor, reference, abbreviated=abbreviated)
    refuse_not_allowed(row)
    with storage.translated():
        count = lanes.resume(row)
    return find(actor, row.pk), count


def replay(
    actor: Actor,
    reference: str,
    *,
    numbers: Sequence[int] = (),
    since: datetime | None = None,
    abbreviated: bool = False,
) -> tuple[Subscription, int]:
    """Send again, under the same message ids: those deliveries, or what was created ``since``; how many it is.

    They are put behind what waits.  At most 1,000 at once.
    """
    row = find(actor, reference, abbreviated=abbreviated)
    if not row.is_active:
        raise Conflict(
            _("The webhook {id} is turned off.").format(id=row.pk), fix=_("Turn it on first."), code="webhook-off"
        )
    if bool(numbers) == (since is not None):
        raise InvalidInput(_("Say what to send again."), fix=_("Give either deliveries or a time."))
    chosen = _named(actor, row, numbers) if numbers else _since(actor, row, since)
    with storage.translated():
        count = lanes.replay(chosen) if chosen else 0
    return find(actor, row.pk), count


def skip(
    actor: Actor, reference: str, number: int | str, *, reason: str, abbreviated: bool = False
) -> tuple[Subscription, Delivery]:
    """Pass over a message that waits or is parked, for a reason that its log keeps; its session's others go on."""
    reason = clean_text(reason, _("reason"), limit=ANSWER_LENGTH)
    if not reason:
        raise InvalidInput(
            _("A reason is required to pass a message over."), fix=_("Give a reason."), code="reason-required"
        )
    row = find(actor, reference, abbreviated=abbreviated)
    found = find_delivery(actor, row, number)
    if found.state not in OPEN:
        raise _not_waiting(found)
    with storage.translated(), transaction.atomic(durable=True):
        if not lanes.skip(found):
            raise _not_waiting(find_delivery(actor, row, number))
        told = _("Passed over by {user}: {reason}").format(user=actor.username, reason=shown(reason))
        Delivery.objects.filter(pk=found.pk).update(error=told)
    found.refresh_from_db()
    return find(actor, row.pk), found


def parse_since(text: str) -> datetime:
    """The moment in ISO 8601 since when messages are sent again."""
    try:
        return read_moment(text)
    except ValueError:
        raise InvalidInput(
            _("{text} is no moment in ISO 8601.").format(text=repr(text[:80])), fix=moment_fix(), field="since"
        ) from None


def ping_told(noted: Delivery) -> str:
    """How a ping went, in a sentence."""
    if noted.state != DeliveryState.DELIVERED:
        return _("The ping did not arrive: {reason}").format(reason=noted.error)
    if noted.status_code is None:
        return _("The ping arrived.")
    return _("The ping arrived: HTTP {status} after {duration} ms.").format(
        status=noted.status_code, duration=noted.duration_ms
    )


def _named(actor: Actor, row: Subscription, numbers: Sequence[int]) -> list[Delivery]:
    wanted = list(dict.fromkeys(numbers))
    if len(wanted) > MOST_REPLAYED:
        raise _too_many()
    found = list(deliveries(actor, row).filter(pk__in=[n for n in wanted if 0 < n < 2**63]).order_by("pk"))
    missing = {*wanted} - {delivery.pk for delivery in found}
    if missing:
        find_delivery(actor, row, min(missing))
    return found


def _since(actor: Actor, row: Subscription, since: datetime | None) -> list[Delivery]:
    """What was sent or passed over since then; what still waits goes out anyway."""
    log = deliveries(actor, row).filter(created_at__gte=since, replay_of=None).exclude(state__in=OPEN)
    found = list(log.exclude(event_type=messages.PING).order_by("pk")[: MOST_REPLAYED + 1])
    if len(found) > MOST_REPLAYED:
        raise _too_many()
    return found


def _too_many() -> InvalidInput:
    return InvalidInput(
        _("That is more than {most} messages.").format(most=MOST_REPLAYED),
        fix=_("Give a later time or fewer deliveries; receivers that missed much read GET /api/v1/events/feed/."),
        code="too-many-deliveries",
    )


def _not_waiting(found: Delivery) -> Conflict:
    return Conflict(
        _("The delivery {number} doesn't wait: it is {state}.").format(number=found.pk, state=found.state),
        fix=_("Only what waits or is parked can be passed over."),
        code="not-waiting",
        delivery=found.pk,
        state=found.state,
    )


def _new_delivery(row: Subscription, message: Message) -> Delivery:
    now = timezone.now()
    return Delivery(
        subscription=row,
        message_id=message.id,
        event_type=message.type,
        body=message.body,
        created_at=now,
        last_attempt_at=now,
        attempts=1,
    )


def _tried(sink: Sink, message: Message, target: Target) -> Receipt | Undelivered:
    # The log shows the very message that went out; a kind with a way of its own to ping sends none of ours.
    is_sent = type(sink).ping is Sink.ping
    try:
        return sink.send(message, target) if is_sent else sink.ping(target)
    except Undelivered as error:
        return error
    except Unreachable as error:
        return Undelivered(error.reason)
    except FlowError as error:
        return Undelivered(error.message)
    except Exception as error:  # a plugin's: what it is, is told
        return Undelivered(f"{type(error).__name__}: {error}")


def _note(noted: Delivery, outcome: Receipt | Undelivered) -> None:
    values: dict[str, Any] = {"status_code": outcome.status_code, "answer": shown(outcome.answer)[:ANSWER_LENGTH]}
    if isinstance(outcome, Undelivered):
        values |= {"state": DeliveryState.SKIPPED, "error": shown(outcome.reason)[:ANSWER_LENGTH]}
    else:
        values |= {"state": DeliveryState.DELIVERED, "delivered_at": timezone.now()}
    for name, value in values.items():
        setattr(noted, name, value)
