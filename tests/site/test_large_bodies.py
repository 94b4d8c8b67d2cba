"""A body that is too large costs the server nothing: it is refused before it is read."""

import pytest

from tests.site.server import serving

MEGABYTE = 1024 * 1024
LARGE = 50 * MEGABYTE

STATED = f"POST {{path}} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LARGE}\r\n\r\n"
CHUNKED = "POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"


@pytest.fixture(scope="module", params=["sync", "gthread"])
def server(request, environ_for, tmp_path_factory):
    with serving(environ_for(tmp_path_factory.mktemp("site") / "home"), "--worker-class", request.param) as server:
        yield server


@pytest.mark.parametrize(("path", "form"), [("/api/v1/x/", b"application/problem+json"), ("/x/", b"text/html")])
def test_stated_length_is_refused_before_the_body_comes(server, path, form):
    answer = server.ask(STATED.format(path=path).encode())
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert form in answer


def test_endless_chunks_are_refused_at_the_limit(server):
    answer = server.ask(CHUNKED.format(path="/x/").encode(), *[CHUNK] * 20)
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("chunk", [b"zz\r\n", b"5\r\nhello!!!!"])
def test_broken_chunks_are_the_senders_fault(server, chunk):
    answer = server.ask(CHUNKED.format(path="/x/").encode(), chunk)
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_large_bodies_take_no_memory(server):
    server.ask(CHUNKED.format(path="/x/").encode(), CHUNK, b"0\r\n\r\n")
    before = server.worker_peak()
    server.ask(STATED.format(path="/x/").encode(), *[b"x" * MEGABYTE] * 50)
    server.ask(CHUNKED.format(path="/x/").encode(), *[CHUNK] * (LARGE // len(CHUNK)))
    assert server.ask(b"GET /x/ HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 404 ")
    assert server.worker_peak() - before < 12 * MEGABYTE
