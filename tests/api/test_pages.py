"""Pages by cursor: what a cursor gives away, what it can't be made to do, and moments in parameters."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from sessions_app.actors import Actor
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from tests.api.conftest import assert_problem, client_for

SESSIONS = "/api/v1/sessions/"
SECRET = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
NAMES = ["a\u3000b", "a\u00a0b", "👩\u200d👩\u200d👧", "\u202ename", "🦊" * 200, "字" * 200, "plain", "plain"]

FAR = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
NEAR = ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59Z", "9999-12-31T00:00:00+23:59", "0001-01-02T00:00:00-23:59"]
FILTERS = [
    *(f"{SESSIONS}?{name}" for name in ("created_after", "created_before", "updated_after", "updated_before")),
    f"{SESSIONS}?stuck_since",
    "/api/v1/events/?created_after",
    "/api/v1/events/?created_before",
]


@pytest.fixture
def named(mei, team, workflow):
    """Makes sessions of mei's with these names; their ids."""
    manager = FlowSessionManager(Actor(mei, "python", is_trusted=True))
    return lambda *names: [manager.create_session(workflow, name, team=team.name).pk for name in names]


def cursor_of(page):
    return parse_qs(urlsplit(page["next"]).query)["cursor"][0]


def decoded(cursor):
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()


def forged(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()


def followed(client, address):
    """The rows of all pages."""
    rows = []
    while address:
        page = client.get(address).json()
        rows, address = [*rows, *page["results"]], page["next"]
    return rows


@pytest.mark.parametrize("ordering", ["name", "-name"])
def test_a_cursor_by_name_carries_no_secret(api, named, ordering):
    named(f"deploy {SECRET}", f"rotate {SECRET}", f"test {SECRET}")
    page = api.get(SESSIONS, {"ordering": ordering, "limit": 1}).json()
    assert SECRET not in json.dumps(page)
    assert SECRET not in decoded(cursor_of(page))
    assert len(followed(api, page["next"])) == 2


@pytest.mark.parametrize("ordering", ["name", "-name"])
def test_paging_by_name_reaches_every_name(api, named, ordering):
    ids = named(*NAMES)
    found = [row["id"] for row in followed(api, f"{SESSIONS}?ordering={ordering}&limit=1")]
    assert (sorted(found), len(found)) == (sorted(ids), len(NAMES))


def test_a_page_by_name_goes_on_when_its_beginning_has_left_the_filter(api, named):
    first, second = named("one", "two")
    page = api.get(SESSIONS, {"ordering": "name", "limit": 1, "status": "ACTIVE"}).json()
    api.post(f"{SESSIONS}{first}/pause/")
    assert [row["id"] for row in followed(api, page["next"])] == [second]


def test_a_page_by_name_after_what_was_deleted_is_refused_as_after_what_is_hidden(api, zhao, named):
    first, _second = named("one", "two")
    page = api.get(SESSIONS, {"ordering": "name", "limit": 1}).json()
    address = f"{SESSIONS}?ordering=name&cursor={cursor_of(page)}"
    hidden = assert_problem(client_for(zhao).get(address), 400, "invalid-cursor")
    api.delete(f"{SESSIONS}{first}/")
    assert assert_problem(api.get(page["next"]), 400, "invalid-cursor") == hidden
    unknown = client_for(zhao).get(f"{SESSIONS}?ordering=name&cursor={forged('name', 'dev-none-2222')}")
    assert assert_problem(unknown, 400, "invalid-cursor") == hidden


@pytest.mark.parametrize("moment", FAR)
@pytest.mark.parametrize("address", FILTERS)
def test_a_moment_that_no_database_can_say_is_refused(api, flow_session, address, moment):
    name = address.partition("?")[2]
    problem = assert_problem(api.get(f"{address}={moment.replace('+', '%2B')}"), 400, "invalid-input")
    assert problem["details"]["field"] == name


@pytest.mark.parametrize("moment", NEAR)
@pytest.mark.parametrize("address", FILTERS)
def test_the_first_and_last_moments_can_be_asked_for(api, flow_session, address, moment):
    found = api.get(f"{address}={moment.replace('+', '%2B')}")
    is_all = ("after" in address) == moment.startswith("0001")
    assert (found.status_code, bool(found.json()["results"])) == (200, is_all)


@pytest.mark.parametrize("moment", FAR)
def test_a_bulk_filter_reads_moments_alike(api, flow_session, moment):
    given = {"verb": "pause", "filter": {"created_after": moment}, "dry_run": True}
    assert_problem(api.post(f"{SESSIONS}bulk/", given, format="json"), 400, "invalid-input")
    given["filter"] = {"created_after": NEAR[0]}
    assert api.post(f"{SESSIONS}bulk/", given, format="json").json()["matched"] == 1


@pytest.mark.parametrize("address", FILTERS)
def test_a_lost_plus_is_explained(api, address):
    problem = assert_problem(api.get(f"{address}=2026-03-02T08:00:00+08:00"), 400, "invalid-input")
    assert "%2B" in problem["fix"]


def test_an_offset_counts(api, flow_session):
    FlowSession.objects.filter(pk=flow_session.pk).update(created_at="2026-03-02T00:30:00Z")
    for moment, count in {"08:00:00%2B08:00": 1, "08:31:00%2B08:00": 0, "00:30:00Z": 1, "00:31:00Z": 0}.items():
        found = api.get(f"{SESSIONS}?created_after=2026-03-02T{moment}").json()
        assert len(found["results"]) == count, moment


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        *((SESSIONS, ["-created_at", moment, "dev-a-2222"]) for moment in [*FAR, "a", "", 1, None, [], "2026-13-01"]),
        *((SESSIONS, ["-created_at", NEAR[0], key]) for key in ["\x00", "\ud800", 1, None, ["a"], {"a": 1}, True]),
        *((SESSIONS, ["name", *values]) for values in [["\x00"], ["\ud800"], [1], [None], [], ["a", "a"], ["no"]]),
        *((SESSIONS, ["id", *values]) for values in [["\x00"], [1], [], ["a", "a"]]),
        *(
            ("/api/v1/events/", ["-id", *values])
            for values in [["a"], ["a", "a"], [-1], [2**63], [1.5], [True], [None]]
        ),
        *(("/api/v1/workflows/dev/versions/", ["-number", *values]) for values in [["a"], ["a", "a"], ["1"], [[]]]),
        *(("/api/v1/workflows/", ["-updated_at", *values]) for values in [[FAR[0], "dev"], ["x", "dev"], [NEAR[0]]]),
        ("/api/v1/stages/", ["id", 1]),
        *(
            ("/api/v1/tokens/", ["-created_at", *values])
            for values in [["x", "vcf_a"], [FAR[1], "vcf_a"], [NEAR[0], 1]]
        ),
    ],
)
def test_a_cursor_that_was_made_up_is_refused(api, flow_session, address, parts):
    query = {"cursor": forged(*parts), **({"ordering": parts[0]} if "tokens" not in address else {})}
    assert_problem(api.get(address, query), 400, "invalid-cursor")


@pytest.mark.parametrize("moment", NEAR)
def test_a_cursor_may_be_at_any_moment(api, flow_session, moment):
    found = api.get(SESSIONS, {"cursor": forged("-created_at", moment, "dev"), "ordering": "-created_at"}).json()
    assert len(found["results"]) == moment.startswith("9999")


@pytest.mark.parametrize("number", [2**31, 2**63 - 1])
def test_a_cursor_may_be_at_any_number(api, flow_session, number):
    for address, name in {"/api/v1/events/": "-id", "/api/v1/workflows/dev/versions/": "-number"}.items():
        assert api.get(address, {"cursor": forged(name, number)}).json()["results"]


BY_NAME_QUERIES = 6


def test_a_page_by_name_takes_the_same_queries_at_any_length(wang, named, django_assert_num_queries):
    named("a", "b")
    client = client_for(wang)
    address = client.get(SESSIONS, {"ordering": "name", "limit": 1}).json()["next"].replace("limit=1", "limit=9")
    for added in ([], ["c", "d"]):
        named(*added)
        with django_assert_num_queries(BY_NAME_QUERIES):
            assert len(client.get(address).json()["results"]) == 1 + len(added)
