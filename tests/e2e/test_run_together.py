"""``make run`` runs the server and the worker; when one ends, however, the other does too."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SLEEPS = ["sleep", "60"]


def started(*commands):
    program = f"import sys; from run import _run_together; sys.exit(_run_together(*{commands!r}))"
    return subprocess.Popen([sys.executable, "-c", program], cwd=EXAMPLES)


def children_of(process):
    found = []
    while len(found) < 2:
        text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        found = [int(pid) for pid in text.split()]
        assert process.poll() is None
        time.sleep(0.05)
    return found


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_ends_make_run_ends_both(number):
    process = started(SLEEPS, SLEEPS)
    children = children_of(process)
    time.sleep(0.3)  # until it listens to signals
    process.send_signal(number)
    assert process.wait(20) == 0
    assert not any(map(is_there, children))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("which", [0, 1])
def test_when_one_ends_the_other_does(which, number):
    process = started(SLEEPS, SLEEPS)
    children = children_of(process)
    os.kill(children[which], number)
    assert process.wait(20) == number
    assert not any(map(is_there, children))


def test_the_first_to_fail_says_how_it_ended():
    assert started(SLEEPS, ["sh", "-c", "exit 3"]).wait(20) == 3
