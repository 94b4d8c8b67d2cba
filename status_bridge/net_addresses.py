"""Which outside addresses vcflow may talk to: what a URL names, what lies inside, what the operator allows.

Nothing here resolves a name; :mod:`status_bridge.net` does, and asks :func:`may_call` for each address that comes out.
"""

from __future__ import annotations

import re
import socket
import unicodedata
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.masking import shown

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

URL_LENGTH = 2000
PORTS = {"http": 80, "https": 443}
LAST_PORT = 65535

_INSIDE_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network; on Linux, this machine
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by a provider's customers; clouds keep metadata there
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's own services, at a public-looking address
        "169.254.0.0/16",  # link-local, with the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_OUTSIDE_6 = IPv6Network("2000::/3")
"""All that is public in IPv6: loopback, fc00::/7, fe80::/10, multicast, 100::/64 and the rest lie beside it."""
_INSIDE_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocols, among them Teredo, which carries an IPv4 address
        "2001:db8::/32",
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*")
_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)", re.DOTALL)
"""What ends in a number is an address to every resolver, however short or odd it is."""
_AUTHORITY = re.compile(r"(\[.*\]|[^:]*)(?::(.*))?", re.DOTALL)
_PORT = re.compile("[1-9][0-9]{0,4}")
_READ_DIFFERENTLY = frozenset("ßẞς")
"""In these letters the two standards of host names differ, so that they lead to two hosts."""


class Target(NamedTuple):
    """What a clean URL names."""

    scheme: str
    host: str
    """A name or an address, lower-case ASCII, without brackets."""
    port: int
    path: str
    """With the query; never shown, for both hold secrets."""

    @property
    def authority(self) -> str:
        """What stands in the URL and in ``Host``: the port only if it isn't the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def place(self) -> str:
        """Host and port, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


class Allowed(NamedTuple):
    """What the operator allows beside public addresses."""

    names: frozenset[str]
    networks: tuple[Network, ...]


def read_allowed(entry: str) -> str | Network:
    """A host name or a network (an address is one of its own); raises ``ValueError`` when it is neither."""
    if "/" in entry:
        return ip_network(entry)
    host = read_host(entry.removeprefix("[").removesuffix("]"))
    address = _address(host)
    return host if address is None else ip_network(address)


def read_host(text: str) -> str:
    """A host as it is resolved: a lower-case ASCII name, or an address in its usual form; else ``ValueError``.

    Addresses are understood as resolvers do: ``127.1``, ``0x7f000001``, ``0177.0.0.1`` and ``2130706433`` are one.
    """
    if ":" in text:
        return _read_ipv6(text)
    if _READ_DIFFERENTLY & set(text) or len(text) > URL_LENGTH:
        raise ValueError(text)
    name = text.lower() if text.isascii() else text.encode("idna").decode("ascii").lower()
    name = name.removesuffix(".")
    if not _NAME.fullmatch(name):
        raise ValueError(text)
    return _read_ipv4(name) if _NUMBER.fullmatch(name) else name


def _read_ipv4(text: str) -> str:
    try:
        return socket.inet_ntoa(socket.inet_aton(text))
    except OSError as error:
        raise ValueError(text) from error


def _read_ipv6(text: str) -> str:
    if "%" in text:  # a zone: which of this machine's networks
        raise ValueError(text)
    return str(IPv6Address(text))


def _address(host: str) -> Address | None:
    """The address that a host from :func:`read_host` is, unless it is a name."""
    return ip_address(host) if ":" in host or _NUMBER.fullmatch(host) else None


@lru_cache(maxsize=8)
def _read_all(entries: tuple[str, ...]) -> Allowed:
    read = [read_allowed(entry) for entry in entries]
    return Allowed(
        frozenset(entry for entry in read if isinstance(entry, str)),
        tuple(entry for entry in read if not isinstance(entry, str)),
    )


def allowed() -> Allowed:
    """The setting ``VCFLOW_OUTGOING_ALLOW``."""
    return _read_all(tuple(getattr(settings, "VCFLOW_OUTGOING_ALLOW", ())))


def is_inside(address: Address) -> bool:
    """Whether an address is anything but a public one; one that carries an IPv4 address is what that one is."""
    if isinstance(address, IPv4Address):
        return any(address in network for network in _INSIDE_4)
    carried = _carried(address)
    if carried is not None:
        return is_inside(carried)
    return address not in _OUTSIDE_6 or any(address in network for network in _INSIDE_6)


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def may_call(host: str, address: Address) -> bool:
    """Whether ``host`` may be called at ``address``, one of those that it resolves to."""
    if isinstance(address, IPv6Address) and address.scope_id:
        return False
    return host in allowed().names or _is_allowed(address) or not is_inside(address)


def _is_allowed(address: Address) -> bool:
    # What the system takes for the same address; the other carriers lead somewhere else, by way of a relay.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return any(form in network for form in (address, mapped) if form for network in allowed().networks)


def read_url(url: object) -> Target:
    """The parts of a URL that may be called, as far as that can be told without resolving; else ``InvalidInput``."""
    parts = _split(_written(url))
    authority = _AUTHORITY.fullmatch(parts.netloc)
    assert authority, "it takes any text"
    target = Target(parts.scheme, _host(authority[1]), _port(authority[2], PORTS[parts.scheme]), _path(parts))
    _refuse_inside(target)
    return target


def _unsafe(message: str, fix: str) -> InvalidInput:
    return InvalidInput(message, fix=fix, code="unsafe-address", field="url")


def _written(url: object) -> str:
    if not isinstance(url, str) or not 1 <= len(url) <= URL_LENGTH:
        raise _unsafe(
            _("The URL is not a text of 1 to {limit} characters.").format(limit=URL_LENGTH),
            fix=_("Give one such as https://example.com/hook."),
        )
    if "\\" in url or any(unicodedata.category(character)[0] in "CZ" for character in url):
        raise _unsafe(
            _("The URL has a space, a backslash or an invisible character."),
            fix=_("Remove it, or write it percent-encoded."),
        )
    return url


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in PORTS or not parts.netloc:
        raise _unsafe(
            _("The URL is not a whole one of https or http."), fix=_("Give one such as https://example.com/hook.")
        )
    if "@" in parts.netloc:
        raise _unsafe(
            _("The URL holds a user name or a password."),
            fix=_("Remove what stands before the @: messages are signed instead."),
        )
    if "#" in url:
        raise _unsafe(_("The URL has a fragment."), fix=_("Remove the # and what follows it."))
    return parts


def _host(host: str) -> str:
    try:
        # Brackets are there for the colons, and for nothing else.
        return _read_ipv6(host[1:-1]) if host.startswith("[") else read_host(host)
    except ValueError as error:
        raise _unsafe(
            _("The URL's host {host} is neither a host name nor an address.").format(host=shown(host)),
            fix=_("Give one such as https://example.com/hook."),
        ) from error


def _port(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not _PORT.fullmatch(text) or int(text) > LAST_PORT:
        raise _unsafe(
            _("The URL's port is not a number from 1 to {last}.").format(last=LAST_PORT),
            fix=_("Correct it, or leave it out with its colon."),
        )
    return int(text)


def _path(parts: SplitResult) -> str:
    """As it is sent; what is encoded already stays as it is."""
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    return f"{path}?{quote(parts.query, safe='/?%:@!$&()*+,;=~')}" if parts.query else path


def _refuse_inside(target: Target) -> None:
    address = _address(target.host)
    is_named = target.host in allowed().names or (address is not None and _is_allowed(address))
    if is_named:
        return
    if target.host.endswith(".localhost") or target.host == "localhost" or (address is not None and is_inside(address)):
        raise _unsafe(
            _("The URL leads inside, to {place}, which vcflow doesn't call.").format(place=target.place),
            fix=_("Give a public address, or have the operator allow this one by VCFLOW_OUTGOING_ALLOW."),
        )
    if target.scheme == "http":
        raise _unsafe(
            _("The URL would be called without encryption at {place}.").format(place=target.place),
            fix=_("Begin it with https://, or have the operator allow the host by VCFLOW_OUTGOING_ALLOW."),
        )
