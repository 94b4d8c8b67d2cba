"""procrastinate drains the lanes: its worker ends when told to, and outlasts a server that cuts its connections."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.databases import ENGINES, new_database
from tests.status_bridge.receivers import FaultyReceiver
from tests.status_bridge.working import PATIENCE, subscribe, vc, wait_for, working


@pytest.fixture(params=ENGINES)
def environ(request, tmp_path, command_environ, django_db_blocker) -> Iterator[dict[str, str]]:
    """With procrastinate where there is PostgreSQL; on SQLite the worker of our own has to do the same."""
    with django_db_blocker.unblock(), new_database(request.param, tmp_path) as url:
        worker = "procrastinate" if request.param == "postgresql" else "embedded"
        yield {
            **command_environ,
            "VCFLOW_DATABASE_URL": url,
            "VCFLOW_WORKER": worker,
            "VCFLOW_OUTGOING_ALLOW": "127.0.0.1",
        }


@pytest.fixture
def receiver() -> Iterator[FaultyReceiver]:
    started = FaultyReceiver()
    yield started
    started.close()


def cut(url: str) -> None:
    """End every connection to a database."""
    server, _slash, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as administrator:
        administrator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def test_two_workers_of_which_one_is_killed_deliver_everything(environ, receiver):
    subscribe(environ, receiver)
    with working(environ) as killed, working(environ) as left:
        sessions = {vc(environ, "session", "create", "dev")["id"]}
        wait_for(lambda: receiver.taken)
        killed.kill()
        killed.communicate()
        sessions |= {vc(environ, "session", "create", "dev")["id"] for _session in range(2)}
        wait_for(lambda: {message.session_id for message in receiver.taken} == sessions)
        left.terminate()
        complaints = left.communicate(timeout=PATIENCE)[1]
    assert (left.returncode, complaints) == (0, "")


def test_a_worker_whose_connections_are_cut_goes_on(environ, receiver):
    subscribe(environ, receiver)
    with working(environ) as started:
        if environ["VCFLOW_WORKER"] == "procrastinate":
            time.sleep(1)
            cut(environ["VCFLOW_DATABASE_URL"])
        vc(environ, "session", "create", "dev")
        wait_for(lambda: receiver.taken)
        started.send_signal(signal.SIGINT)
        complaints = started.communicate(timeout=PATIENCE)[1]
        assert started.returncode == 0
        assert "Traceback" not in complaints
