"""The site as it is deployed, in a process of its own, on a database that the tests can open too."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from tests.databases import default_connection_to
from tests.e2e.story import Story
from vcflow_site import provision

ZONE = "Europe/Berlin"
"""Where server and reader are."""

PATIENCE = 30
"""Seconds, after which a server that doesn't listen counts as hanging."""

BIN = Path(sys.executable).parent
WSGI = ("gunicorn", "vcflow_site.wsgi", "--bind", "127.0.0.1:0", "--threads", "4", "--no-control-socket")
ASGI = (
    "uvicorn",
    "vcflow_site.asgi:application",
    "--port",
    "0",
    "--lifespan",
    "off",
    "--timeout-graceful-shutdown",
    "1",
)

_LISTENING = re.compile(r"(?:Listening at|running on):? http://127\.0\.0\.1:(\d+)")


class Site(NamedTuple):
    """A running site; what its world holds is in ``story``."""

    url: str
    database: str
    story: Story
    unblock: Callable[[], Any]

    @contextmanager
    def data(self) -> Iterator[None]:
        """Django works on the site's database, here."""
        with self.unblock(), default_connection_to(self.database):
            yield

    def cookie(self, username: str) -> dict[str, str]:
        """By which the site knows a browser as that user's."""
        client = Client()
        with self.data():
            client.force_login(get_user_model().objects.get(username=username))
        name = settings.SESSION_COOKIE_NAME
        return {"name": name, "value": client.cookies[name].value, "url": self.url}


def made_database(folder: Path, unblock: Callable[[], Any]) -> Path:
    """A SQLite file as ``vc init`` leaves it."""
    file = folder / "db.sqlite3"
    with unblock(), default_connection_to(f"sqlite:///{file}"):
        provision.complete(lambda _text: None)
        provision.first_admin()
    return file


@contextmanager
def site(
    made: Path, folder: Path, unblock: Callable[[], Any], tell: Callable[[], Story], server: Sequence[str] = WSGI
) -> Iterator[Site]:
    """Serve a copy of the database ``made``, once ``tell`` has filled it."""
    database = f"sqlite:///{shutil.copy(made, folder / 'db.sqlite3')}"
    with unblock(), default_connection_to(database):
        story = tell()
    with _serving(server, _environ(database), folder / "server.log") as port:
        yield Site(f"http://127.0.0.1:{port}", database, story, unblock)


@contextmanager
def _serving(command: Sequence[str], environ: dict[str, str], log: Path) -> Iterator[int]:
    """The port of a server that is there for as long as the block lasts."""
    program, *options = command
    with log.open("w") as said, subprocess.Popen([BIN / program, *options], env=environ, stderr=said) as process:
        try:
            yield _port(log)
        finally:
            process.terminate()


def _port(log: Path) -> int:
    until = time.monotonic() + PATIENCE
    while not (found := _LISTENING.search(log.read_text())):
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
    return int(found.group(1))


def _environ(database: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VCFLOW_", "DJANGO_"))}
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    home = {"VCFLOW_HOME": str(settings.VCFLOW_HOME), "VCFLOW_DATABASE_URL": database}
    # Links are signed with the key of the tests' own process.
    return {**kept, **home, "PATH": path, "VCFLOW_SECRET_KEY": settings.SECRET_KEY, "VCFLOW_TIME_ZONE": ZONE}
