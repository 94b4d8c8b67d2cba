"""``/api/v1/events/feed/``.  What races do to it is in ``tests/races``."""

import time

import pytest
from rest_framework.test import APIClient

from sessions_app.actors import Actor
from sessions_app.tokens import create_token
from tests.api.conftest import assert_fits, assert_problem, client_for

# On PostgreSQL the feed waits for transactions that are still running, a test's own too.
pytestmark = pytest.mark.django_db(transaction=True)

FEED = "/api/v1/events/feed/"
PATIENCE = 600
"""Seconds, for other tests on the same server keep transactions open as long as all of a module's tests take."""


def ask(client, **parameters):
    answer = client.get(FEED, parameters)
    assert answer.status_code == 200, answer.json()
    assert_fits("Feed", answer.json())
    return answer.json()


def follow(client, wanted, cursor=None, limit=2):
    """Pages until ``wanted`` events came; answers with them and the cursor to go on with."""
    found, deadline = [], time.monotonic() + PATIENCE
    while len(found) < wanted and time.monotonic() < deadline:
        page = ask(client, limit=limit, **({"after": cursor} if cursor else {}))
        found, cursor = found + page["results"], page["cursor"]
        if not page["results"]:
            time.sleep(0.1)
    assert len(found) == wanted
    return found, cursor


def note(client, flow_session, text="x"):
    answer = client.post(f"/api/v1/sessions/{flow_session.pk}/note/", {"text": text}, format="json")
    assert answer.status_code == 200


def test_the_feed_goes_on_where_it_ended(api, flow_session):
    for _number in range(4):
        note(api, flow_session)
    found, cursor = follow(api, 5)
    assert [row["seq"] for row in found] == [1, 2, 3, 4, 5]
    again = ask(api, after=cursor)
    assert (again["results"], again["more"]) == ([], False)
    note(api, flow_session, "new")
    assert [row["reason"] for row in follow(api, 1, again["cursor"])[0]] == ["new"]


def test_each_event_has_a_cursor_that_stands_behind_it(api, flow_session):
    note(api, flow_session)
    note(api, flow_session)
    found, _cursor = follow(api, 3)
    assert [row["seq"] for row in follow(api, 2, found[0]["cursor"])[0]] == [2, 3]


def test_a_full_page_says_that_there_is_more(api, flow_session):
    note(api, flow_session)
    follow(api, 2)
    page = ask(api, limit=1)
    assert ([row["seq"] for row in page["results"]], page["more"]) == ([1], True)


def test_now_tells_only_what_comes(api, flow_session):
    follow(api, 1)
    start = ask(api, after="now")
    assert start["results"] == []
    note(api, flow_session, "new")
    assert [row["reason"] for row in follow(api, 1, start["cursor"])[0]] == ["new"]


def test_the_feed_tells_only_what_the_caller_may_see(api, flow_session, li, zhao, mei):
    note(api, flow_session)
    follow(client_for(li), 2)
    seen = ask(client_for(zhao))
    assert (seen["results"], seen["more"]) == ([], False)
    follow(token_for(mei, workflow=flow_session.workflow_id), 2)
    assert ask(token_for(mei, team="platform"))["results"]


def test_a_tokens_bounds_hold_in_the_feed(api, flow_session, mei, workflow):
    api.post("/api/v1/sessions/", {"workflow_id": workflow, "name": "Private"}, format="json")
    follow(api, 2)
    bounded, _cursor = follow(token_for(mei, team="platform"), 1)
    assert [row["session_id"] for row in bounded] == [flow_session.pk]


@pytest.mark.parametrize("cursor", ["x", "1-2", "g-0-0", "f" * 16 + "-0-0", "0-0-0\u00b2", "1" * 90])
def test_a_cursor_that_nobody_gave_is_refused(api, cursor):
    assert_problem(api.get(FEED, {"after": cursor}), 400, "invalid-cursor")


@pytest.mark.parametrize("rows", [1, 3])
def test_the_feed_takes_a_fixed_number_of_queries(api, flow_session, rows, django_assert_num_queries):
    for _number in range(rows - 1):
        note(api, flow_session)
    follow(api, rows)
    with django_assert_num_queries(6):  # the sign-in, the user, where the feed stands, two for their rights, the events
        ask(api)


def token_for(user, **bounds):
    """A client with a token."""
    name = "-".join(bounds)
    _row, text = create_token(Actor(user, "python", is_trusted=True), name, scopes=["read"], **bounds)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client
