"""``/api/v1/events/`` and a session's ``/logs/``."""

import pytest

from tests.api.conftest import assert_fits, assert_problem, client_for

EVENTS = "/api/v1/events/"


def verb(client, flow_session, name, **body):
    answer = client.post(f"/api/v1/sessions/{flow_session.pk}/{name}/", body, format="json")
    assert answer.status_code == 200, answer.json()


def notes(client, flow_session, number):
    for count in range(number):
        verb(client, flow_session, "note", text=f"n{count}")


def types(answer):
    assert answer.status_code == 200, answer.json()
    assert_fits("EventPage", answer.json())
    return [row["type"] for row in answer.json()["results"]]


@pytest.fixture
def busy(api, flow_session):
    """A session with four events, one of them an error."""
    verb(api, flow_session, "pause", reason="lunch")
    verb(api, flow_session, "note", text="back soon")
    verb(api, flow_session, "fail", reason="broken")
    return flow_session


def test_a_log_is_in_order_and_pages_by_number(api, busy):
    address = f"/api/v1/sessions/{busy.pk}/logs/"
    first = api.get(address, {"limit": 3}).json()
    assert_fits("EventPage", first)
    second = api.get(first["next"]).json()
    assert [row["seq"] for page in (first, second) for row in page["results"]] == [1, 2, 3, 4]
    assert second["next"] is None
    assert types(api.get(address, {"level": "ERROR"})) == ["session.failed"]
    assert types(api.get(address, {"after": 3})) == ["session.failed"]


def test_a_log_of_a_session_that_is_not_seen_is_unknown(zhao, busy):
    hidden = client_for(zhao).get(f"/api/v1/sessions/{busy.pk}/logs/")
    unknown = client_for(zhao).get("/api/v1/sessions/dev-none-2222/logs/")
    assert_problem(hidden, 404, "not-found")
    assert hidden.content.replace(busy.pk.encode(), b"X") == unknown.content.replace(b"dev-none-2222", b"X")


@pytest.mark.parametrize("parameters", [{"level": "LOUD"}, {"after": "-1"}, {"after": "9" * 30}, {"limit": "0"}])
def test_a_log_refuses_what_it_can_not_read(api, busy, parameters):
    refused = api.get(f"/api/v1/sessions/{busy.pk}/logs/", parameters)
    assert assert_problem(refused, 400, "invalid-input")["details"]["field"] in parameters


def test_events_are_newest_first_and_page(api, busy):
    first = api.get(EVENTS, {"limit": 3}).json()
    second = api.get(first["next"]).json()
    assert [row["seq"] for page in (first, second) for row in page["results"]] == [4, 3, 2, 1]
    assert types(api.get(EVENTS, {"ordering": "id", "limit": 1})) == ["session.created"]


def test_events_are_filtered(api, busy):
    assert types(api.get(EVENTS, {"type": ["session.paused", "session.noted"]})) == ["session.noted", "session.paused"]
    assert types(api.get(EVENTS, {"level": "WARNING"})) == ["session.failed"]
    assert types(api.get(EVENTS, {"door": "python"})) == ["session.created"]
    assert types(api.get(EVENTS, {"actor": "li"})) == []
    assert len(types(api.get(EVENTS, {"session": busy.pk, "actor": "mei"}))) == 4
    assert types(api.get(EVENTS, {"session": "dev-none-2222"})) == []
    assert types(api.get(EVENTS, {"created_before": "2000-01-01T00:00:00Z"})) == []
    assert len(types(api.get(EVENTS, {"created_after": "2000-01-01T00:00:00Z"}))) == 4


def test_events_are_filtered_by_stage(api, flow_session):
    for stage_id in ("build", "test"):
        made = api.post(f"/api/v1/sessions/{flow_session.pk}/stages/", {"stage_id": stage_id}, format="json")
        assert made.status_code == 201, made.json()
    assert types(api.get(EVENTS, {"stage": "build"})) == ["stage.created"]
    assert types(api.get(EVENTS, {"stage": "%"})) == []


@pytest.mark.parametrize(
    "parameters",
    [{"level": "LOUD"}, {"type": ["x" * 41]}, {"type": ["x"] * 51}, {"created_after": "soon"}, {"colour": "red"}],
)
def test_events_refuse_what_they_can_not_read(api, parameters):
    assert_problem(api.get(EVENTS, parameters), 400, "invalid-input")


def test_events_of_others_are_not_shown(busy, li, zhao):
    assert len(types(client_for(li).get(EVENTS))) == 4
    assert types(client_for(zhao).get(EVENTS)) == []


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_of_events_take_a_fixed_number_of_queries(api, flow_session, rows, django_assert_num_queries):
    notes(api, flow_session, rows - 1)
    with django_assert_num_queries(5):  # the sign-in, the user, two for their rights, the events
        assert len(types(api.get(EVENTS))) == rows
    with django_assert_num_queries(6):  # and the session
        assert len(types(api.get(f"/api/v1/sessions/{flow_session.pk}/logs/"))) == rows
