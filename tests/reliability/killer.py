"""Keeps workers alive and kills them: python -m tests.reliability.killer <workers> <kills> <seed> [<planted bug>].

Each worker is a fork that runs ``vc flow worker``: a new one is there in milliseconds.  Says ``killed``
when all kills are done, then keeps the workers alive until its standard input ends, ends them
with SIGTERM, and says the exit status of each.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sys
import time
from importlib import import_module

from tests.reliability import planted
from vcflow_site.cli import VC, main, start_django

SHORTEST, LONGEST = 0.05, 2.0
"""Seconds between two kills."""

UNDISTURBED = 20.0
"""Seconds that a run without kills lasts."""


class Killer:
    """The workers, by their process ids."""

    def __init__(self, workers: int, seed: int) -> None:
        self._random = random.Random(seed)
        self._workers = [_start() for _number in range(workers)]

    def kill_one(self) -> None:
        """Kill one after a random time, and start another."""
        time.sleep(self._random.uniform(SHORTEST, LONGEST))
        place = self._random.randrange(len(self._workers))
        _refuse_early_end(self._workers[place])
        os.kill(self._workers[place], signal.SIGKILL)
        os.waitpid(self._workers[place], 0)
        self._workers[place] = _start()

    def end(self) -> list[int]:
        """End all with SIGTERM; the exit status of each."""
        for pid in self._workers:
            os.kill(pid, signal.SIGTERM)
        return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in self._workers]


def _start() -> int:
    pid = os.fork()
    if pid:
        return pid
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    os._exit(main(VC, ["flow", "worker"]))


def _refuse_early_end(pid: int) -> None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        raise SystemExit(f"a worker ended by itself with {os.waitstatus_to_exitcode(status)}")


def run() -> None:
    workers, kills, seed = map(int, sys.argv[1:4])
    start_django()
    engines = import_module("status_bridge.cli.worker").ENGINES
    import_module(engines[import_module("django.conf").settings.VCFLOW_WORKER])
    for name in sys.argv[4:]:
        planted.BUGS[name]()
    killer = Killer(workers, seed)
    if not kills:
        time.sleep(UNDISTURBED)
    for _kill in range(kills):
        killer.kill_one()
    print("killed", flush=True)
    select.select([sys.stdin], [], [])
    time.sleep(0.5)  # the last to be started may not listen to signals yet
    print(*killer.end(), flush=True)


if __name__ == "__main__":
    run()
