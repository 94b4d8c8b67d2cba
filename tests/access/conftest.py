"""The world that the walk meets: made once per module, in a transaction around those of its tests."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from status_bridge.sinks.base import Receipt
from status_bridge.sinks.webhook import WebhookSink
from tests.access.world import World
from vcflow_site import stamp


@pytest.fixture(scope="module")
def shared_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """People, sessions and tokens."""
    outermost = transaction.atomic()
    # As Django's own test cases mark theirs: inside it the product's transactions count as outermost.
    outermost._from_testcase = True
    # The limit on requests would be counted in the database, and the admin speaks Chinese by itself.
    with django_db_blocker.unblock(), override_settings(VCFLOW_API_RATE=None, LANGUAGE_CODE="en"), outermost:
        stamp.mark_complete()
        yield World()
        transaction.set_rollback(True)


@pytest.fixture
def world(db: None, shared_world: World) -> World:
    """The same for one test: what it changes is rolled back with it."""
    return shared_world.copy()


@pytest.fixture(autouse=True)
def _receivers_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever pings a webhook reaches it."""
    monkeypatch.setattr(WebhookSink, "ping", lambda _sink, _target: Receipt(204))
