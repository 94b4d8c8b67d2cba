"""The site under ASGI: uvicorn in a process of its own."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from vcflow_site.conf import CHECKOUT

PATIENCE = 30
"""Seconds, after which a server that says nothing counts as hanging."""

_RUNNING = re.compile(r"running on http://127\.0\.0\.1:(\d+)")
_SIGN_IN = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
user = get_user_model().objects.get(username="admin")
kept = import_module(settings.SESSION_ENGINE).SessionStore()
kept.update({SESSION_KEY: str(user.pk), HASH_SESSION_KEY: user.get_session_auth_hash(),
             BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0]})
kept.save()
print(kept.session_key)
"""


def uvicorn() -> list[str]:
    """The command that serves the site on a free port."""
    program = str(Path(sys.executable).with_name("uvicorn"))
    return [
        program,
        "--port",
        "0",
        "--lifespan",
        "off",
        "--timeout-graceful-shutdown",
        "1",
        "vcflow_site.asgi:application",
    ]


@contextmanager
def serving(environ: Mapping[str, str]) -> Iterator[int]:
    """The port of a server for as long as the block lasts."""
    with subprocess.Popen(uvicorn(), env=dict(environ), stderr=subprocess.PIPE, text=True) as process:
        try:
            yield _port(process)
        finally:
            process.terminate()


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stderr
    said = []
    for line in process.stderr:
        said.append(line)
        if found := _RUNNING.search(line):
            return int(found.group(1))
    raise AssertionError("".join(said))


def signed_in(environ: Mapping[str, str]) -> dict[str, str]:
    """The headers of a browser in which the administrator is signed in."""
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", _SIGN_IN]
    said = subprocess.run(command, env=dict(environ), cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    return {"Cookie": f"vcflow_session={said.split()[-1]}"}


@contextmanager
def asked(port: int, path: str, headers: Mapping[str, str]) -> Iterator[http.client.HTTPResponse]:
    """The answer to a GET, to be read as it comes in."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers=dict(headers))
        yield connection.getresponse()
    finally:
        connection.close()
