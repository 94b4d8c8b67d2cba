"""What tests of all floors share."""

import os
import secrets
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from sessions_app import language

USES_A_DATABASE = {"db", "transactional_db", "command_environ"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-database", action="store_true", help="leave out the tests in which no database has a part")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--only-database"):
        return
    left_out = [item for item in items if not _uses_a_database(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if _uses_a_database(item)]


def _uses_a_database(item: pytest.Item) -> bool:
    fixtures = USES_A_DATABASE & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


def pytest_configure() -> None:
    # A shell's background job ignores Ctrl-C, and hands that down to the commands that tests interrupt.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Each test begins in English, whatever the one before spoke."""
    language.activate(None)
    yield
    language.activate(None)


@pytest.fixture
def command_environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment for commands in processes of their own: empty data, on the engine under test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VCFLOW_", "DJANGO_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**kept, "PATH": path, "VCFLOW_HOME": str(tmp_path / "home"), "VCFLOW_LANG": "en"}
    if settings.DATABASES["default"]["ENGINE"] == "vcflow_site.sqlite":
        yield environ
    else:
        yield from _on_a_new_database(environ)


def _on_a_new_database(environ: dict[str, str]) -> Iterator[dict[str, str]]:
    name = f"vcflow_test_{secrets.token_hex(6)}"
    server = os.environ["VCFLOW_DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield {**environ, "VCFLOW_DATABASE_URL": f"{server}/{name}"}
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
