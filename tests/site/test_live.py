"""How a session's page learns that the session moved: told by the server (ASGI), or by asking (anywhere)."""

import asyncio
import json
import socket
import subprocess
from collections import Counter
from itertools import count
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission
from django.urls import reverse

from sessions_app.admin import live
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from tests.factories import in_team, new_session, person
from tests.site.asgi_server import PATIENCE, asked, serving, signed_in, uvicorn

LIVE, VERSION = "admin:live-session", "admin:version-of-session"


def address(name, session_id):
    return reverse(name, args=[quote(session_id)])


@pytest.mark.django_db
def test_version_is_answered_in_as_few_queries_as_signing_in_takes(admin_client, django_assert_num_queries):
    flow_session = new_session("build")
    admin_client.get(address(VERSION, flow_session.pk))
    with django_assert_num_queries(3):  # the browser's session, the user, the version
        answer = admin_client.get(address(VERSION, flow_session.pk))
    assert answer.json() == {"version": 1}
    assert "no-store" in answer.headers["Cache-Control"]
    FlowSessionManager().note_session(flow_session.pk, "more")
    assert admin_client.get(address(VERSION, flow_session.pk)).json() == {"version": 2}


@pytest.mark.django_db
def test_server_that_holds_a_worker_per_connection_holds_none(admin_client):
    answer = admin_client.get(address(LIVE, new_session("build").pk))
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.django_db
@pytest.mark.parametrize("name", [LIVE, VERSION])
@pytest.mark.parametrize("session_id", ["dev-flow-none", "\x00", "a" * 500])
def test_session_that_is_not_there_has_no_version(admin_client, name, session_id):
    assert admin_client.get(address(name, session_id)).status_code in (400, 404)


@pytest.mark.django_db
@pytest.mark.parametrize("name", [LIVE, VERSION])
def test_version_is_told_to_those_who_see_the_session(client, name):
    flow_session = new_session("build")
    stranger = person("stranger", is_staff=True).user
    client.force_login(stranger)
    assert client.get(address(name, flow_session.pk)).status_code == 403
    stranger.user_permissions.add(Permission.objects.get(codename="view_flowsession"))
    assert client.get(address(name, flow_session.pk)).status_code == 404
    client.logout()
    assert client.get(address(name, flow_session.pk)).status_code == 302


@pytest.mark.django_db
def test_page_names_both_addresses_and_what_to_say(admin_client):
    flow_session = new_session("build")
    page = admin_client.get(reverse("admin:sessions_app_flowsession_change", args=[quote(flow_session.pk)])).text
    assert f'data-live="{address(LIVE, flow_session.pk)}"' in page
    assert f'data-poll="{address(VERSION, flow_session.pk)}"' in page
    assert 'role="status"' in page
    assert 'id="session" data-version="1"' in page


READER = SimpleNamespace(user=SimpleNamespace(pk=1))


class Told:
    """A connection in a world where time and versions are given."""

    def __init__(self, monkeypatch, versions, *, step=1.0, admitted=lambda: READER):
        clock = count(0, step)
        found = iter(versions)
        monkeypatch.setattr(live, "monotonic", lambda: next(clock))
        monkeypatch.setattr(live, "POLL", 0)
        monkeypatch.setattr(live, "read_version", lambda _actor, _id: next(found))
        self._watch = live.Watch(READER, "s", admitted)

    def read(self, most=1000):
        return asyncio.run(self._read(most))

    async def _read(self, most):
        told = []
        async for line in self._watch.told():
            told.append(line)
            if len(told) == most:
                break
        return told


def changed(version):
    return f"event: changed\ndata: {json.dumps({'version': version})}\n\n"


def test_connection_tells_the_version_at_once_and_when_it_moves(monkeypatch):
    told = Told(monkeypatch, [3, 3, 4, 4, None]).read()
    assert told == [changed(3), changed(4)]


def test_silent_connection_shows_that_it_is_alive(monkeypatch):
    told = Told(monkeypatch, [1] * 40 + [None]).read()
    assert told == [changed(1), ": still here\n\n", ": still here\n\n"]


def test_connection_ends_after_its_time(monkeypatch):
    told = Told(monkeypatch, iter(lambda: 1, None), step=20.0).read()
    assert told.count(": still here\n\n") == 28


def test_connection_ends_once_its_reader_may_look_no_more(monkeypatch):
    asked_again = []

    def admitted():
        asked_again.append(1)
        return READER if len(asked_again) < 3 else None

    assert Told(monkeypatch, iter(lambda: 1, None), step=7.0, admitted=admitted).read()[0] == changed(1)
    assert len(asked_again) == 3


def test_connection_ends_when_the_database_does(monkeypatch):
    def broken():
        raise live.DatabaseError("gone")
        yield

    assert Told(monkeypatch, broken()).read() == []


async def _held(count, session_id="s"):
    """As many connections of one person as asked for, each with what it told first; all of them closed at last."""
    held = [live.Watch(READER, session_id, lambda: READER).told() for _number in range(count)]
    first = [await anext(watch, None) for watch in held]
    during = live._open[READER.user.pk]
    for watch in held:
        await watch.aclose()
    return first, during


def test_person_holds_ten_connections_and_each_is_given_back(monkeypatch):
    monkeypatch.setattr(live, "read_version", lambda _actor, _id: 1)
    for _again in range(2):
        first, during = asyncio.run(_held(live.MOST_OPEN + 1))
        assert first == [changed(1)] * live.MOST_OPEN + [None]
        assert during == live.MOST_OPEN
        assert not live._open


def test_connection_that_breaks_is_given_back(monkeypatch):
    def broken():
        raise RuntimeError
        yield

    with pytest.raises(RuntimeError):
        Told(monkeypatch, broken()).read()
    assert not live._open


@pytest.mark.django_db
def test_page_too_many_is_told_to_ask_instead(admin_user, async_rf, monkeypatch):
    page, flow_session = admin.site.get_model_admin(FlowSession), new_session("build")
    request = async_rf.get("/")
    request.user = admin_user
    monkeypatch.setattr(live, "_open", Counter({admin_user.pk: live.MOST_OPEN}))
    answer = page.live(request, quote(flow_session.pk))
    assert (answer.status_code, answer.content) == (204, b"")
    live._open[admin_user.pk] -= 1
    assert page.live(request, quote(flow_session.pk)).status_code == 200


@pytest.mark.django_db
def test_each_look_is_one_query(django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(live, "close_old_connections", lambda: None)  # the test's own has a transaction
    watch = live.Watch(person("ann", watches=["platform"]), in_team(new_session("build"), "platform").pk, lambda: None)
    assert watch._looked(is_due=False) == 2
    with django_assert_num_queries(1):
        assert watch._looked(is_due=False) == 2


@pytest.mark.django_db
def test_reader_is_asked_for_anew(admin_client, admin_user, rf):
    page = admin.site.get_model_admin(FlowSession)
    request = rf.get("/")
    request.session = admin_client.session
    assert page._admitted_still(request).username == admin_user.username
    admin_user.is_staff = False
    admin_user.save(update_fields=["is_staff"])
    assert page._admitted_still(request) is None
    admin_user.is_staff = True
    admin_user.save(update_fields=["is_staff"])
    admin_client.logout()
    assert page._admitted_still(request) is None


def vc(environ, *words):
    subprocess.run(["vc", "flow", *words], env=environ, check=True, capture_output=True)


def next_version(answer):
    while (line := answer.readline()) and not line.startswith(b"data:"):
        pass
    return json.loads(line.removeprefix(b"data:"))["version"] if line else None


@pytest.fixture
def project(ready_environ):
    """A project with a session called ``s``."""
    done = subprocess.run(
        ["vc", "flow", "session", "create", "dev", "--name", "s", "--json"],
        env=ready_environ, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return ready_environ, json.loads(done.stdout)["data"]["id"]


def test_server_tells_each_change_and_ends_with_the_session(project):
    environ, session_id = project
    headers = {**signed_in(environ), "Accept": "text/event-stream", "Accept-Encoding": "gzip"}
    with serving(environ) as port, asked(port, address(LIVE, session_id), headers) as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")
        first = next_version(answer)
        vc(environ, "session", "note", session_id, "seen?")
        assert next_version(answer) == first + 1
        with asked(port, "/static/sessions_app/live.js", {}) as script:  # beside the open connection
            assert b"EventSource" in script.read()
        vc(environ, "session", "delete", session_id, "--force", "--reason", "enough")
        assert next_version(answer) is None
        with asked(port, address(LIVE, session_id), headers) as gone:
            assert gone.status == 404


def post(port, *parts):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        try:
            for part in parts:
                connection.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return connection.recv(65536).split(b"\r\n")[0]


def test_bodies_that_are_too_large_are_refused_before_they_are_read(command_environ):
    head = b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with serving(command_environ) as port:
        assert b" 413 " in post(port, head + b"Content-Length: 99999999999\r\n\r\n")
        assert b" 413 " in post(port, head + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 17, b"0\r\n\r\n")
        assert b" 403 " in post(port, head + b"Transfer-Encoding: chunked\r\n\r\n", chunk, b"0\r\n\r\n")


def test_careless_server_does_not_start_under_asgi(command_environ):
    environ = {**command_environ, "VCFLOW_ALLOWED_HOSTS": "flow.example.org"}
    done = subprocess.run(uvicorn(), env=environ, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 3
    assert "[invalid-setting]" in done.stderr
    assert "Traceback" not in done.stderr
