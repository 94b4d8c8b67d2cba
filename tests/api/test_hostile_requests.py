"""Requests that are broken as a whole, by body, header, address or method: problems, and nothing has changed."""

import base64
import gzip
import json

import pytest

from sessions_app.api.pagination import MAX_LIMIT
from sessions_app.models import FlowSession
from tests.api.attacks import TARGETS, fault
from tests.api.conftest import assert_problem, client_for

SESSIONS = "/api/v1/sessions/"
JSON = "application/json"
MEGABYTE = 1024 * 1024

BODIES = {
    "no JSON": b"reason=lunch",
    "cut off": b'{"reason": "lun',
    "two values": b"{}{}",
    "trailing comma": b'{"reason": "x",}',
    "comment": b"{} // x",
    "single quotes": b"{'reason': 'x'}",
    "a list": b"[]",
    "a text": b'"reason"',
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "NaN": b"NaN",
    "NUL": b"\x00",
    "NUL inside": b'{"reason": "a\x00b"}',
    "only a BOM": b"\xef\xbb\xbf",
    "BOM": b'\xef\xbb\xbf{"reason": "x"}',
    "UTF-16": '{"reason": "x"}'.encode("utf-16"),
    "UTF-32": '{"reason": "x"}'.encode("utf-32"),
    "latin-1": '{"reason": "é"}'.encode("latin-1"),
    "GBK": '{"reason": "午饭"}'.encode("gbk"),
    "raw surrogate": b'{"reason": "\xed\xa0\x80"}',
    "overlong": b'{"reason": "\xc0\x80"}',
    "escaped surrogate": b'{"reason": "\\ud800"}',
    "surrogate in a key": b'{"\\udc00": 1}',
    "bad escape": b'{"reason": "\\x41"}',
    "the same key twice": b'{"reason": "x", "reason": "y"}',
    "the same key twice inside": b'{"reason": {"a": 1, "a": 2}}',
    "10,000 lists deep": b"[" * 10_000 + b"]" * 10_000,
    "10,000 objects deep": b'{"reason":' * 10_000 + b"1" + b"}" * 10_000,
    "never closed": b'{"a":[' * 100_000,
    "gzip": gzip.compress(b'{"reason": "x"}'),
    "binary": bytes(range(256)),
    "1e400": b'{"reason": 1e400}',
    "100,000 digits": b'{"reason": ' + b"9" * 100_000 + b"}",
    "10,000 keys": json.dumps({f"k{number}": number for number in range(10_000)}).encode(),
    "a million brackets": b'{"reason": [' + b"[]," * 340_000 + b"[]]}",
    "unknown field": b'{"reason": "x", "force": true}',
}

TYPES = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/yaml",
    "application/jsonp",
    "application/json-patch+json",
    "json",
    "*/*",
    ";",
    "application/json\x00",
    "x" * 5_000,
]


def state() -> tuple[object, ...]:
    return tuple(FlowSession.objects.order_by("pk").values_list("pk", "status", "version"))


@pytest.fixture
def sent(api, flow_session):
    """Sends a body to a verb; afterwards everything is as it was, and the list opens."""
    api.raise_request_exception = False
    before = state()

    def send(body: bytes, path: str = "pause/", **options):
        options.setdefault("content_type", JSON)
        answer = api.generic("POST", f"{SESSIONS}{flow_session.pk}/{path}", body, **options)
        assert fault(answer, 0) == ""
        assert api.get(SESSIONS).json()["results"][0]["status"] == "ACTIVE"
        return answer

    yield send
    assert state() == before


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_broken_body_is_refused(sent, body):
    assert sent(body).status_code == 400


@pytest.mark.parametrize("content_type", TYPES, ids=lambda value: value[:20])
def test_another_type_than_json_is_refused(sent, content_type):
    assert_problem(sent(b'{"reason": "x"}', content_type=content_type), 415, "unsupported-media-type")


@pytest.mark.parametrize("content_type", [JSON, "APPLICATION/JSON", "application/json; charset=utf-16; q=x"])
def test_what_is_json_is_read_as_utf_8(api, flow_session, content_type):
    path = f"{SESSIONS}{flow_session.pk}/note/"
    assert api.generic("POST", path, '{"text": "午饭"}'.encode(), content_type).status_code == 200


def test_a_packed_body_is_not_unpacked(sent):
    bomb = gzip.compress(b" " * (50 * MEGABYTE) + b"{}")
    assert len(bomb) < MEGABYTE
    answer = sent(bomb, headers={"Content-Encoding": "gzip"})
    assert_problem(answer, 400, "invalid-json")


def test_a_body_of_50_megabytes_is_refused(sent):
    assert_problem(sent(b'{"reason": "' + b"x" * (50 * MEGABYTE) + b'"}'), 413, "too-large")


def test_100_000_ids_of_a_bulk_verb_are_refused(api, flow_session):
    ids = [flow_session.pk[:4]] * 100_000
    answer = api.post(f"{SESSIONS}bulk/", {"verb": "abort", "ids": ids, "dry_run": False}, format="json")
    assert answer.json()["details"]["field"] == "ids"
    assert_problem(answer, 400, "invalid-input")
    assert FlowSession.objects.get().status == "ACTIVE"


IF_MATCH = ['*, "1"', 'W/"1', '"1', "1", "W/*", '""x', '"\x00"', "\r\nX: 1", '"1"' * 3000, "١", "W/'1'", ","]


@pytest.mark.parametrize("header", IF_MATCH, ids=lambda value: repr(value)[:20])
def test_an_unreadable_if_match_is_refused(sent, header):
    assert_problem(sent(b"{}", headers={"If-Match": header}), 400, "invalid-input")


@pytest.mark.parametrize("header", ['"99999999999999999999"', '"0"', 'W/"2"', '"x"', '"-1"', '""', '"1.0", "01x"'])
def test_an_if_match_of_no_version_changes_nothing(sent, header):
    assert_problem(sent(b"{}", headers={"If-Match": header}), 412, "stale")


@pytest.mark.parametrize("key", ["", " ", "\x00", "a\r\nSet-Cookie: x=1", "x" * 201, "x" * 100_000, "\x1b[2J", "\xff"])
def test_a_hostile_idempotency_key_is_refused(sent, key):
    answer = sent(b"{}", headers={"Idempotency-Key": key})
    assert_problem(answer, 400, "invalid-input")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", ["a\r\nX-Evil: 1", "a\nb", "\r\n\r\n<html>"])
def test_a_name_becomes_no_header(api, flow_session, name):
    answer = api.patch(f"{SESSIONS}{flow_session.pk}/", {"name": name}, format="json")
    assert_problem(answer, 400, "invalid-input")
    assert "X-Evil" not in answer.headers


TOKENS = ["", "Bearer", "Bearer ", "Bearer x y", "bearer vcf_" + "0" * 76, "Bearer vcf_" + "é" * 76, "Basic Og==",
          "Bearer " + "a" * 100_000, "Bearer \x00", "Token x", "Bearer ' OR 1=1", "Negotiate"]  # fmt: skip


@pytest.mark.parametrize("header", TOKENS, ids=lambda value: repr(value)[:24])
def test_credentials_that_are_none_are_refused(client, flow_session, header):
    client.raise_request_exception = False
    answer = client.get(SESSIONS, headers={"Authorization": header})
    assert fault(answer, 0) == ""
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


PATHS = [
    "..%2f..%2fetc/passwd/",
    "%2e%2e/",
    "../admin/",
    "%00/",
    "a%0d%0aX:1/",
    "%ff%fe/",
    "%ed%a0%80/",
    "%c0%ae%c0%ae/",
    "%e2%80%ae/",
    "%F0%9F%92%A9/",
    ".../",
    "x" * 7_000 + "/",
    "%25" * 2_000 + "/",
    ";jsessionid=1/",
    "a//pause/",
    "//",
    "%20/",
    "None/",
    "1/stages/%2f/start/",
    "１/",
]


@pytest.mark.parametrize("path", PATHS, ids=lambda value: value[:20])
@pytest.mark.parametrize("folder", ["sessions", "stages", "workflows", "tokens", "nowhere"])
def test_an_address_of_nothing_is_told_so(api, flow_session, folder, path):
    api.raise_request_exception = False
    answer = api.get(f"/api/v1/{folder}/{path}")
    assert fault(answer, 0) == ""
    assert answer.status_code in (400, 404)


@pytest.mark.parametrize("limit", ["0", "-1", str(MAX_LIMIT + 1), "1e3", "9" * 5_000, "0x10", "١", "²", "1.0", "+1"])
def test_a_limit_out_of_bounds_is_refused(api, flow_session, limit):
    assert_problem(api.get(SESSIONS, {"limit": limit}), 400, "invalid-input")


def test_a_cursor_tampered_with_is_refused_or_leads_to_what_is_visible(api, zhao, workflow, flow_session):
    for number in range(3):
        api.post(SESSIONS, {"workflow_id": workflow, "name": f"n{number}"}, format="json")
    stranger = client_for(zhao)
    address = api.get(f"{SESSIONS}?limit=1").json()["next"]
    cursor = address.partition("cursor=")[2]
    for place in range(len(cursor)):
        for bit in range(7):
            changed = cursor[:place] + chr(ord(cursor[place]) ^ (1 << bit)) + cursor[place + 1 :]
            answer = stranger.get(SESSIONS, {"limit": 1, "cursor": changed})
            if answer.status_code == 200:
                assert answer.json()["results"] == []
            else:
                assert answer.json()["code"] in ("invalid-cursor", "invalid-input")


CURSORS = [
    ["-created_at"],
    ["-created_at", None, None],
    ["-created_at", 1, 2],
    ["-created_at", [], {}],
    ["-created_at", "now", "\x00"],
    ["-created_at", "0001-01-01T00:00:00+14:00", "x"],
    ["-created_at", "9999-12-31T23:59:59-14:00", "x"],
    ["name", "a", "b"],
    {},
    1,
    "x",
    None,
]


@pytest.mark.parametrize("values", CURSORS, ids=str)
def test_a_forged_cursor_is_refused(api, flow_session, values):
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
    assert_problem(api.get(SESSIONS, {"cursor": cursor}), 400, "invalid-cursor")


@pytest.mark.parametrize("method", ["PUT", "TRACE", "OPTIONS", "CONNECT", "PROPFIND", "QUERY", "X" * 200])
@pytest.mark.parametrize("path", [SESSIONS, f"{SESSIONS}bulk/", "/api/v1/me/", "/api/v1/workflows/dev/"])
def test_other_methods_are_refused(api, workflow, method, path):
    api.raise_request_exception = False
    answer = api.generic(method, path)
    assert answer.headers["Allow"]
    assert_problem(answer, 405, "method-not-allowed")


@pytest.mark.parametrize("path", [SESSIONS, "/api/v1/me/", "/api/v1/workflows/dev/diagram/"])
def test_head_is_answered_as_get_without_a_body(api, flow_session, path):
    seen, told = api.get(path), api.head(path)
    assert (told.status_code, told.content) == (200, b"")
    assert told.headers["Content-Type"] == seen.headers["Content-Type"]


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*;q=0", "", "\x00", "x" * 5_000, "a;q=\xff"])
def test_whatever_is_accepted_the_answer_is_json(api, flow_session, accept):
    assert api.get(SESSIONS, headers={"Accept": accept}).headers["Content-Type"] == JSON
    refused = api.get(f"{SESSIONS}none/", headers={"Accept": accept})
    assert_problem(refused, 404, "not-found")


@pytest.mark.parametrize("language", ["xx", "zh" * 3_000, "\x00", "en;q=a", "../../etc", "*"])
def test_no_language_breaks_an_answer(api, flow_session, language):
    assert api.get(SESSIONS, headers={"Accept-Language": language}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "", "[::1", "a b", "x" * 5_000, "\x00"])
def test_another_host_is_refused(api, flow_session, host):
    assert_problem(api.get(SESSIONS, headers={"Host": host}), 400, "unknown-host")


@pytest.mark.parametrize("name", [name for name, target in TARGETS.items() if target.method == "GET"])
def test_an_unknown_parameter_is_refused_everywhere(api, name):
    path = TARGETS[name].path.replace("{number}", "1")
    for unknown in ("format=html", "owner__password=x", "__proto__=1", "%00=1", "a%5B%5D=1", "fields%00=id"):
        assert api.get(f"{path}?{unknown}").status_code == 400, unknown
