"""Delivering: a lane's messages, one after the other, each told to its receiver outside of any transaction."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from django.utils import timezone

from sessions_app import storage
from sessions_app.exceptions import FlowError
from sessions_app.language import gettext as _
from sessions_app.masking import shown
from status_bridge import leases, results
from status_bridge.leases import Claim, LeaseLost
from status_bridge.messages import Message
from status_bridge.models import Delivery
from status_bridge.net import Answer, Unreachable
from status_bridge.results import Attempt
from status_bridge.sinks.base import ANSWER_LENGTH, Receipt, Undelivered, get_sink, kinds
from status_bridge.subscription_secrets import target_of
from status_bridge.subscriptions import why_not_allowed

T = TypeVar("T")

log = logging.getLogger("workflow.session.integration")
errors = logging.getLogger("status_bridge.delivery")


def deliver_due(limit: int | None = None) -> int:
    """Deliver in this thread what is due now, ``limit`` lanes at most; how many messages arrived."""
    now, arrived, lanes = timezone.now(), 0, 0
    with storage.translated():
        while (limit is None or lanes < limit) and (held := leases.claim(due_by=now)):
            arrived += deliver(held)
            lanes += 1
    return arrived


def deliver(held: Claim, *, is_enough: Callable[[], bool] = lambda: False) -> int:
    """Deliver a lane until it is empty, something fails, or it ``is_enough``; how many messages arrived.

    Another worker that takes the lane, because this one was too slow, ends it too.
    """
    arrived = 0
    try:
        reason = why_not_allowed(held.subscription)
        if reason:
            _park(held, reason)
            return 0
        newest = _coalesces(held.subscription.kind)
        waiting = results.begin(held, newest=newest)
        while waiting is not None:
            attempt = _attempt(held, waiting)
            if attempt.error:
                _store_failure(held, waiting, attempt)
                break
            arrived += 1
            _log(logging.DEBUG, held, waiting, "arrived after %d ms", attempt.duration_ms)
            waiting = results.arrived(held, waiting, attempt, newest=newest, go_on=not is_enough())
    except LeaseLost:
        log.warning("%s: too slow, another worker has it", held.subscription.pk, extra={"session_id": held.session_id})
    return arrived


def _coalesces(kind: str) -> bool:
    return kind in kinds() and get_sink(kind).coalesces


def _park(held: Claim, reason: str) -> None:
    results.park_subscription(held, reason)
    log.error("%s parked: %s", held.subscription.pk, reason, extra={"session_id": held.session_id})


def _store_failure(held: Claim, waiting: Delivery, attempt: Attempt) -> None:
    results.failed(held, waiting, attempt)
    _log(logging.WARNING, held, waiting, "not delivered: %s", attempt.error)


def _log(level: int, held: Claim, waiting: Delivery, text: str, *args: Any) -> None:
    extra = {"session_id": held.session_id} if held.session_id else {}
    log.log(level, f"%s %s {text}", held.subscription.pk, waiting.message_id, *args, extra=extra)


def _attempt(held: Claim, waiting: Delivery) -> Attempt:
    """Send a message and say how it went, whatever its sink raises; a lost lease alone goes on."""
    began_at, began = timezone.now(), time.monotonic()
    try:
        outcome: Receipt | Undelivered = _send(held, waiting)
    except LeaseLost:
        raise
    except Exception as error:
        outcome = _failure(error)
    duration_ms = round(1000 * (time.monotonic() - began))
    if isinstance(outcome, Undelivered):
        return Attempt(
            began_at,
            duration_ms,
            outcome.status_code,
            _kept(outcome.answer),
            _kept(outcome.reason) or _("unknown"),
            outcome.retry_after,
            is_endpoint=outcome.is_endpoint or outcome.is_gone,
            is_gone=outcome.is_gone,
        )
    return Attempt(began_at, duration_ms, outcome.status_code, _kept(outcome.answer))


def _send(held: Claim, waiting: Delivery) -> Receipt:
    sink = _prepared(lambda: get_sink(held.subscription.kind))
    target = _prepared(lambda: target_of(held.subscription))
    message = Message(waiting.message_id, waiting.event_type, waiting.session_id, waiting.seq, waiting.body)
    return sink.send(message, replace(target, request=_renewing(held, target.request)))


def _prepared(prepare: Callable[[], T]) -> T:
    """What has to be there before anything can be sent: without it no message of the subscription gets out."""
    try:
        return prepare()
    except FlowError as error:
        raise Undelivered(error.message, is_endpoint=True) from error


def _renewing(held: Claim, request: Callable[..., Answer]) -> Callable[..., Answer]:
    """Requests before each of which the lease begins anew, for a sink that makes several."""
    made = 0

    def renewed(*args: Any, **options: Any) -> Answer:
        nonlocal made
        made += 1
        if made > 1:  # for the first, it has just been
            leases.renew(held)
        return request(*args, **options)

    return renewed


def _failure(error: Exception) -> Undelivered:
    """What an exception of a sink means."""
    if isinstance(error, Undelivered):
        return error
    if isinstance(error, Unreachable):
        return Undelivered(error.reason, is_endpoint=True)
    if isinstance(error, FlowError):
        return Undelivered(error.message)
    errors.error("a sink failed", exc_info=error)
    return Undelivered(f"{type(error).__name__}: {error}")


def _kept(text: str) -> str:
    return shown(text)[:ANSWER_LENGTH]
