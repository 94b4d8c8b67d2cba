"""What a request could mean by mistake is refused by name; what it says in other scripts is understood."""

import unicodedata
from urllib.parse import quote

import pytest

from sessions_app.actors import Actor
from sessions_app.api.rendering import dump
from sessions_app.models import FlowSession, IdempotencyKey
from sessions_app.services import FlowSessionManager
from tests.api.conftest import assert_problem, client_for
from tests.factories import assert_consistent

BULK = "/api/v1/sessions/bulk/"
CAFE = "caf\u00e9"


@pytest.mark.parametrize("name", ["team", "owner", "workflow", "stage", "search", "status", "created_after"])
@pytest.mark.parametrize("value", ["", " ", "\u3000"])
def test_an_empty_filter_selects_nothing_rather_than_everything(api, flow_session, name, value):
    query = f"?workflow=dev&{name}={quote(value)}" if name != "workflow" else f"?workflow={quote(value)}"
    listed = assert_problem(api.get(f"/api/v1/sessions/{query}"), 400, "invalid-input")
    assert listed["details"]["field"] == name


@pytest.mark.parametrize("empty", [{"team": ""}, {"team": " "}, {"search": ""}, {"status": []}, {"stuck_since": "\t"}])
def test_an_empty_value_among_others_does_not_widen_a_bulk_filter(api, flow_session, empty):
    for dry_run in (True, False):
        body = {"verb": "abort", "filter": {"workflow": "dev", **empty}, "dry_run": dry_run}
        refused = assert_problem(api.post(BULK, body, format="json"), 400, "invalid-input")
        assert next(iter(empty)) in refused["details"]["field"]
    flow_session.refresh_from_db()
    assert flow_session.status == "ACTIVE"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("sessions/?workflow=dev&workflow=docs", "workflow"),
        ("sessions/?limit=1&limit=2", "limit"),
        ("stages/?assignee=me&assignee=li", "assignee"),
        ("stages/?stage=", "stage"),
        ("events/?actor=mei&actor=li", "actor"),
        ("events/?type=", "type"),
        ("workflows/?search=", "search"),
        ("tokens/?all=yes", "all"),
        ("tokens/?all=", "all"),
    ],
)
def test_an_unclear_parameter_is_refused_by_name(api, flow_session, path, name):
    assert assert_problem(api.get(f"/api/v1/{path}"), 400, "invalid-input")["details"]["field"] == name


def test_states_and_types_may_be_repeated(api, flow_session):
    sessions = api.get("/api/v1/sessions/?status=ACTIVE&status=PAUSED").json()["results"]
    assert [row["id"] for row in sessions] == [flow_session.pk]
    events = api.get("/api/v1/events/?type=session.created&type=session.paused").json()["results"]
    assert [row["type"] for row in events] == ["session.created"]


def test_everybodys_tokens_are_asked_for_with_true(admin, api):
    api.post("/api/v1/tokens/", {"name": "ci"}, format="json")
    for value, names in (("true", ["ci"]), ("false", [])):
        listed = client_for(admin).get(f"/api/v1/tokens/?all={value}").json()["results"]
        assert [row["name"] for row in listed] == names


def as_sent(text: str) -> str:
    """A header's text as a server hands on its bytes."""
    return text.encode().decode("latin-1")


def test_a_key_in_any_script_is_kept_and_answered_again(api, flow_session):
    headers = {"Idempotency-Key": as_sent("\u91cd\u5f00-1")}
    address = f"/api/v1/sessions/{flow_session.pk}/pause/"
    first, again = (api.post(address, {}, format="json", headers=headers) for _try in range(2))
    assert (first.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert IdempotencyKey.objects.get().key == "\u91cd\u5f00-1"
    bulk = {"verb": "resume", "ids": [flow_session.pk], "dry_run": False}
    assert api.post(BULK, bulk, format="json", headers={"Idempotency-Key": as_sent("\u6279-1")}).status_code == 200
    assert IdempotencyKey.objects.filter(key="\u6279-1").exists()


@pytest.mark.parametrize("path", ["pause/", "/api/v1/sessions/bulk/", "/api/v1/workflows/dev/retire/"])
def test_a_key_that_is_not_utf8_is_refused(client_of_definer, flow_session, path):
    address = path if path.startswith("/") else f"/api/v1/sessions/{flow_session.pk}/{path}"
    body = {"verb": "pause", "ids": [flow_session.pk], "dry_run": False} if "bulk" in path else {}
    refused = client_of_definer.post(address, body, format="json", headers={"Idempotency-Key": CAFE})
    assert assert_problem(refused, 400, "invalid-input")["details"]["field"] == "Idempotency-Key"
    assert FlowSession.objects.get().status == "ACTIVE"


@pytest.fixture
def client_of_definer(admin):
    return client_for(admin)


def test_a_search_finds_what_looks_the_same(api, mei, workflow):
    made = FlowSessionManager(Actor(mei, "python", is_trusted=True)).create_session(workflow, CAFE)
    decomposed = quote(unicodedata.normalize("NFD", CAFE))
    assert [row["id"] for row in api.get(f"/api/v1/sessions/?search={decomposed}").json()["results"]] == [made.pk]


def test_a_large_number_comes_back_as_short_as_it_was(api, flow_session):
    address = f"/api/v1/sessions/{flow_session.pk}/"
    body = b'{"context": {"a": 1e308, "b": 3.0, "c": 18446744073709551617, "d": -1e22, "e": 9007199254740993}}'
    assert api.patch(address, body, content_type="application/json").status_code == 200
    answer = api.get(f"{address}?fields=context")
    assert answer.content == (
        b'{"context":{"a":1e+308,"b":3,"c":18446744073709551617,"d":-1e+22,"e":9007199254740993}}'
    )
    assert_consistent(flow_session.pk)


def test_a_number_beyond_doubles_is_written_out():
    assert dump({"n": 10**400}) == b'{"n":1' + b"0" * 400 + b"}"
