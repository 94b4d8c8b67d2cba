"""No receiver holds vcflow longer than its time, fills its memory, or passes a part for the whole."""

from __future__ import annotations

import pytest

from sessions_app import language
from status_bridge.net import Unreachable, request
from tests.status_bridge.net_receiver import OK, drips, receiving, says

KB = 1024


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings):
    settings.VCFLOW_OUTGOING_ALLOW = ("127.0.0.1",)


def post(url, **more):
    return request("POST", url, **{"headers": {}, "body": b"{}", "timeout": 10, **more})


def failure(behave, **more) -> Unreachable:
    with receiving(behave) as receiver, pytest.raises(Unreachable) as failed:
        post(f"{receiver.url}/in?key=hidden", **more)
    assert f"127.0.0.1:{receiver.port}" in failed.value.reason
    assert "hidden" not in failed.value.reason
    return failed.value


# Each wait alone is far shorter than the timeout, and in the end there would be a good answer.
@pytest.mark.parametrize(
    "behave",
    [
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Slow: ", b"a" * 58 + b"\r\n\r\nok"),
        drips(b"", b"HTTP/1.1 200 " + b"a" * 40 + b"\r\n\r\nok"),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n", b"a" * 60),
        drips(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 60),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 10 + b"0\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n" * 10 + b"\r\n"),
        says(b"", OK, pause=3),
        says(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 40, OK, pause=0.05),
    ],
    ids=["headers", "status", "length", "to the end", "chunks", "trailers", "nothing", "continue"],
)
def test_slow_answer_ends_with_the_time(behave):
    assert failure(behave, timeout=0.4).code == "timeout"


def test_receiver_that_reads_late_ends_with_the_time():
    with receiving(late=1.5) as receiver:
        with pytest.raises(Unreachable) as failed:
            post(receiver.url, body=b"a" * 16 * KB * KB, timeout=0.4)
        assert not receiver.has_begun  # nobody has waited for it
    assert failed.value.code == "timeout"


def endless(head: bytes, part: bytes):
    """More than anybody takes; a good end comes after 16 MB."""
    return says(head, *[part * (64 * KB // len(part))] * 256, b"\r\n\r\n")


@pytest.mark.parametrize(
    "behave",
    [
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"a" * 1001),
        says(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 1001),
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"a" * 1001 + b"\r\n0\r\n\r\n"),
        endless(b"HTTP/1.1 200 OK\r\n\r\n", b"a"),
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 8000 + b"\r\na\r\n"),
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n"),
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b"a"),
        endless(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"),
        endless(b"HTTP/1.1 200 OK\r\n", b"a: " + b"b" * 1000 + b"\r\n"),
        endless(b"HTTP/1.1 200 OK\r\n", b"a"),
        endless(b"HTTP/1.1 200 ", b"a"),
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        says(b"HTTP/1.1 200 OK\r\n" + b"".join(b"a%d: %s\r\n" % (n, b"b" * 8000) for n in range(10)) + b"\r\n"),
        says(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 101 + b"\r\n"),
    ],
)
def test_answer_that_is_too_large(behave):
    assert failure(behave, max_bytes=1000).code == "too-large"


@pytest.mark.parametrize("framing", [b"Content-Length: 1000\r\n\r\n", b"\r\n"])
def test_body_of_just_the_size_is_taken(framing):
    with receiving(b"HTTP/1.1 200 OK\r\n" + framing + b"a" * 1000) as receiver:
        assert post(receiver.url, max_bytes=1000).body == b"a" * 1000


def test_headers_of_some_size_are_taken():
    with receiving(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 60 * KB + b"\r\n\r\n" + b"b" * 20 * KB) as receiver:
        answer = post(receiver.url)
    assert (len(answer.headers["x-long"]), len(answer.body)) == (60 * KB, 20 * KB)


def test_chunks_are_put_together():
    with receiving(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 1000 + b"0\r\n\r\n"
    ) as receiver:
        assert post(receiver.url, max_bytes=1000).body == b"a" * 1000


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        b"HTTP/1.1 99 OK\r\n\r\n",
        b"HTTP/1.1 1000 OK\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/9.1 200 OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02",
        b"ok",
        b"\r\n\r\n",
    ],
)
def test_broken_answer(said):
    assert failure(says(said)).code == "bad-answer"


def test_headers_that_end_half_way_are_no_answer():
    assert failure(says(b"HTTP/1.1 200 OK\r\nContent-Len")).code == "bad-answer"


def test_receiver_that_hangs_up_is_no_connection():
    assert failure(says()).code == "connection"


def test_reason_is_in_the_readers_language():
    language.activate("zh-hans")
    assert "没有" in failure(says(b"", OK, pause=3), timeout=0.2).reason
