"""A process that works on a session until it is killed, and what it had been promised by then."""

import itertools
import json
import multiprocessing
import os
import random
import signal
import time
from typing import Any, NamedTuple

from django.db import connection

from sessions_app.exceptions import FlowError
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager

PATIENCE = 60
"""Seconds."""


class Promise(NamedTuple):
    """One acknowledged change: the session's version after it, and the hash of the last event."""

    version: int
    head: str


def work_until_killed(session_id: str, seed: int, longest: float) -> list[Promise]:
    """What a forked worker was promised before it was killed, at a random point up to ``longest`` seconds in."""
    connection.close()  # a forked process must not share it
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    worker = fork.Process(target=_work, args=(session_id, seed, sender))
    worker.start()
    sender.close()
    assert receiver.poll(PATIENCE), "the worker does nothing"
    time.sleep(random.Random(seed).uniform(0, longest))
    assert worker.pid
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(PATIENCE)
    assert worker.exitcode == -signal.SIGKILL
    return _received(receiver)


def _received(receiver: Any) -> list[Promise]:
    promises = []
    try:
        while receiver.poll():
            promises.append(Promise(*json.loads(receiver.recv_bytes())))
    except EOFError:
        pass
    return promises


def _work(session_id: str, seed: int, sender: Any) -> None:
    chosen = random.Random(seed)
    sessions, stages = FlowSessionManager(), StageInstanceManager()
    build = f"{session_id}.build.1"
    changes = [
        lambda: (sessions, sessions.pause_session(session_id)),
        lambda: (sessions, sessions.resume_session(session_id)),
        lambda: (sessions, sessions.note_session(session_id, "working")),
        lambda: (sessions, sessions.fail_session(session_id, reason="broken")),
        lambda: (sessions, sessions.complete_session(session_id, force=True, reason="enough")),
        lambda: (sessions, sessions.reopen_session(session_id, reason="more")),
        lambda: (sessions, sessions.update_session(session_id, {"context": {"n": chosen.random()}})),
        lambda: (stages, stages.run_stage(session_id, chosen.choice(["build", "test"]))),
        lambda: (stages, stages.perform(session_id, "test", "skip", reason="later")),
        lambda: (stages, stages.complete_item(build, *chosen.sample(["one", "two", "three"], 2))),
        lambda: (stages, stages.reopen_item(build, "one", "two")),
        lambda: (stages, stages.add_deliverables(build, {"report": chosen.random()})),
    ]
    for _number in itertools.count():
        try:
            manager, _row = chosen.choice(changes)()
        except FlowError:
            continue
        if manager.outcome.changed:
            sender.send_bytes(json.dumps([manager.outcome.version, manager.outcome.events[-1].hash]).encode())
