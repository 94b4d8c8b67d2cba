"""The sink that the documents show works as it stands there."""

import re
from pathlib import Path

import pytest

from sessions_app.actors import local_actor
from sessions_app.exceptions import InvalidInput
from status_bridge import subscriptions
from status_bridge.delivery import deliver_due
from status_bridge.models import Delivery, Subscription
from status_bridge.sinks import base
from tests.factories import new_session
from tests.status_bridge.net_receiver import OK, receiving

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"


@pytest.fixture
def chat(monkeypatch, settings):
    """The kind that the page's code makes, registered for the time of a test."""
    settings.VCFLOW_OUTGOING_ALLOW = ("127.0.0.1",)
    monkeypatch.setattr(base, "_sinks", dict(base._sinks))
    (code,) = re.findall(r"^```python chat\.py\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(code.splitlines()) <= 32
    names = {}
    exec(compile(code, "chat.py", "exec"), names)
    base.register(names["ChatSink"])
    return names["ChatSink"].kind


def subscribe(kind, url, **options):
    return subscriptions.create(local_actor(), name="room", url=url, kind=kind, reach="all", options=options)[0]


def test_it_tells_the_room_what_happens(chat):
    with receiving(OK) as receiver:
        subscribe(chat, receiver.url, prefix="flow ")
        made = new_session()
        assert deliver_due() == 1
    assert Delivery.objects.get().state == "DELIVERED"
    assert f"flow {made.pk}: session.created" in receiver.requests[0].decode()


def test_it_says_when_the_room_is_closed(chat, settings):
    with receiving(OK) as receiver:
        url = receiver.url
    subscribe(chat, url)
    new_session()
    assert deliver_due() == 0
    assert "127.0.0.1" in Delivery.objects.get().error
    assert Subscription.objects.get().hold_until


def test_it_refuses_settings_that_it_does_not_know(chat):
    with pytest.raises(InvalidInput):
        subscribe(chat, "https://chat.example.com/", colour="red")
