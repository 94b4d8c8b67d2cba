"""The worker as a program, for tests that start one."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.status_bridge.receivers import FaultyReceiver

PATIENCE = 30.0
"""Seconds."""


def vc(environ: Mapping[str, str], *words: str) -> Any:
    """The data of a command's JSON answer."""
    done = subprocess.run(["vc", "flow", *words, "--json"], env=dict(environ), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["data"]


def subscribe(environ: Mapping[str, str], receiver: FaultyReceiver) -> None:
    """Let a receiver be told of everything."""
    receiver.secret = vc(environ, "webhook", "create", "hook", receiver.url, "--all-sessions")["secret"]


@contextmanager
def working(environ: Mapping[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    """A worker that has said that it is there; it is gone afterwards, however it went."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(["vc", "flow", "worker", *words], env=dict(environ), text=True, **pipes) as started:
        try:
            assert "until it is ended" in started.stderr.readline()
            yield started
        finally:
            started.kill()


def wait_for(condition: Any) -> None:
    """Until the condition holds; it fails after a while."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "it never came to pass"
        time.sleep(0.02)
