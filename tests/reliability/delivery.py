"""Does every event arrive, in order, though receivers fail and workers are killed?

python -m tests.reliability.delivery [--engine sqlite|postgresql] [--workers N] [--kills N] [--seed N] [--plant BUG]

Writers play sessions, workers deliver to three receivers (one calm, one faulty, one awful), one after the
other is killed.  Then the faults end, and both sides must become equal.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.reliability.place import Result, new_place, vc
from tests.status_bridge.receivers import AWFUL, CALM, FAULTY, FaultyReceiver, Taken

SCRIPTS = {"calm": CALM, "faulty": FAULTY, "awful": AWFUL}
WRITERS = 2
RATE = 6.0
"""Changes a second, of each writer."""

PATIENCE = 120.0
"""Seconds after the faults' end in which both sides must become equal."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", action="append", default=[])
    parser.add_argument("--worker-engine", choices=["embedded", "procrastinate"], default="embedded")
    args = parser.parse_args()
    result = in_a_new_place(
        args.engine, args.workers, args.kills, args.seed, args.plant, worker_engine=args.worker_engine
    )
    print(json.dumps(result.figures, indent=2))
    print("\n".join(result.failures) or "All arrived, in order, and both sides are equal.")
    sys.exit(bool(result.failures))


def in_a_new_place(
    engine: str,
    workers: int,
    kills: int,
    seed: int,
    plant: Sequence[str] = (),
    *,
    worker_engine: str = "embedded",
    patience: float = PATIENCE,
) -> Result:
    """A run on a database of its own."""
    with new_place(engine, VCFLOW_OUTGOING_ALLOW="127.0.0.1", VCFLOW_WORKER=worker_engine) as place:
        return run(place.environ, workers, kills, seed, plant, patience)


def run(
    environ: Mapping[str, str], workers: int, kills: int, seed: int, plant: Sequence[str], patience: float
) -> Result:
    """One run in a data folder that is empty."""
    with ExitStack() as stack:
        receivers = _subscribed(environ, seed)
        for receiver in receivers.values():
            stack.callback(receiver.close)
        log = stack.enter_context(open(Path(environ["VCFLOW_HOME"]) / "workers.log", "w+"))
        writers = [
            stack.enter_context(_program(environ, "writer", str(seed + number), str(RATE))) for number in range(WRITERS)
        ]
        killer = stack.enter_context(_program(environ, "killer", str(workers), str(kills), str(seed), *plant, log=log))
        began = time.time()
        _expect(killer.stdout.readline(), "killed\n")
        changes = sum(_ended(writer) for writer in writers)
        for receiver in receivers.values():
            receiver.be_well()
        duration, ended = time.time() - began, time.monotonic()
        state = _wait_until_equal(environ, receivers, patience)
        equal_after = time.monotonic() - ended
        statuses = killer.communicate(timeout=60)[0].split()
        failures = [*state.failures, *_judged(receivers)]
        failures += [f"a worker ended with {status}" for status in statuses if status != "0"]
        failures += _complaints(log)
    figures = {
        "kills": kills,
        "workers": workers,
        "seconds": round(duration),
        "changes": changes,
        "events": state.events,
        "seconds until equal": round(equal_after, 1),
        "lost": state.lost,
        "receivers": {name: _figures(receiver) for name, receiver in receivers.items()},
    }
    return Result(figures, failures)


@dataclass
class Comparison:
    """How both sides stand."""

    events: int
    lost: int
    failures: list[str]


def _wait_until_equal(
    environ: Mapping[str, str], receivers: Mapping[str, FaultyReceiver], patience: float
) -> Comparison:
    until = time.monotonic() + patience
    with _program(environ, "standing") as standing:
        while True:
            standing.stdin.write("\n")
            standing.stdin.flush()
            found = _compared(json.loads(standing.stdout.readline()), receivers)
            if not found.failures or time.monotonic() > until:
                return found
            time.sleep(0.2)


def _compared(stored: Mapping[str, Any], receivers: Mapping[str, FaultyReceiver]) -> Comparison:
    """What the database says beside what the receivers took."""
    events = {(session_id, seq) for session_id, last in stored["events"].items() for seq in range(1, last + 1)}
    failures, lost = [], 0
    for name, receiver in receivers.items():
        taken = list(receiver.taken)
        missing = events - {(message.session_id, message.sequence) for message in taken}
        lost += len(missing)
        failures += [f"{name}: {len(missing)} events never came, such as {min(missing)}"] if missing else []
        failures += [f"{name}: {where}" for where in _unequal(stored["entries"], taken)]
    failures += [f"{stored['waiting']} deliveries wait"] if stored["waiting"] else []
    return Comparison(len(events), lost, failures)


def _unequal(entries: Mapping[str, Any], taken: list[Taken]) -> list[str]:
    """Where the receiver's last word, older ones ignored, is another than the entry."""
    newest: dict[str, Taken] = {}
    for message in taken:
        if message.session_id not in newest or newest[message.session_id].sequence < message.sequence:
            newest[message.session_id] = message
    words = {session_id: message.entry for session_id, message in newest.items()}
    return [
        f"{session_id} ends in another state" for session_id in entries if words.get(session_id) != entries[session_id]
    ]


def _judged(receivers: Mapping[str, FaultyReceiver]) -> list[str]:
    failures = []
    for name, receiver in receivers.items():
        unsigned = sum(not message.is_signed for message in receiver.taken)
        failures += [f"{name}: {unsigned} signatures are wrong"] if unsigned else []
        failures += [f"{name}: {session_id} came out of order" for session_id in _disordered(receiver.taken)]
    return failures


def _disordered(taken: list[Taken]) -> list[str]:
    """Sessions of which something came for the first time after something later."""
    first = first_arrivals(taken)
    first.sort(key=lambda message: message.session_id)  # stable
    groups = groupby(first, lambda message: message.session_id)
    return [session_id for session_id, group in groups if not _ascends([message.sequence for message in group])]


def _ascends(numbers: list[int]) -> bool:
    return numbers == sorted(numbers)


def first_arrivals(taken: list[Taken]) -> list[Taken]:
    """Each message when it came first."""
    first: dict[str, Taken] = {}
    for message in taken:
        first.setdefault(message.message_id, message)
    return list(first.values())


def _figures(receiver: FaultyReceiver) -> dict[str, Any]:
    first = first_arrivals(receiver.taken)
    lags = sorted(message.arrived_at - datetime.fromisoformat(message.told_at).timestamp() for message in first)
    return {
        "requests": receiver.requests,
        "taken": len(receiver.taken),
        "duplicates": len(receiver.taken) - len(first),
        "lag p50": round(lags[len(lags) // 2], 3) if lags else None,
        "lag p99": round(lags[len(lags) * 99 // 100], 3) if lags else None,
    }


def _subscribed(environ: Mapping[str, str], seed: int) -> dict[str, FaultyReceiver]:
    """The receivers, each told of everything."""
    receivers = {}
    for number, (name, faults) in enumerate(SCRIPTS.items()):
        receiver = receivers[name] = FaultyReceiver(faults, seed + number)
        words = ["flow", "webhook", "create", name, receiver.url, "--all-sessions", "--json"]
        made = subprocess.run([vc(), *words], env=dict(environ), capture_output=True, text=True, check=True)
        receiver.secret = json.loads(made.stdout)["data"]["secret"]
    return receivers


@contextmanager
def _program(environ: Mapping[str, str], name: str, *words: str, log: Any = None) -> Iterator[Any]:
    """One of the programs beside this one, in a process of its own."""
    command = [sys.executable, "-m", f"tests.reliability.{name}", *words]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
    with subprocess.Popen(command, env=dict(environ), text=True, **pipes) as program:
        try:
            yield program
        finally:
            program.kill()


def _ended(program: Any) -> int:
    program.terminate()
    return int(program.communicate(timeout=60)[0])


def _expect(said: str, expected: str) -> None:
    if said != expected:
        raise SystemExit(f"the workers' keeper said {said!r}")


def _complaints(log: Any) -> list[str]:
    """What the workers said beside that they began."""
    log.seek(0)
    return sorted({line.strip() for line in log if line.strip() and not line.startswith("The worker (")})


if __name__ == "__main__":
    main()
