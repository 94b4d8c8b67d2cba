"""What the tests of deliveries share: a kind of receiver that does as it is told, and its subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.utils import timezone

from sessions_app.actors import local_actor
from sessions_app.services import FlowSessionManager
from status_bridge.messages import Message
from status_bridge.models import Delivery, Lane, Reach, Subscription
from status_bridge.sinks import base
from status_bridge.sinks.base import Receipt, Sink, Target, Undelivered

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


class Scripted(Sink):
    """Notes what it is sent; ``behaviour`` decides how that goes."""

    kind: ClassVar[str] = "scripted"
    label: ClassVar[str] = "scripted"
    sent: ClassVar[list[tuple[str, int]]] = []
    behaviour: ClassVar[Callable[[Message, Target], Receipt | None]]

    def send(self, message: Message, target: Target) -> Receipt:
        Scripted.sent.append((message.session_id, message.seq))
        return Scripted.behaviour(message, target) or Receipt(200, "ok")


class ScriptedNewest(Scripted):
    """Needs the newest message alone."""

    kind: ClassVar[str] = "scripted-newest"
    coalesces: ClassVar[bool] = True


def well(_message: Message, _target: Target) -> Receipt | None:
    """All arrives."""
    return None


def refusing(**how: Any) -> Callable[[Message, Target], Receipt | None]:
    """Nothing arrives."""

    def refuse(_message: Message, _target: Target) -> Receipt | None:
        raise Undelivered("no", **how)

    return refuse


class Clock:
    """The time, as Django tells it; it stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time stands still, and pauses are not spread."""
    stands = Clock()
    monkeypatch.setattr(timezone, "now", stands)
    monkeypatch.setattr("status_bridge.backoff.SPREAD", (1.0, 1.0))
    return stands


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> type[Scripted]:
    """The kinds ``scripted`` and ``scripted-newest``; everything arrives until the test says otherwise."""
    for kind in (Scripted, ScriptedNewest):
        monkeypatch.setitem(base._sinks, kind.kind, kind())
    Scripted.sent = []
    Scripted.behaviour = staticmethod(well)
    return Scripted


def subscribe(subscription_id: str = "sub-1", *, kind: str = "scripted", **values: Any) -> Subscription:
    """A subscription of the local user that is told of everything."""
    now = timezone.now()
    return Subscription.objects.create(
        id=subscription_id,
        name=subscription_id,
        kind=kind,
        url="https://example.com/hook",
        owner=local_actor().user,
        created_at=now,
        updated_at=now,
        **{"reach": Reach.ALL, **values},
    )


def told_sessions(workflow: str, count: int = 1, notes: int = 0) -> list[str]:
    """Sessions in which something happened, which puts messages into lanes; their ids."""
    manager = FlowSessionManager(local_actor())
    ids = [manager.create_session(workflow, f"s{number}").pk for number in range(count)]
    for session_id in ids:
        for number in range(notes):
            manager.note_session(session_id, f"note {number}")
    return ids


def lane(subscription: Subscription, session_id: str) -> Lane:
    """The lane as it is stored."""
    return Lane.objects.get(subscription=subscription, session_id=session_id)


def states(subscription: Subscription) -> list[str]:
    """The states of its deliveries, the oldest first."""
    return list(Delivery.objects.filter(subscription=subscription).order_by("id").values_list("state", flat=True))
