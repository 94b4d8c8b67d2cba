"""Who follows the feed while others write misses nothing, and is told of each session in its order."""

import random
import time

import pytest
from django.db import connections

from sessions_app import feed
from sessions_app.actors import local_actor
from sessions_app.idempotency import Idempotency
from sessions_app.models import SessionEvent
from sessions_app.services import FlowSessionManager
from sessions_app.signals import event_recorded
from tests.factories import assert_consistent, new_session
from tests.races.harness import PATIENCE, Result, race

pytestmark = pytest.mark.usefixtures("database")

WRITERS = 8
CHANGES = 100


def dawdle(**_signal):
    """Transactions of different lengths overtake each other."""
    time.sleep(random.random() * 0.004)


def writer(keys, number):
    """Notes in sessions picked by chance, every second one under a key; answers with how many."""

    def write():
        event_recorded.connect(dawdle)
        for change in range(CHANGES):
            key = f"{number}-{change}" if change % 2 else None
            manager = FlowSessionManager(idempotency=Idempotency(key, "same", lambda _result, _outcome: {}))
            manager.note_session(random.choice(keys), f"{number}: {change}")
        return CHANGES

    return write


def follower(wanted):
    """Follows from now on until ``wanted`` events came; answers with (session, number) of each as it came."""

    def follow(cursor):
        actor, told, deadline = local_actor(), [], time.monotonic() + PATIENCE * 0.9
        while len(told) < wanted and time.monotonic() < deadline:
            page = feed.events_after(actor, cursor, 7)
            told += [(event.session_id, event.seq) for event, _cursor in page.events]
            cursor = page.cursor
        return told + [(e.session_id, e.seq) for e, _cursor in feed.events_after(actor, cursor, 7).events]

    return follow


def test_the_feed_tells_every_event_once_and_in_order_while_eight_write():
    keys = [new_session().pk for _number in range(5)]
    start = feed.events_after(local_actor(), feed.NOW, 1).cursor
    follow = follower(WRITERS * CHANGES)
    results = race(*(writer(keys, number) for number in range(WRITERS)), lambda: follow(start))
    assert results[:-1] == [Result("done", CHANGES)] * WRITERS
    told = results[-1].value
    assert len(told) == len(set(told)) == WRITERS * CHANGES
    for key in keys:
        numbers = [seq for session_id, seq in told if session_id == key]
        assert numbers == list(range(2, len(numbers) + 2))
        assert_consistent(key)


def test_what_commits_late_is_missed_by_its_number_and_told_by_the_feed():
    early, late = new_session(), new_session()
    actor = local_actor()
    last = SessionEvent.objects.order_by("-id").values_list("id", flat=True)[0]
    cursor = feed.events_after(actor, feed.NOW, 1).cursor
    default = connections["default"]
    is_overtaken = default.vendor == "postgresql"  # SQLite has one writer at a time
    slow = default.copy()
    slow.set_autocommit(False)
    try:
        _write_second_event(slow, late)
        if not is_overtaken:
            slow.commit()
        FlowSessionManager().note_session(early.pk, "overtakes")
        by_number = _after_number(last)
        if is_overtaken:
            assert feed.events_after(actor, cursor, 10).events == []
            slow.commit()
    finally:
        slow.close()
    by_number += _after_number(by_number[-1].pk)
    assert [event.session_id for event in by_number] == [early.pk] if is_overtaken else [late.pk, early.pk]
    assert sorted(follower(2)(cursor)) == sorted([(early.pk, 2), (late.pk, 2)])


def _write_second_event(database, flow_session):
    """A session's second event as a transaction that is still running has written it."""
    columns = [field.column for field in SessionEvent._meta.concrete_fields]
    columns = [column for column in columns if column not in ("id", "transaction_id", "seq")]
    names = ", ".join(columns)
    with database.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO session_events (seq, {names}) SELECT 2, {names} FROM session_events WHERE session_id = %s",
            [flow_session.pk],
        )


def _after_number(number):
    return list(SessionEvent.objects.filter(id__gt=number).order_by("id"))
