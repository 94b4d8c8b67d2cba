"""The worker as a program: it delivers, ends when it is told to, and outlasts a database that goes away."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError
from django.utils import timezone

from status_bridge import minding
from status_bridge.minding import Minder
from status_bridge.models import WorkerBeat
from tests.status_bridge.receivers import CALM, Faults, FaultyReceiver
from tests.status_bridge.working import PATIENCE, subscribe, vc, wait_for, working


@pytest.fixture
def environ(ready_environ: dict[str, str]) -> dict[str, str]:
    return {**ready_environ, "VCFLOW_OUTGOING_ALLOW": "127.0.0.1"}


@pytest.fixture
def receiver() -> Iterator[FaultyReceiver]:
    started = FaultyReceiver(CALM)
    yield started
    started.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_delivers_until_it_is_told_to_end(environ, receiver, number):
    subscribe(environ, receiver)
    with working(environ, "--threads", "2") as started:
        session = vc(environ, "run", "dev:story")["session"]
        wait_for(lambda: receiver.taken)
        started.send_signal(number)
        said, complaints = started.communicate(timeout=PATIENCE)
        assert started.returncode == 0, complaints
        assert said.startswith("Ended: ")
        assert complaints == ""
        assert {(message.session_id, message.is_signed) for message in receiver.taken} == {(session["id"], True)}


def test_a_message_in_flight_is_finished_first(environ, receiver, monkeypatch):
    subscribe(environ, receiver)
    vc(environ, "session", "create", "dev")
    take = FaultyReceiver.take
    coming: list[bool] = []

    def slowly(self: FaultyReceiver, headers: Mapping[str, str], body: bytes) -> None:
        coming.append(True)
        time.sleep(1)
        take(self, headers, body)

    monkeypatch.setattr(FaultyReceiver, "take", slowly)
    with working(environ) as started:
        wait_for(lambda: coming)
        started.terminate()
        assert "1 message delivered" in started.communicate(timeout=PATIENCE)[0]
        assert started.returncode == 0
        assert len(receiver.taken) == 1
        (log,) = [row for row in vc(environ, "webhook", "log", "hook") if row["seq"] == 1]
        assert log["state"] == "DELIVERED"


def test_once_delivers_what_is_due_and_ends(environ, receiver):
    subscribe(environ, receiver)
    vc(environ, "session", "create", "dev")
    assert vc(environ, "worker", "--once") == {"delivered": 1}
    assert vc(environ, "worker", "--once") == {"delivered": 0}
    assert len(receiver.taken) == 1


def test_once_ends_though_a_receiver_fails(environ):
    failing = FaultyReceiver(Faults(error=1.0))
    try:
        subscribe(environ, failing)
        vc(environ, "session", "create", "dev")
        assert vc(environ, "worker", "--once") == {"delivered": 0}
    finally:
        failing.close()
    (row,) = vc(environ, "webhook", "list")
    assert (row["state"], row["waiting"]) == ("failing", 1)


@pytest.mark.parametrize("number", ["0", "65", "many"])
def test_an_impossible_number_of_threads_is_refused(command_environ, number):
    words = ["vc", "flow", "worker", "--threads", number]
    done = subprocess.run(words, env=command_environ, capture_output=True, text=True)
    assert done.returncode == 2
    assert "--threads" in done.stderr


def test_a_database_that_goes_away_is_told_once_and_tried_again(db, monkeypatch):
    monkeypatch.setattr(minding, "RECOVERY", 0.0)
    monkeypatch.setattr(minding, "_forget_connection", lambda: None)
    said: list[str] = []
    minder = Minder("embedded", 4, said.append)

    def fail() -> None:
        raise OperationalError("server closed the connection")

    assert (minder.guarded(fail), minder.guarded(fail)) == (False, False)
    minder.back_again()
    minder.back_again()
    assert said == ["The database failed: server closed the connection. The worker tries again.", said[1]]
    assert said[1] == "The database is there again."


def test_a_fault_of_our_own_is_told_and_the_worker_goes_on(db, monkeypatch, caplog):
    monkeypatch.setattr(minding, "RECOVERY", 0.0)
    monkeypatch.setattr(minding, "_forget_connection", lambda: None)
    monkeypatch.setattr(minding.errors.parent, "propagate", True)
    said: list[str] = []
    assert Minder("embedded", 4, said.append).guarded(lambda: {}["missing"]) is False
    assert "missing" in said[0]
    assert "Traceback" in caplog.text


def test_one_thread_is_left_for_other_subscriptions():
    minder = Minder("embedded", 3, print)
    with minder.delivering("slow"):
        assert minder.busy() == []
        with minder.delivering("slow"), minder.delivering("other"):
            assert minder.busy() == ["slow"]
    assert minder.busy() == []


def test_a_single_thread_works_for_all():
    minder = Minder("embedded", 1, print)
    assert minder.busy() == []


def test_a_minder_says_that_its_worker_lives_until_it_ends(db, monkeypatch):
    minder = Minder("embedded", 1, print)
    seen = []

    def look(_seconds: float) -> bool:
        seen.append(WorkerBeat.objects.get().seen_at)
        minder.ending.set()
        return True

    monkeypatch.setattr(minder.ending, "wait", look)
    monkeypatch.setattr(minder, "_do_chores", lambda: None)  # in a thread, with a connection of its own
    minder.mind()
    minder.end()
    assert len(seen) == 1
    assert (timezone.now() - seen[0]).total_seconds() < PATIENCE
    assert not WorkerBeat.objects.exists()


def trouble(environ: Mapping[str, str]) -> None:
    """PostgreSQL cuts every connection, three times; SQLite is locked by somebody who takes their time."""
    if "VCFLOW_DATABASE_URL" not in environ:
        with closing(sqlite3.connect(Path(environ["VCFLOW_HOME"]) / "db.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(1)
        return
    server, _slash, name = environ["VCFLOW_DATABASE_URL"].rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as administrator:
        for _cut in range(3):
            administrator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            time.sleep(0.3)


def test_a_database_in_trouble_is_outlasted(environ, receiver):
    subscribe(environ, receiver)
    with working(environ) as started:
        trouble(environ)
        vc(environ, "session", "create", "dev")
        wait_for(lambda: receiver.taken)
        started.terminate()
        complaints = started.communicate(timeout=PATIENCE)[1]
        assert started.returncode == 0
        assert "Traceback" not in complaints
