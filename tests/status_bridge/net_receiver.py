"""Receivers on loopback that answer as a test tells them, and a network that leads to them from any address."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from select import select

import pytest

Behaviour = Callable[[socket.socket, bytes], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PUBLIC = "93.184.216.34"


def says(*parts: bytes, pause: float = 0) -> Behaviour:
    """Sends the parts, with a pause before each further one, and hangs up."""

    def behave(connected: socket.socket, _request: bytes) -> None:
        for number, part in enumerate(parts):
            # Who has asked says no more: something to read means that they went away.
            if number and pause and select([connected], [], [], pause)[0]:
                return
            connected.sendall(part)

    return behave


def drips(head: bytes, rest: bytes) -> Behaviour:
    """The head at once, the rest byte by byte: three seconds for sixty of them."""
    return says(head, *[rest[place : place + 1] for place in range(len(rest))], pause=0.05)


class Receiver:
    """A server that counts who comes and keeps what they say."""

    def __init__(self, behave: Behaviour, context: ssl.SSLContext | None = None, late: float = 0) -> None:
        self.hits = 0
        self.requests: list[bytes] = []
        self._behave = behave
        self._context = context
        self._late = late
        self.has_begun = False
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listening.settimeout(0.01)
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._serve)]
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._threads[0].start()

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def _serve(self) -> None:
        while not self._is_over.is_set():
            with suppress(TimeoutError):
                connected, _peer = self._listening.accept()
                self.hits += 1
                thread = threading.Thread(target=self._answer, args=(connected,))
                self._threads.append(thread)
                thread.start()

    def _answer(self, connected: socket.socket) -> None:
        with connected, suppress(OSError):  # who asks may go away at any time
            self._is_over.wait(self._late)
            self.has_begun = True
            connected.settimeout(5)
            if self._context is None:
                self._behave(connected, self._read(connected))
                return
            with self._context.wrap_socket(connected, server_side=True) as secure:
                self._behave(secure, self._read(secure))

    def _read(self, connected: socket.socket) -> bytes:
        """The headers and as much of a body as they announce."""
        request = b""
        while b"\r\n\r\n" not in request:
            part = connected.recv(65536)
            request += part
            if not part or request.startswith(b"\x16"):  # a greeting of TLS, which is answered in plain
                return request
        head, _blank, body = request.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        while len(body) < int(lengths[0] if lengths else 0):
            part = connected.recv(1 << 20)
            if not part:  # they went away
                break
            body += part
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]


@contextmanager
def receiving(
    behave: Behaviour | bytes = OK, context: ssl.SSLContext | None = None, *, late: float = 0
) -> Iterator[Receiver]:
    """A receiver for the length of a block; it does nothing for the first ``late`` seconds of a connection."""
    receiver = Receiver(says(behave) if isinstance(behave, bytes) else behave, context, late)
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()


class Network:
    """Names lead where a test says; whoever connects to any address comes to one receiver."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[list[str]] = []
        """What the resolver says, one answer after the other; the last for good."""
        self.resolved: list[str] = []
        self.connected: list[str] = []
        self.leads_to = 0
        self.unreachable: set[str] = set()
        self.silent: set[str] = set()
        monkeypatch.setattr("socket.getaddrinfo", self.getaddrinfo)
        monkeypatch.setattr("socket.socket.connect", lambda connecting, address: self.connect(connecting, address))

    def getaddrinfo(self, host: str, port: int, *_args: object, **_kwargs: object) -> list[tuple[object, ...]]:
        self.resolved.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        families = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            (families[ip_address(address).version], socket.SOCK_STREAM, 6, "", (address, port)) for address in found
        ]

    def connect(self, connecting: socket.socket, address: tuple[str, int]) -> None:
        self.connected.append(address[0])
        if address[0] in self.unreachable:
            raise ConnectionRefusedError(111, "Connection refused")
        if address[0] in self.silent:
            time.sleep(connecting.gettimeout() or 0)
            raise TimeoutError
        _connect(connecting, ("127.0.0.1", self.leads_to))


_connect = socket.socket.connect
