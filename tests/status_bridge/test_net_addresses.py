"""Which URLs and addresses vcflow calls, and which it refuses."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from sessions_app.exceptions import InvalidInput
from status_bridge.net import Unreachable, check_url, request
from status_bridge.net_addresses import is_inside
from tests.status_bridge.net_receiver import Network, receiving
from vcflow_site.outgoing import parse_allowed


def words(text):
    return text.split()


INSIDE = words("""
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.1.2.3
    127.255.255.255 168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1
    192.0.0.8 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7
    203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.254 255.255.255.255
    :: ::1 ::2 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:100.64.0.1
    ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b::100.64.0.1
    64:ff9b:1::1 64:ff9b:1:a00:1:: 100::1 2001::1 2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1
    2002:7f00:1:: 2002:a00:1::1 2002:a9fe:a9fe:: 2002:c0a8:101:: 3fff::1 3fff:fff:ffff::1 4000::1 5f00::1 8000::1
    fc00::1 fd00::1 fd00:ec2::254 fdff::1 fe80::1 febf::1 fe80::a9fe:a9fe fec0::1 feff::1 ff02::1 ff0e::1
    ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
""")

PUBLIC = words("""
    1.0.0.1 8.8.8.8 9.255.255.255 11.0.0.0 93.184.216.34 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
    168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0
    192.0.3.0 192.88.98.1 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.101.0 203.0.114.0
    223.255.255.255 2000::1 2001:200::1 2001:4860:4860::8888 2001:db7::1 2001:db9::1 2003::1 2606:4700::1111
    2a00:1450::1 3ffe:ffff::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1
""")

INSIDE_URLS = words("""
    https://127.0.0.1/ https://127.1/ https://127.0.1/ https://2130706433/ https://0x7f000001/ https://0x7F.0.0.1/
    https://0x7f.1/ https://0177.0.0.1/ https://017700000001/ https://0177.1/ https://127.0.0.1./ https://127.1./
    https://0/ https://0x0/ https://0.0.0.0/ https://00.0.0.0/ https://3232235521/ https://0xc0a80001/ https://10.1/
    https://0xa9fea9fe/ https://2852039166/ https://169.254.43518/ https://169.254.169.254/latest/meta-data/
    https://0251.0376.0251.0376/ https://4294967295/ https://１２７.0.0.1/ https://127。0。0。1/ https://①②⑦.0.0.1/
    https://[::1]/ https://[::]/ https://[0:0:0:0:0:0:0:1]/ https://[::ffff:127.0.0.1]/ https://[::FFFF:7F00:1]/
    https://[::ffff:a9fe:a9fe]/ https://[::127.0.0.1]/ https://[64:ff9b::7f00:1]/ https://[2002:7f00:1::]/
    https://[fd00:ec2::254]/ https://[fe80::1]/ https://[ff02::1]/ https://localhost/ https://LOCALHOST/
    https://localhost./ https://a.localhost/ https://a.LocalHost./ https://ｌｏｃａｌｈｏｓｔ/ https://localhost:8000/
    https://127.0.0.1:443/x?y=z http://127.0.0.1/ HTTPS://127.0.0.1
""")

UNUSABLE_URLS = [
    "",
    "x",
    "example.com",
    "//example.com/",
    "https:/example.com/",
    "https:example.com",
    "https://",
    "https:///path",
    "https://:443/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "unix:///run/x.sock",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com:443@127.0.0.1/",
    "https://example.com/#part",
    "https://example.com#@127.0.0.1/",
    "https://example.com/#",
    "https://example.com\\@127.0.0.1/",
    "https://example.com/a\\b",
    "https://example.com\\.127.0.0.1/",
    "https://example.com/\r\nHost: x",
    "https://exam\tple.com/",
    "https://exam\nple.com/",
    " https://example.com/",
    "https://example.com/ ",
    "https://example.com/a b",
    "https://example.com/\x00",
    "https://example.com/\x7f",
    "https://example.com/\u202e",
    "https://example.com/\u3000",
    "https://example.com/\ud800",
    "https://exa\u200bmple.com/",
    "https://exa\u00admple.com/",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:-1/",
    "https://example.com:+1/",
    "https://example.com:x/",
    "https://example.com:/",
    "https://example.com:44３/",
    "https://example.com:1:2/",
    "https://.example.com/",
    "https://example..com/",
    "https://example.com../",
    "https://-example.com/",
    "https://exa%6dple.com/",
    "https://127.0.0.1%2f.example.com/",
    "https://exam*ple.com/",
    "https://exam,ple.com/",
    "https://faß.de/",
    "https://256.1.1.1/",
    "https://1.2.3.4.5/",
    "https://4294967296/",
    "https://0x/x",
    "https://08.8.8.8/",
    "https://example.1/",
    "https://[::1",
    "https://::1/",
    "https://[127.0.0.1]/",
    "https://[example.com]/",
    "https://[v1.x]/",
    "https://[fe80::1%eth0]/",
    "https://[fe80::1%25eth0]/",
    "https://[2606:4700::1%251]/",
    "https://[2606:4700::1111]example.com/",
    "https://example.com[2606:4700::1111]/",
    f"https://{'a' * 64}.com/",
    f"https://{'a.' * 127}com/",
    f"https://example.com/{'a' * 2000}",
    None,
    b"https://example.com/",
    7,
]

CLEAN = {
    "https://example.com": "https://example.com/",
    "HTTPS://Example.COM:443/Hook": "https://example.com/Hook",
    "https://example.com.:8443/": "https://example.com:8443/",
    "https://example.com:1/": "https://example.com:1/",
    "https://example.com:65535/": "https://example.com:65535/",
    "https://example.com?a=1&b[]=2": "https://example.com/?a=1&b%5B%5D=2",
    "https://example.com/a%20b/é?q=ü%26": "https://example.com/a%20b/%C3%A9?q=%C3%BC%26",
    "https://example.com/a@b:c/../d": "https://example.com/a@b:c/../d",
    "https://例子.测试/钩": "https://xn--fsqu00a.xn--0zwm56d/%E9%92%A9",
    "https://xn--fsqu00a.xn--0zwm56d/": "https://xn--fsqu00a.xn--0zwm56d/",
    "https://my_host-1.example.com/": "https://my_host-1.example.com/",
    "https://134744072/": "https://8.8.8.8/",
    "https://[2606:4700:0::1111]:443/": "https://[2606:4700::1111]/",
    "https://1.example.com/": "https://1.example.com/",
}


@pytest.fixture
def network(monkeypatch):
    return Network(monkeypatch)


def ask(url):
    return request("POST", url, headers={}, body=b"{}", timeout=5)


def test_tables_are_large_enough():
    assert len(set(INSIDE)) + len(set(INSIDE_URLS)) >= 60


@pytest.mark.parametrize("address", INSIDE)
def test_inside_address_that_a_name_leads_to_is_not_called(network, address, settings):
    settings.VCFLOW_OUTGOING_ALLOW = ("other.example", "192.168.7.0/24")
    network.answers = [[address]]
    with receiving() as receiver:
        network.leads_to = receiver.port
        with pytest.raises(Unreachable) as refused:
            ask("https://hook.example/secret?key=hidden")
    assert refused.value.code == "address-refused"
    assert (receiver.hits, network.connected) == (0, [])


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_not_inside(address):
    assert not is_inside(ip_address(address))


@pytest.mark.parametrize("url", INSIDE_URLS)
def test_url_that_leads_inside_is_refused_and_not_called(network, url):
    with pytest.raises(InvalidInput) as refused:
        check_url(url)
    assert (refused.value.code, refused.value.details["field"]) == ("unsafe-address", "url")
    network.answers = [["93.184.216.34"]]  # the resolver doesn't help: what is written counts
    with receiving() as receiver:
        network.leads_to = receiver.port
        with pytest.raises(Unreachable) as unreachable:
            ask(url)
    assert unreachable.value.code == "address-refused"
    assert (receiver.hits, network.resolved) == (0, [])


@pytest.mark.parametrize("url", UNUSABLE_URLS)
def test_url_that_cant_be_used_is_refused(url):
    with pytest.raises(InvalidInput) as refused:
        check_url(url)
    assert refused.value.code == "unsafe-address"
    assert refused.value.fix


@pytest.mark.parametrize(("url", "clean"), CLEAN.items())
def test_url_is_cleaned(url, clean):
    assert check_url(url) == clean
    assert check_url(clean) == clean


def test_refusal_names_host_and_port_alone(settings):
    for url in ("https://127.0.0.1:81/in?key=hidden", "http://example.com:82/in?key=hidden"):
        with pytest.raises(InvalidInput) as refused:
            check_url(url)
        assert ":8" in refused.value.message
        assert "in?" not in str(refused.value.as_dict())
        assert "hidden" not in str(refused.value.as_dict())


def test_password_in_a_url_is_refused_and_not_repeated():
    with pytest.raises(InvalidInput, match="user name or a password") as refused:
        check_url("https://mei:hunter2@example.com/")
    assert "hunter2" not in str(refused.value.as_dict())


def test_plain_http_is_for_what_the_operator_allows(settings):
    with pytest.raises(InvalidInput, match="without encryption"):
        check_url("http://example.com/")
    settings.VCFLOW_OUTGOING_ALLOW = ("example.com",)
    assert check_url("http://Example.com/") == "http://example.com/"
    with pytest.raises(InvalidInput, match="without encryption"):
        check_url("http://a.example.com/")


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1", "http://127.1:9/"),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]/"),
        ("10.0.0.0/8", "https://10.1.2.3/"),
        ("::1", "http://[::1]/"),
        ("fd00::/8", "http://[fd12::1]/"),
        ("localhost", "http://localhost:8000/"),
        ("a.localhost", "http://A.localhost./"),
    ],
)
def test_what_the_operator_allows_is_taken(settings, entry, url):
    with pytest.raises(InvalidInput):
        check_url(url)
    settings.VCFLOW_OUTGOING_ALLOW = parse_allowed(entry)
    assert check_url(url).startswith(url[:7])


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1", "http://127.0.0.2/"),
        ("127.0.0.1", "http://localhost/"),
        ("localhost", "http://127.0.0.1/"),
        ("localhost", "http://a.localhost/"),
        ("10.0.0.0/8", "https://[64:ff9b::a00:1]/"),
        ("10.0.0.0/8", "https://[2002:a00:1::]/"),
        ("10.0.0.0/8", "https://11.0.0.1@10.0.0.1/"),
    ],
)
def test_what_the_operator_allows_is_no_more_than_that(settings, entry, url):
    settings.VCFLOW_OUTGOING_ALLOW = parse_allowed(entry)
    with pytest.raises(InvalidInput):
        check_url(url)


def test_allowed_entries_are_read_in_their_usual_form():
    given = " 127.0.0.1, 10.0.0.0/8,[::1] ,fd00::/8,, Hooks.Example.com. ,例子.测试"
    expected = ("127.0.0.1/32", "10.0.0.0/8", "::1/128", "fd00::/8", "hooks.example.com", "xn--fsqu00a.xn--0zwm56d")
    assert parse_allowed(given) == expected
    assert parse_allowed(",".join(expected)) == expected
    assert parse_allowed(" ") == ()


@pytest.mark.parametrize(
    "value",
    [
        "http://example.com",
        "example.com:80",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "*.example.com",
        "a b",
        "fe80::1%eth0",
        "1.2.3.256",
    ],
)
def test_allowed_entry_that_is_neither_is_refused_with_the_mend(value):
    with pytest.raises(ValueError, match="separated by commas"):
        parse_allowed(f"127.0.0.1,{value}")
