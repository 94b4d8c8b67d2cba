"""What tests of all floors share."""

import gc
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from sessions_app import language
from tests import static_files

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


def pytest_collection_finish() -> None:
    # Thousands of tests and all modules stay to the end; nobody needs to look through them for garbage again and again.
    gc.collect()
    gc.freeze()


def pytest_configure() -> None:
    static_files.seek_once()
    # A shell's background job ignores Ctrl-C, and hands that down to the commands that tests interrupt.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Each test begins in English, whatever the one before spoke."""
    language.activate(None)
    yield
    language.activate(None)


@pytest.fixture(scope="session")
def environ_for() -> Callable[[Path], dict[str, str]]:
    """Gives the environment for commands in processes of their own, with a data folder and its SQLite."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VCFLOW_", "DJANGO_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return lambda home: {**kept, "PATH": path, "VCFLOW_HOME": str(home), "VCFLOW_LANG": "en"}


@pytest.fixture
def command_environ(tmp_path: Path, environ_for: Callable[[Path], dict[str, str]]) -> Iterator[dict[str, str]]:
    """The environment for commands in processes of their own: empty data, on the engine under test."""
    environ = environ_for(tmp_path / "home")
    if settings.DATABASES["default"]["ENGINE"] == "vcflow_site.sqlite":
        yield environ
    else:
        yield from _on_a_new_database(environ)


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory, environ_for: Callable[[Path], dict[str, str]]) -> Path:
    """A data folder with SQLite as ``vc init`` leaves it, to be copied."""
    home = tmp_path_factory.mktemp("made") / "home"
    _init(environ_for(home))
    return home


@pytest.fixture
def ready_environ(command_environ: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    """The same after ``vc init``, for tests that are not about setting up."""
    if "VCFLOW_DATABASE_URL" in command_environ:
        _init(command_environ)
    else:
        shutil.copytree(request.getfixturevalue("made_home"), command_environ["VCFLOW_HOME"])
    return command_environ


def _init(environ: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, "-m", "vcflow_site", "init"], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _on_a_new_database(environ: dict[str, str]) -> Iterator[dict[str, str]]:
    name = f"vcflow_test_{secrets.token_hex(6)}"
    server = os.environ["VCFLOW_DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield {**environ, "VCFLOW_DATABASE_URL": f"{server}/{name}"}
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
