"""The only way in which vcflow talks to outside addresses: one request, to a checked address, within its time.

A name is resolved once, every address that comes out is checked, and the checked one is connected to.  Redirects
are not followed; proxies, cookies and passwords of the environment are not used.  ``docs/outgoing.md`` says it for
people.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from http.client import BadStatusLine, HTTPConnection, HTTPException, HTTPResponse, IncompleteRead, LineTooLong
from ipaddress import ip_address

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from status_bridge.net_addresses import Address, Target, may_call, read_url
from status_bridge.net_wire import Clock, Overflow, Wire

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_OURS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "upgrade", "te", "trailer"}
)
"""The headers that say how a request is sent; who asks for one doesn't set them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said."""

    status: int
    headers: Mapping[str, str]
    """By lower-case names; several of one name are joined by commas."""
    body: bytes
    duration: float
    """Seconds, from resolving the name to the last byte."""


class Unreachable(Exception):
    """There is no answer.

    ``code`` is one of ``address-refused``, ``not-resolved``, ``timeout``, ``connection``, ``tls``, ``too-large`` and
    ``bad-answer``, ``reason`` a sentence for people that names host and port alone.
    """

    def __init__(self, reason: str, *, code: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


def check_url(url: object) -> str:
    """The URL in the form in which it is called; raises ``InvalidInput`` (``unsafe-address``) if it never will be.

    Names are not resolved here: where they lead is checked when they are called.
    """
    return read_url(url).url


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    timeout: float = 10.0,
    max_bytes: int = 64 * 1024,
) -> Answer:
    """What the receiver answers, whatever its status; raises :class:`Unreachable` when there is no whole answer.

    ``timeout`` is in seconds, for everything together; ``max_bytes`` is the largest body that is taken.
    Raises ``InvalidInput`` for headers that can't be sent.
    """
    checked = _check_headers(method, headers)
    target = _still_allowed(url)
    clock = Clock(timeout)
    with _told(target, timeout), _connected(target, _resolved(target, clock), clock) as connected:
        wire = Wire(connected, clock)
        _send(wire, target, method, checked, body)
        return _receive(wire, method, max_bytes, clock)


def _check_headers(method: str, headers: Mapping[str, str]) -> dict[str, str]:
    if not _TOKEN.fullmatch(method):
        raise ValueError(method)
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or name.lower() in _OURS or not _HEADER_VALUE.fullmatch(value):
            raise InvalidInput(
                _("The header {name} can't be sent.").format(name=ascii(name)),
                fix=_("Use printable ASCII on one line, and no header that says how a message is sent."),
            )
    return {"User-Agent": "vcflow", **headers}


def _still_allowed(url: str) -> Target:
    """What the operator allows may have changed since the URL was taken."""
    try:
        return read_url(url)
    except InvalidInput as error:
        raise Unreachable(error.message, code="address-refused") from error


@contextmanager
def _told(target: Target, timeout: float) -> Iterator[None]:
    """What went wrong, as :class:`Unreachable`."""
    place = target.place
    try:
        yield
    except TimeoutError as error:
        reason = _("{place} did not answer within {seconds:g} seconds.").format(place=place, seconds=timeout)
        raise Unreachable(reason, code="timeout") from error
    except ssl.SSLError as error:
        detail = getattr(error, "verify_message", "") or error.reason or type(error).__name__
        reason = _("No safe connection to {place}: {detail}.").format(place=place, detail=detail.rstrip("."))
        raise Unreachable(reason, code="tls") from error
    except OSError as error:
        detail = error.strerror or _("it hung up")
        reason = _("No connection to {place}: {detail}.").format(place=place, detail=detail)
        raise Unreachable(reason, code="connection") from error
    except (Overflow, HTTPException, ValueError) as error:
        # The bare class is what http.client raises for more than a hundred headers.
        if type(error) in (Overflow, LineTooLong, HTTPException):
            raise Unreachable(_("{place} answers more than is taken.").format(place=place), code="too-large") from error
        reason = _("What {place} answers is no whole HTTP.").format(place=place)
        raise Unreachable(reason, code="bad-answer") from error


def _resolved(target: Target, clock: Clock) -> list[Address]:
    """Every address of the host, in the order to try them; refused as a whole if one of them may not be called."""
    found = list(dict.fromkeys(_looked_up(target, clock)))
    for address in found:
        if not may_call(target.host, address):
            reason = _("{place} leads inside, to {address}, which vcflow doesn't call.").format(
                place=target.place, address=address
            )
            raise Unreachable(reason, code="address-refused")
    return found


def _looked_up(target: Target, clock: Clock) -> list[Address]:
    """The only resolution of an exchange; in a thread, for the system's waits as long as it likes."""
    outcome: list[list[Address] | OSError | ValueError] = []

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            outcome.append([ip_address(answer[4][0]) for answer in answers])
        except (OSError, ValueError) as error:
            outcome.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(clock.left())
    if not outcome:
        raise TimeoutError
    found = outcome[0]
    if isinstance(found, Exception) or not found:
        cause = found if isinstance(found, Exception) else None
        raise Unreachable(_("No address is known for {host}.").format(host=target.host), code="not-resolved") from cause
    return found


@contextmanager
def _connected(target: Target, addresses: Sequence[Address], clock: Clock) -> Iterator[socket.socket]:
    with _connect(addresses, target.port, clock) as plain:
        if target.scheme == "http":
            yield plain
            return
        with _trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")).wrap_socket(
            plain, server_hostname=target.host, do_handshake_on_connect=False
        ) as secure:
            secure.settimeout(clock.left())
            secure.do_handshake()
            yield secure


def _connect(addresses: Sequence[Address], port: int, clock: Clock) -> socket.socket:
    """A connection to the first address that takes one; each has its share of the time that is left."""
    for number, address in enumerate(addresses, start=1):
        connecting = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
        try:
            connecting.settimeout(clock.left() / (len(addresses) - number + 1))
            connecting.connect((str(address), port))
            connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            connecting.close()
            if number == len(addresses):
                raise
        else:
            return connecting
    raise AssertionError(addresses)


@lru_cache(maxsize=4)
def _trust(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Whom to trust, which takes 20 ms to read; ``ssl`` itself looks at the two variables."""
    return ssl.create_default_context()


def _send(wire: Wire, target: Target, method: str, headers: Mapping[str, str], body: bytes) -> None:
    connection = HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # it has what it is given, and never opens another
    connection.sock = wire
    whole = {**headers, "Host": target.authority, "Connection": "close"}
    with suppress(BrokenPipeError, ConnectionResetError):  # it has said no before it had read all, which can be read
        connection.request(method, target.path, body=body or None, headers=whole)


def _receive(wire: Wire, method: str, max_bytes: int, clock: Clock) -> Answer:
    response = HTTPResponse(wire, method=method)  # type: ignore[arg-type]  # it makes a file of it, no more
    response.begin()
    if wire.has_ended or response.status < 200:  # http.client takes headers that were cut off for whole ones
        raise BadStatusLine(str(response.status))
    wire.allow_body(max_bytes)
    body = response.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise Overflow
    if response.length:  # what was announced and didn't come
        raise IncompleteRead(body, response.length)
    return Answer(response.status, _joined(response), body, clock.elapsed())


def _joined(response: HTTPResponse) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in response.headers.items():
        key, line = name.lower(), " ".join(value.split())
        joined[key] = f"{joined[key]}, {line}" if key in joined else line
    return joined
