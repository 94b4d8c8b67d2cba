"""Changes sessions through the command line until it is told to end, and notes each change that was acknowledged.

python -m tests.reliability.backup_writer <seed> <file>
"""

from __future__ import annotations

import io
import json
import random
import signal
import sys
import time
from typing import Any

from sessions_app.cli.terminal import Terminal
from vcflow_site.cli import VC, main

AT_ONCE = 5
PAUSE = 0.02
"""Seconds between two changes: what else runs wants its share of the processors."""


def vc(*words: str) -> Any:
    """What a command answers; None if it was refused."""
    out = io.StringIO()
    status = main(VC, [*words, "--json"], Terminal(out, io.StringIO()))
    return json.loads(out.getvalue())["data"] if status == 0 else None


def run(seed: int, file: str) -> None:
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: ended.append(number))
    chance, open_ones = random.Random(seed), []
    with open(file, "a", buffering=1) as acknowledged:
        while not ended:
            if len(open_ones) < AT_ONCE or chance.random() < 0.05:
                data = vc("flow", "session", "create", "dev", "--name", f"writer {seed}")
                open_ones += [data["id"]] if data else []
            else:
                data = vc("flow", "session", "note", chance.choice(open_ones), "x" * chance.randrange(1, 2000))
            if data:
                acknowledged.write(f"{data['id']} {data['version']}\n")
            time.sleep(PAUSE)


if __name__ == "__main__":
    run(int(sys.argv[1]), sys.argv[2])
