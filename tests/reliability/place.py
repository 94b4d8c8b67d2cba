"""A vcflow of its own to be tried from outside: by its commands, by HTTP, on a database of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.site.server import PATIENCE, Server, serving

ENGINES = ("sqlite", "postgresql")
SERVER = os.environ.get("VCFLOW_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")

WORKFLOW = """\
vcflow: 1
id: trial
name: Trial
parallel: true
stages:
  - id: build
    name: Build
    checklist: [one, two, three, four]
  - id: test
    name: Test
  - id: ship
    name: Ship
"""


@dataclass(frozen=True)
class Result:
    """What a run found; ``figures`` are told, ``failures`` must not be."""

    figures: dict[str, Any]
    failures: list[str]


@dataclass(frozen=True)
class Answer:
    """What came back by HTTP."""

    status: int
    data: Any


class Place:
    """A data folder and a database; every program that is started here uses them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)
        self.folder = Path(environ["VCFLOW_HOME"])

    def start(self, *words: str) -> subprocess.Popen[str]:
        """``vc`` with these words, in a process group of its own."""
        return subprocess.Popen(
            [vc(), *words],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, fails: bool = False) -> Any:
        """The ``data`` of a command with ``--json``; with ``fails`` whatever its exit code."""
        command = self.start(*words, "--json")
        said, complaint = command.communicate(timeout=600)
        if command.returncode and not fails:
            raise RuntimeError(f"{words} ended with {command.returncode}: {complaint}")
        return json.loads(said)["data"] if said else None

    def publish(self) -> None:
        """Make the workflow that experiments play."""
        file = self.folder / "trial.yaml"
        file.write_text(WORKFLOW)
        self.run("flow", "import", str(file))

    def faults(self) -> list[str]:
        """What the doctor finds; nothing when log, chain, replay and all that is derived agree."""
        found = self.run("flow", "doctor", fails=True)
        return [f"doctor: {finding['code']}: {finding['message']}" for finding in found["findings"]]

    @contextmanager
    def serving(self, workers: int = 1) -> Iterator[Server]:
        """The site on a free port."""
        with serving(self.environ, "--workers", str(workers), "--threads", "8", "--log-level", "info") as server:
            yield server

    def token(self) -> str:
        """A token of the first administrator that may do everything."""
        self.run("init")
        scopes = ("read", "work", "decide", "define", "export", "webhook", "admin")
        words = [word for scope in scopes for word in ("--scope", scope)]
        return str(self.run("token", "create", "trial", "--as", "admin", *words)["token"])


class Client:
    """One connection to the API."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Connection": "close"}
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def connect(self) -> None:
        """Connect now, so that a request later is only a request."""
        self._connection.connect()

    def ask(self, method: str, path: str, body: Any = None, key: str = "") -> Answer:
        """What the API answers; OSError or HTTPException when the connection breaks."""
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
        text = None if body is None else json.dumps(body)
        self._connection.request(method, f"/api/v1{path}", text, headers)
        response = self._connection.getresponse()
        said = response.read()
        self._connection.close()  # a server hangs up on who is silent for a while
        return Answer(response.status, json.loads(said) if said else None)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@contextmanager
def new_place(engine: str, **settings: str) -> Iterator[Place]:
    """An empty place on ``sqlite`` or ``postgresql`` (the server that ``VCFLOW_TEST_POSTGRES`` names)."""
    with tempfile.TemporaryDirectory() as folder, database(engine) as url:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("VCFLOW_", "DJANGO_"))}
        environ |= {"VCFLOW_HOME": folder, "VCFLOW_LANG": "en", "VCFLOW_API_RATE": "0", **settings}
        yield Place(environ | ({"VCFLOW_DATABASE_URL": url} if url else {}))


@contextmanager
def database(engine: str) -> Iterator[str]:
    """A new database's URL; empty: SQLite in the data folder."""
    if engine == "sqlite":
        yield ""
        return
    import psycopg

    name = f"vcflow_reliability_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{SERVER.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def vc() -> str:
    """The program."""
    return str(Path(sys.executable).with_name("vc"))
