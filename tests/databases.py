"""Databases that several processes can open: a SQLite file, and PostgreSQL where a server is named.

``VCFLOW_TEST_POSTGRES`` names the server, such as ``postgres://postgres@127.0.0.1:5432/postgres``;
a database of its own is made there and dropped again.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connections
from django.db.utils import load_backend

from vcflow_site.databases import parse_database_url

SERVER = os.environ.get("VCFLOW_TEST_POSTGRES", "")
ENGINES = ["sqlite", "postgresql"] if SERVER else ["sqlite"]


@contextmanager
def new_database(engine: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database, which is gone afterwards."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    name = f"vcflow_test_{secrets.token_hex(6)}"
    _on_server(f"CREATE DATABASE {name}")
    try:
        yield f"{SERVER.rpartition('/')[0]}/{name}"
    finally:
        _on_server(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def default_connection_to(url: str) -> Iterator[None]:
    """The default connection leads to ``url``, here and in processes that are forked now."""
    own = connections["default"]
    connections["default"] = _wrapper(parse_database_url(url))
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = own


def migrate() -> None:
    """Make the tables of the default database."""
    call_command("migrate", verbosity=0)
    connections["default"].close()


def _wrapper(database: dict[str, Any]) -> Any:
    settings = {**connections.settings["default"], "OPTIONS": {}, **database}
    return load_backend(settings["ENGINE"]).DatabaseWrapper(settings, "default")


def _on_server(statement: str) -> None:
    with closing(_wrapper(parse_database_url(SERVER))) as server, server.cursor() as cursor:
        cursor.execute(statement)
