"""The site where others reach it: what the settings make of ``VCFLOW_HTTPS``, and when it doesn't start."""

import subprocess
import sys

import pytest

from tests.site.server import PATIENCE, gunicorn, serving
from vcflow_site import checks, conf
from vcflow_site.cli_init import site_address
from vcflow_site.data_folder import ConfigError

PRODUCTION = {"VCFLOW_ALLOWED_HOSTS": "flow.example.org,.team.example.org", "VCFLOW_HTTPS": "proxy"}


def ask(server, path, *headers):
    lines = [f"GET {path} HTTP/1.1", "Host: flow.example.org", "Connection: close", *headers, "", ""]
    return server.ask("\r\n".join(lines).encode()).decode()


def manage(environ, *words):
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        env=environ,
        cwd=conf.CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("https", ["1", "proxy"])
def test_deployment_check_is_clean(command_environ, https):
    done = manage(
        {**command_environ, **PRODUCTION, "VCFLOW_HTTPS": https}, "check", "--deploy", "--fail-level", "WARNING"
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


def test_deployment_check_tells_of_missing_https(command_environ):
    done = manage(command_environ, "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 1
    assert "security.W008" in done.stderr


def test_people_are_led_to_https_and_kept_there(command_environ):
    with serving({**command_environ, **PRODUCTION}) as server:
        plain = ask(server, "/admin/login/")
        assert plain.startswith("HTTP/1.1 301")
        assert "Location: https://flow.example.org/admin/login/" in plain
        assert ask(server, "/healthz").startswith("HTTP/1.1 200")
        secure = ask(server, "/nowhere/", "X-Forwarded-Proto: https")
        assert secure.startswith("HTTP/1.1 404")
        assert "Strict-Transport-Security: max-age=31536000; includeSubDomains; preload" in secure


REFUSALS = [
    ({"VCFLOW_ALLOWED_HOSTS": "flow.example.org"}, "VCFLOW_HTTPS"),
    ({"VCFLOW_ALLOWED_HOSTS": "flow.example.org", "VCFLOW_HTTPS": "1", "VCFLOW_DEBUG": "1"}, "VCFLOW_DEBUG"),
    ({"VCFLOW_ALLOWED_HOSTS": "*", "VCFLOW_HTTPS": "0", "VCFLOW_SECRET_KEY": "k" * 60}, "security.W009"),
    ({"VCFLOW_HTTPS": "maybe"}, "VCFLOW_HTTPS"),
]


@pytest.mark.parametrize(("environ", "named"), REFUSALS, ids=lambda value: str(value)[:60])
def test_careless_server_does_not_start(command_environ, environ, named):
    done = subprocess.run(
        gunicorn(), env={**command_environ, **environ}, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 3
    assert named in done.stderr
    assert "[invalid-setting]" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("environ", [{}, {"VCFLOW_ALLOWED_HOSTS": "flow.example.org", "VCFLOW_HTTPS": "0"}, PRODUCTION])
def test_careful_server_starts(command_environ, environ):
    with serving({**command_environ, **environ}) as server:
        host = environ.get("VCFLOW_ALLOWED_HOSTS", "localhost").partition(",")[0]
        assert server.ask(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).startswith(b"HTTP/1.1 200")


def test_command_line_works_whatever_the_hosts(command_environ):
    done = subprocess.run(
        ["vc", "flow", "list"],
        env={**command_environ, "VCFLOW_ALLOWED_HOSTS": "*"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("VCFLOW_HTTPS")) == (0, 0)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "flow.localhost", ".localhost", "127.0.0.1", "127.1.2.3", "[::1]"]
)
def test_host_is_this_machine(host):
    assert checks.is_loopback(host)


@pytest.mark.parametrize(
    "host", ["*", "flow.example.org", "localhost.example.org", "0.0.0.0", "10.0.0.1", "[::]", ".", "notlocalhost"]
)
def test_host_may_be_another_machine(host):
    assert not checks.is_loopback(host)


@pytest.mark.parametrize(("accepted", "found"), [("0", 0), ("1", 4)])
def test_whoever_does_without_https_is_not_told_again(settings, accepted, found):
    settings.VCFLOW_HTTPS = accepted
    settings.SECRET_KEY = "".join(map(chr, range(40, 110)))
    assert len(checks.deployment_faults()) == found


def test_debugging_is_refused_before_all_else(settings):
    settings.DEBUG, settings.ALLOWED_HOSTS = True, ["flow.example.org"]
    with pytest.raises(ConfigError) as caught:
        checks.refuse_unsafe_start()
    assert caught.value.fix == "Unset VCFLOW_DEBUG."


def test_origins_of_other_sites_are_those_of_the_hosts(tmp_path):
    environ = {
        "VCFLOW_HOME": str(tmp_path),
        "VCFLOW_SECRET_KEY": "k" * 60,
        "VCFLOW_ALLOWED_HOSTS": "a.example,.b.example,*",
    }
    assert conf.load(environ).trusted_origins == []
    assert conf.load({**environ, "VCFLOW_HTTPS": "Proxy"}).trusted_origins == [
        "https://a.example",
        "https://*.b.example",
    ]


@pytest.mark.parametrize(
    ("hosts", "https", "address"),
    [
        (conf.LOOPBACK_HOSTS, False, "http://127.0.0.1:9000"),
        (["*"], False, "http://127.0.0.1:9000"),
        (["flow.example.org", "127.0.0.1"], False, "http://127.0.0.1:9000"),
        (["flow.example.org"], False, "http://flow.example.org:9000"),
        (["flow.example.org", "127.0.0.1"], True, "https://flow.example.org"),
        ([".example.org"], True, "https://example.org"),
    ],
)
def test_link_to_sign_in_leads_where_the_site_answers(settings, hosts, https, address):
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = hosts, https
    assert site_address(9000) == address
