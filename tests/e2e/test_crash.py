"""kill -9 in the middle of a change leaves all of it or nothing, and everything that was acknowledged."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from tests.databases import ENGINES, default_connection_to, migrate, new_database
from tests.e2e.crashing import work_until_killed
from tests.factories import assert_consistent, events_of, new_session, stage, stage_in

KILLS = int(os.environ.get("VCFLOW_TEST_KILLS", "30"))
COMMAND_KILLS = max(4, KILLS // 8)
LONGEST = 0.06
"""Seconds: some five to twenty changes."""

MOST_EVENTS_OF_ONE_CHANGE = 4


@pytest.fixture(params=ENGINES)
def database(request, tmp_path, django_db_blocker):
    """The default connection on a database that other processes can open too."""
    with django_db_blocker.unblock(), new_database(request.param, tmp_path) as url, default_connection_to(url):
        migrate()
        yield url


def working_session():
    flow_session = new_session(stage("build", items=["one", "two", "three"]), "test", parallel=True)
    stage_in("ACTIVE", flow_session)
    return flow_session.pk


def test_killed_program_leaves_all_or_nothing_and_what_was_acknowledged(database):
    key = working_session()
    acknowledged = 0
    for seed in range(KILLS):
        promises = work_until_killed(key, seed, LONGEST)
        assert_consistent(key)
        hashes = {event.seq: event.hash for event in events_of(key)}
        assert {promise.version: hashes.get(promise.version) for promise in promises} == dict(promises)
        unacknowledged = FlowSession.objects.get(pk=key).version - promises[-1].version
        assert 0 <= unacknowledged <= MOST_EVENTS_OF_ONE_CHANGE
        acknowledged += len(promises)
        if FlowSession.objects.get(pk=key).status == "FAILED":
            FlowSessionManager().resume_session(key)
    assert acknowledged > 2 * KILLS


def test_killed_command_leaves_all_or_nothing(database, tmp_path):
    key = working_session()
    environ = {**os.environ, "VCFLOW_HOME": str(tmp_path), "VCFLOW_LANG": "en", "VCFLOW_DATABASE_URL": database}
    environ["DJANGO_SETTINGS_MODULE"] = "vcflow_site.settings"
    vc = [sys.executable, "-m", "vcflow_site", "flow", "session"]

    def run(*arguments):
        return subprocess.Popen(
            [*vc, *arguments],
            env=environ,
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def kill_at(moment):
        """Pause or resume; what the command's end was, and how many events it wrote."""
        before = FlowSession.objects.get(pk=key)
        command = run("pause" if before.status == "ACTIVE" else "resume", key)
        try:
            command.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            command.kill()
        output = command.communicate(timeout=60)[0]
        assert command.returncode in (0, -signal.SIGKILL), output
        assert_consistent(key)
        return command.returncode, FlowSession.objects.get(pk=key).version - before.version

    assert kill_at(60) == (0, 2)  # the first one sets the data folder up, too
    started = time.monotonic()
    assert kill_at(60) == (0, 2)
    duration = time.monotonic() - started
    chosen = random.Random(0)
    killed = 0
    for _attempt in range(5 * COMMAND_KILLS):
        # The change falls into the last part of the command's life.
        end, written = kill_at(duration * chosen.uniform(0.4, 1))
        assert written == 2 if end == 0 else written in (0, 2)
        killed += end != 0
        if killed == COMMAND_KILLS:
            break
    assert killed
