"""One request to the outside: resolved once, pinned, bounded, and never led elsewhere."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sessions_app.exceptions import InvalidInput
from status_bridge.net import Answer, Unreachable, request
from tests.status_bridge.net_receiver import PUBLIC, Network, Receiver, receiving

KB = 1024


@pytest.fixture
def network(monkeypatch):
    return Network(monkeypatch)


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings):
    settings.VCFLOW_OUTGOING_ALLOW = ("127.0.0.1", "hook.example")


def post(url, **more):
    return request("POST", url, **{"headers": {}, "body": b"{}", "timeout": 10, **more})


def test_answer_is_what_the_receiver_said():
    said = b"HTTP/1.1 404 Gone\r\nX-One: a\r\nx-one:  b\r\n\tc\r\nContent-Length: 3\r\n\r\nno!"
    with receiving(said) as receiver:
        answer = post(f"{receiver.url}/in?q=1", headers={"webhook-id": "msg_1", "Content-Type": "application/json"})
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (404, b"no!")
    assert answer.headers == {"x-one": "a, b c", "content-length": "3"}
    assert answer.duration > 0


def test_request_says_what_was_asked_and_nothing_else():
    with receiving() as receiver:
        post(f"{receiver.url}/in?q=1", headers={"webhook-id": "msg_1"}, body=b"\x00{}")
    head, _blank, body = receiver.requests[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /in?q=1 HTTP/1.1"
    assert sorted(head.lower().split(b"\r\n")[1:]) == [
        b"accept-encoding: identity",
        b"connection: close",
        b"content-length: 3",
        b"host: 127.0.0.1:%d" % receiver.port,
        b"user-agent: vcflow",
        b"webhook-id: msg_1",
    ]
    assert body == b"\x00{}"


def test_environment_adds_nothing(monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login mei password hidden\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with (
        receiving(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n") as receiver,
        receiving() as proxy,
    ):
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        post(receiver.url)
        post(receiver.url)
    assert (proxy.hits, receiver.hits) == (0, 2)
    assert all(word not in b"".join(receiver.requests).lower() for word in (b"authorization", b"cookie", b"proxy"))


def test_name_is_resolved_once_and_the_checked_address_is_called(network, settings):
    settings.VCFLOW_OUTGOING_ALLOW = ()
    network.answers = [[PUBLIC], ["127.0.0.1"]]  # the resolver changes its mind
    with receiving() as receiver:
        network.leads_to = receiver.port
        with pytest.raises(Unreachable) as failed:
            post("https://rebound.example/")  # this receiver has no TLS
        assert failed.value.code == "tls"
        assert (network.resolved, network.connected, receiver.hits) == (["rebound.example"], [PUBLIC], 1)
        with pytest.raises(Unreachable) as refused:
            post("https://rebound.example/")
    assert refused.value.code == "address-refused"
    assert (network.resolved, network.connected, receiver.hits) == (["rebound.example"] * 2, [PUBLIC], 1)


@pytest.mark.parametrize(
    "answers", [[PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC], [PUBLIC, "::1"], [PUBLIC, "fe80::1%1"]]
)
def test_one_inside_address_refuses_them_all(network, answers):
    network.answers = [answers]
    with receiving() as receiver:
        network.leads_to = receiver.port
        with pytest.raises(Unreachable) as refused:
            post("https://mixed.example/")
    assert refused.value.code == "address-refused"
    assert (receiver.hits, network.connected) == (0, [])


def test_allowed_name_is_called_wherever_it_leads_and_no_other_name_is(network):
    network.answers = [["10.0.0.1"]]
    with receiving() as receiver:
        network.leads_to = receiver.port
        assert post(f"http://hook.example:{receiver.port}/").status == 200
        with pytest.raises(Unreachable) as refused:
            post("https://a.hook.example/")
    assert refused.value.code == "address-refused"
    assert (receiver.hits, network.connected) == (1, ["10.0.0.1"])


def test_zone_is_refused_of_an_allowed_name_too(network):
    network.answers = [["fe80::1%1"]]
    with pytest.raises(Unreachable) as refused:
        post("http://hook.example/")
    assert refused.value.code == "address-refused"


def test_allowed_network_is_called(network, settings):
    settings.VCFLOW_OUTGOING_ALLOW = ("10.0.0.0/8",)
    network.answers = [["10.1.2.3"]]
    with receiving() as receiver:
        network.leads_to = receiver.port
        assert post("http://10.1.2.3/").status == 200
    assert network.connected == ["10.1.2.3"]


def test_next_address_is_tried_when_one_takes_no_connection(network):
    network.answers = [["2606:4700::1", PUBLIC, "8.8.8.8"]]
    network.unreachable = {"2606:4700::1"}
    with receiving() as receiver:
        network.leads_to = receiver.port
        assert post("http://hook.example/").status == 200
    assert network.connected == ["2606:4700::1", PUBLIC]


def test_address_that_says_nothing_leaves_time_for_the_next(network):
    network.answers = [[PUBLIC, "8.8.8.8"]]
    network.silent = {PUBLIC}
    with receiving() as receiver:
        network.leads_to = receiver.port
        assert post("http://hook.example/", timeout=1).status == 200


def test_request_that_was_sent_is_not_sent_to_the_next_address(network):
    network.answers = [[PUBLIC, "8.8.8.8"]]
    with receiving(b"") as receiver:
        network.leads_to = receiver.port
        with pytest.raises(Unreachable) as failed:
            post("http://hook.example/")
    assert failed.value.code == "connection"
    assert network.connected == [PUBLIC]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_an_answer(status):
    with receiving() as inside:
        location = f"{inside.url}/inside"
        with receiving(b"HTTP/1.1 %d Go\r\nLocation: %s\r\n\r\n" % (status, location.encode())) as receiver:
            answer = post(receiver.url)
    assert (answer.status, answer.headers["location"]) == (status, location)
    assert (receiver.hits, inside.hits) == (1, 0)


def test_name_that_is_not_known(monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    with pytest.raises(Unreachable, match=r"hook\.example") as failed:
        post("http://hook.example/in?key=hidden")
    assert failed.value.code == "not-resolved"


def test_name_without_addresses_is_not_known(network):
    network.answers = [[]]
    with pytest.raises(Unreachable) as failed:
        post("http://hook.example/")
    assert failed.value.code == "not-resolved"


def test_resolver_has_no_more_time_than_the_rest(network, monkeypatch):
    is_over = threading.Event()
    network.answers = [[PUBLIC]]
    network.unreachable = {PUBLIC}

    def slow(*args, **kwargs):
        is_over.wait(3)
        return network.getaddrinfo(*args, **kwargs)

    monkeypatch.setattr("socket.getaddrinfo", slow)
    with pytest.raises(Unreachable) as failed:
        post("http://hook.example/", timeout=0.2)
    assert network.resolved == []  # it has not waited for the resolver
    is_over.set()
    assert failed.value.code == "timeout"


def test_closed_port_is_no_connection():
    with receiving() as receiver:
        pass
    with pytest.raises(Unreachable, match="Connection refused") as failed:
        post(receiver.url)
    assert failed.value.code == "connection"


def test_early_no_to_a_large_body_is_an_answer(monkeypatch):
    def no(connected: socket.socket, _request: bytes) -> None:
        connected.sendall(b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")
        connected.shutdown(socket.SHUT_WR)

    monkeypatch.setattr(Receiver, "_read", lambda _self, connected: connected.recv(10))
    with receiving(no) as receiver:
        assert post(receiver.url, body=b"a" * 32 * KB * KB).status == 413


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-a", "b\r\nHost: inside"),
        ("x-a", "b\n"),
        ("x-a", "b\r"),
        ("x-a", "b\r\n folded"),
        ("x-a", "b\x00"),
        ("x-a", "é"),
        ("x-a\r\nx-b", "c"),
        ("x a", "b"),
        ("x:a", "b"),
        ("", "b"),
        ("Host", "inside"),
        ("hOST", "inside"),
        ("Transfer-Encoding", "chunked"),
        ("content-length", "0"),
    ],
)
def test_header_that_cant_be_sent_is_refused(name, value):
    with receiving() as receiver, pytest.raises(InvalidInput) as refused:
        post(receiver.url, headers={name: value})
    assert value not in str(refused.value.as_dict()) or len(value) < 2
    assert receiver.hits == 0


@pytest.mark.parametrize("method", ["", "GET /x", "GET\r\n", "GET\r\nx: y"])
def test_method_that_is_none_is_refused(method):
    with receiving() as receiver, pytest.raises(ValueError):
        request(method, receiver.url, headers={})
    assert receiver.hits == 0


def test_threads_get_their_own_answers():
    def echo(connected: socket.socket, request: bytes) -> None:
        body = request.partition(b"\r\n\r\n")[2]
        connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    asked = [b"%d" % number * 500 for number in range(64)]
    with receiving(echo) as receiver, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda body: post(receiver.url, body=body).body, asked))
    assert answers == asked
    assert receiver.hits == 64
