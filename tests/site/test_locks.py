"""Who waits for a lock: not for ever, and not deaf; and who sets up a database together."""

import contextlib
import gc
import os
import signal
import sqlite3
import subprocess
import sys
import time
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection, transaction

from sessions_app.exceptions import Busy
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from tests.databases import ENGINES, default_connection_to, migrate, new_database
from tests.factories import new_session
from vcflow_site.databases import LOCK_WAIT, parse_database_url
from vcflow_site.sqlite import base

SHORT = "?options=-c%20lock_timeout=200ms"


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "vcflow_site", *words]


@pytest.fixture(params=ENGINES)
def url(request, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), new_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def impatient(url):
    """The default connection waits for a fifth of a second."""
    with default_connection_to(url if url.startswith("sqlite") else url + SHORT):
        if connection.vendor == "sqlite":
            connection.settings_dict["OPTIONS"]["timeout"] = 0.2
        migrate()
        yield


@pytest.mark.usefixtures("impatient")
def test_row_that_somebody_holds_is_busy():
    key = new_session("build").pk
    connection.close()
    holder = connection.copy()
    with contextlib.closing(holder), holder.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE" if holder.vendor == "sqlite" else "BEGIN")
        cursor.execute("UPDATE flow_sessions SET name = 'held' WHERE id = %s", [key])
        begun = time.monotonic()
        with pytest.raises(Busy) as caught:
            FlowSessionManager().pause_session(key)
        assert 0.2 <= time.monotonic() - begun < 5
    assert caught.value.exit_status == 9
    assert FlowSession.objects.get(pk=key).status == "ACTIVE"


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", f"-c lock_timeout={LOCK_WAIT}s"),
        ("?options=-c%20lock_timeout=5s", f"-c lock_timeout={LOCK_WAIT}s -c lock_timeout=5s"),
        ("?sslmode=require", f"-c lock_timeout={LOCK_WAIT}s"),
    ],
)
def test_postgresql_waits_as_long_as_sqlite_unless_its_url_says_so(query, options):
    found = parse_database_url(f"postgres://ann@db.example.org/flow{query}")["OPTIONS"]
    assert found["options"] == options
    assert found.get("sslmode") == ("require" if "sslmode" in query else None)


def test_first_commands_from_several_data_folders_all_work(url, command_environ, tmp_path):
    racers = [
        subprocess.Popen(
            command("flow", "list", "--json"),
            env={**command_environ, "VCFLOW_HOME": str(tmp_path / f"home-{number}"), "VCFLOW_DATABASE_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    answers = [racer.communicate(timeout=120) for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 3, answers
    assert sum("Setting up" in err for _out, err in answers) == 1


@pytest.fixture
def locked_environ(ready_environ):
    """The environment of commands that find SQLite's file locked."""
    file = Path(ready_environ["VCFLOW_HOME"]) / "db.sqlite3"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield ready_environ


@pytest.mark.sqlite
def test_interrupt_ends_the_wait_for_a_lock(locked_environ):
    waiting = subprocess.Popen(command("flow", "session", "create", "dev"), env=locked_environ, stderr=subprocess.PIPE)
    time.sleep(2)
    assert waiting.poll() is None
    begun = time.monotonic()
    os.kill(waiting.pid, signal.SIGINT)
    _out, err = waiting.communicate(timeout=30)
    assert (waiting.returncode, err) == (130, b"")
    assert time.monotonic() - begun < 5


@pytest.fixture
def two_writers(tmp_path, django_db_blocker, monkeypatch):
    """The default connection on SQLite, with some patience, and another that has the lock."""
    monkeypatch.setattr(base, "SPELL", 0.05)
    with django_db_blocker.unblock(), new_database("sqlite", tmp_path) as url, default_connection_to(url):
        connection.settings_dict["OPTIONS"]["timeout"] = 0.3
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE notes (text)")
        with contextlib.closing(sqlite3.connect(tmp_path / "db.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield other


def count_spells(monkeypatch, after_two=lambda: None):
    """The times at which the clock is looked at: at first, and after each spell of waiting."""
    times = []

    def monotonic():
        times.append(time.monotonic())
        if len(times) == 3:
            after_two()
        return times[-1]

    monkeypatch.setattr(base, "time", SimpleNamespace(monotonic=monotonic))
    return times


def in_a_transaction(cursor):
    with transaction.atomic():
        cursor.execute("INSERT INTO notes VALUES ('x')")


WRITES = [
    in_a_transaction,
    lambda cursor: cursor.execute("INSERT INTO notes VALUES (%s)", ["x"]),
    lambda cursor: cursor.executemany("INSERT INTO notes VALUES (%s)", iter([["x"]])),
]


@pytest.mark.parametrize("write", WRITES)
def test_sqlite_is_asked_again_until_the_lock_is_free(two_writers, monkeypatch, write):
    with connection.cursor() as cursor:
        times = count_spells(monkeypatch, lambda: two_writers.execute("ROLLBACK"))
        write(cursor)
        assert len(times) >= 3
        assert cursor.execute("SELECT text FROM notes").fetchall() == [("x",)]


@pytest.mark.parametrize("write", WRITES)
def test_sqlite_is_not_asked_for_ever(two_writers, monkeypatch, write):
    with connection.cursor() as cursor:
        times = count_spells(monkeypatch)
        with pytest.raises(OperationalError, match="locked"):
            write(cursor)
        assert times[-1] - times[0] >= 0.3
        assert 3 <= len(times) <= 8


@pytest.mark.django_db
@pytest.mark.sqlite  # psycopg remembers no cursors
def test_connection_forgets_its_cursors():
    def dead():
        return sum(type(each) is weakref.ReferenceType and each() is None for each in gc.get_objects())

    before = dead()
    for _number in range(1_000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    assert dead() - before < 500
