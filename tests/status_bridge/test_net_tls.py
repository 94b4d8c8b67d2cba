"""Certificates: checked against the host of the URL, by whom the machine trusts."""

from __future__ import annotations

import ssl
import warnings

import pytest
import trustme

from status_bridge.net import Unreachable, request
from tests.status_bridge.net_receiver import PUBLIC, Network, drips, receiving

AUTHORITY = trustme.CA()
STRANGER = trustme.CA()


@pytest.fixture
def network(monkeypatch, tmp_path):
    """Everybody's addresses are public, and the machine trusts one authority."""
    AUTHORITY.cert_pem.write_to_path(tmp_path / "trusted.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    found = Network(monkeypatch)
    found.answers = [[PUBLIC]]
    return found


def serving(name, authority=AUTHORITY):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    context.sni_callback = lambda secure, asked, _context: NAMES.append(asked)
    return context


NAMES: list[str | None] = []


def ask(url="https://hook.example/in?key=hidden", **more):
    return request("POST", url, headers={}, body=b"{}", **{"timeout": 10, **more})


def test_certificate_of_the_host_is_taken(network):
    NAMES.clear()
    with receiving(context=serving("hook.example")) as receiver:
        network.leads_to = receiver.port
        answer = ask()
    assert (answer.status, answer.body) == (200, b"ok")
    assert NAMES == ["hook.example"]
    assert b"\r\nHost: hook.example\r\n" in receiver.requests[0]
    assert (network.resolved, network.connected) == (["hook.example"], [PUBLIC])


def test_certificate_of_an_address_is_taken(network):
    with receiving(context=serving(PUBLIC)) as receiver:
        network.leads_to = receiver.port
        assert ask(f"https://{PUBLIC}/").status == 200


@pytest.mark.parametrize(
    "context",
    [serving("other.example"), serving("a.hook.example"), serving(PUBLIC), serving("hook.example", STRANGER)],
    ids=["other name", "name below", "address", "stranger"],
)
def test_certificate_that_is_not_the_hosts_is_refused(network, context):
    with receiving(context=context) as receiver:
        network.leads_to = receiver.port
        with pytest.raises(Unreachable) as failed:
            ask()
    assert failed.value.code == "tls"
    assert "hook.example:443" in failed.value.reason
    assert "hidden" not in failed.value.reason
    assert receiver.requests == []  # nothing was told to it


def test_certificate_is_checked_of_what_the_operator_allows_too(network, settings):
    settings.VCFLOW_OUTGOING_ALLOW = ("hook.example", PUBLIC)
    with receiving(context=serving("other.example")) as receiver:
        network.leads_to = receiver.port
        with pytest.raises(Unreachable) as failed:
            ask()
    assert failed.value.code == "tls"


def test_old_tls_is_refused(network):
    context = serving("hook.example")
    with warnings.catch_warnings(action="ignore"):  # that it is old is the point
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with receiving(context=context) as receiver:
        network.leads_to = receiver.port
        with pytest.raises(Unreachable) as failed:
            ask()
    assert failed.value.code == "tls"


def test_receiver_that_speaks_no_tls(network):
    with receiving() as receiver:
        network.leads_to = receiver.port
        with pytest.raises(Unreachable) as failed:
            ask()
    assert failed.value.code == "tls"


@pytest.mark.parametrize(
    "behave",
    [
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Slow: ", b"a" * 58 + b"\r\n\r\nok"),
        drips(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 60),
    ],
)
def test_slow_answer_ends_with_the_time(network, behave):
    with receiving(behave, serving("hook.example")) as receiver:
        network.leads_to = receiver.port
        with pytest.raises(Unreachable) as failed:
            ask(timeout=0.4)
    assert failed.value.code == "timeout"


def test_handshake_has_no_more_time_than_the_rest(network):
    NAMES.clear()
    with receiving(context=serving("hook.example"), late=1.5) as receiver:
        network.leads_to = receiver.port
        with pytest.raises(Unreachable, match=r"hook\.example:443") as failed:
            ask(timeout=0.2)
        assert NAMES == []  # nobody has waited for its greeting
    assert failed.value.code == "timeout"
