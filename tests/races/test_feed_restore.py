"""The feed after events were restored into another server, or from an older state."""

import pytest
from django.db import connection

from sessions_app import feed, feed_clock
from sessions_app.actors import local_actor
from sessions_app.models import SessionEvent
from sessions_app.services import FlowSessionManager
from tests.factories import events_of, new_session

pytestmark = pytest.mark.usefixtures("database")

AHEAD = 10**9


def told(cursor, flow_session):
    """What the feed tells up to the session's last event, as (session, number), and the cursor behind it."""
    found, last = [], (flow_session.pk, events_of(flow_session)[-1].seq)
    while last not in found:
        page = feed.events_after(local_actor(), cursor, 3)
        found += [(event.session_id, event.seq) for event, _cursor in page.events]
        cursor = page.cursor
    return found, cursor


def note(flow_session, times=1):
    for _time in range(times):
        FlowSessionManager().note_session(flow_session.pk, "x")


def as_if_from_another_server():
    """Give the events numbers that this server has yet to reach; PostgreSQL alone."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE session_events SET transaction_id = transaction_id + %s", [AHEAD])


def numbers(found, flow_session):
    return [seq for session_id, seq in found if session_id == flow_session.pk]


def test_a_restore_into_another_server_loses_nothing():
    known, quiet = new_session(), new_session()
    note(known, 3)
    _found, cursor = told(None, known)
    if connection.vendor != "postgresql":
        assert feed_clock.settle() is False
        return
    told_before = feed.Cursor(0, feed.Position(_last().transaction_id + AHEAD, _last().pk + 1))
    as_if_from_another_server()
    note(known)  # before anybody noticed
    fresh = new_session()
    with pytest.raises(feed_clock.FeedUnsettled):
        feed.events_after(local_actor(), cursor, 1)
    assert feed_clock.settle() is True
    assert feed_clock.settle() is False
    note(known)
    note(quiet)
    found, after = told(str(told_before), quiet)
    assert numbers(found, known)[-2:] == [5, 6]
    assert numbers(found, known) == sorted(numbers(found, known))
    assert numbers(found, fresh) == [1]
    assert numbers(found, quiet)[-1:] == [2]
    assert feed.events_after(local_actor(), after, 10).events == []
    whole, _cursor = told(None, quiet)
    assert len(whole) == SessionEvent.objects.count()
    assert len(whole) == len(set(whole))
    assert numbers(whole, known) == [event.seq for event in events_of(known)]


def test_a_cursor_from_a_lost_future_begins_anew():
    flow_session = new_session()
    clock = feed_clock.read_clock()
    ahead = feed.Cursor(clock.epoch, feed.Position(clock.latest.transaction_id + 5, clock.latest.id + 5))
    note(flow_session)
    found, _cursor = told(str(ahead), flow_session)
    assert numbers(found, flow_session) == [1, 2]


def test_a_cursor_of_a_server_that_went_on_from_the_same_dump_begins_at_the_dump():
    flow_session = new_session()
    if connection.vendor == "postgresql":
        as_if_from_another_server()
        feed_clock.settle()
    note(flow_session)
    epoch = feed_clock.read_clock().epoch
    other = feed.Cursor(epoch + 1, feed.Position(epoch + 1, 1))
    found, _cursor = told(str(other), flow_session)
    assert numbers(found, flow_session)[-1] == 2
    assert len(found) == len(set(found))


def _last():
    return SessionEvent.objects.order_by("-transaction_id", "-id")[0]
