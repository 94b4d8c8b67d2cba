"""What requests may be: refused with a sentence, never with a fault of the server."""

from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse

from sessions_app.models import FlowSession
from tests.factories import new_session, stage
from vcflow_site.chunks import state_length
from vcflow_site.limits import MAX_QUERY

pytestmark = pytest.mark.django_db

MEGABYTE = 1024 * 1024

PATHS = ["/admin/sessions_app/flowsession/", "/admin/login/", "/healthz", "/nowhere/", "/api/nowhere/", "/"]
QUERIES = [
    "q=" + "x" * (MAX_QUERY - 2),
    "q=" + "x" * MAX_QUERY,
    "a&" * 1001,
    "q=%00",
    "status__exact=%00",
    "q=%ff%fe",
    "status__exact=%ed%a0%80",
    "created_at__gte=%f0%28%8c%28",
    "p=99999999999999999999",
    "o=99999999999999999999.-1",
    "e=1&e=2",
    "_to_field=password",
    "workflow__id__exact[]=1",
    "next=//evil.example/%0d%0aX:1",
    "%zz=%u0041&&;=%",
]
ENDINGS = [
    "%00",
    "a%00b/change/",
    "%ff%fe/",
    "%ed%a0%80/change/",
    "_3A%5F_00/change/",
    "..%2f..%2fetc/",
    "%0d%0aX:1/",
    "x" * 5000,
]


@pytest.fixture
def visitor(admin_user):
    """An administrator who sees faults as answers."""
    client = Client(raise_request_exception=False)
    client.force_login(admin_user)
    return client


@pytest.fixture
def flow_session():
    return new_session(stage("build"))


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:30])
@pytest.mark.parametrize("path", PATHS)
def test_hostile_query_is_no_fault_of_the_server(visitor, flow_session, path, query):
    assert visitor.get(f"{path}?{query}").status_code < 500


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending[:30])
@pytest.mark.parametrize("path", [*PATHS[:2], "/nowhere/", "/api/nowhere/", "/static/", "/login/"])
def test_hostile_path_is_no_fault_of_the_server(visitor, flow_session, path, ending):
    assert visitor.get(path + ending).status_code < 500


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/healthz?" + "x" * MAX_QUERY, 200),
        ("/healthz?" + "x" * (MAX_QUERY + 1), 414),
        ("/healthz?a=%00", 400),
        ("/healthz?a=%2500", 200),
        ("/healthz%00", 400),
        ("/admin/login/?" + "a&" * 1000, 400),
        ("/admin/login/?" + "a&" * 999, 200),
    ],
    ids=lambda value: str(value)[:30],
)
def test_limits_are_where_they_are_said_to_be(client, address, status):
    assert client.get(address).status_code == status


@pytest.mark.parametrize(
    ("length", "status"),
    [
        (str(MEGABYTE), 404),
        (str(MEGABYTE + 1), 413),
        ("9" * 5000, 413),
        ("-1", 400),
        ("many", 400),
        ("", 404),
    ],
    ids=lambda value: str(value)[:10],
)
def test_stated_length_decides(client, length, status):
    assert client.post("/nowhere/", CONTENT_LENGTH=length).status_code == status


def test_uploaded_file_counts_as_body(client):
    assert client.post(reverse("admin:login"), {"file": BytesIO(b"x" * MEGABYTE)}).status_code == 413


def heard(environ):
    """What an application behind :func:`state_length` finds in its environment."""
    found = []
    state_length(lambda environ, _start: found.append(environ) or [])({**environ}, None)
    return found[0].get("CONTENT_LENGTH"), found[0]["wsgi.input"].read()


def test_body_in_chunks_gets_a_length():
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert heard({**chunked, "wsgi.input": BytesIO(b"hello")}) == ("5", b"hello")
    length, body = heard({**chunked, "wsgi.input": BytesIO(b"x" * (2 * MEGABYTE))})
    assert (length, len(body)) == (str(MEGABYTE + 1), MEGABYTE + 1)


def test_body_whose_end_is_unknown_is_left_alone():
    unended = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": BytesIO(b"hello")}
    assert heard(unended) == (None, b"hello")


def test_long_answers_are_compressed_and_their_tags_weak(admin_client):
    page = admin_client.get("/admin/", headers={"accept-encoding": "gzip"})
    assert page["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page["Vary"]
    assert FlowSession.objects.count() == 0
