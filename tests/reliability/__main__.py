"""Tries what vcflow promises, from outside: see docs/reliability.md.

python -m tests.reliability [EXPERIMENT …] [--engine sqlite|postgresql|both] [--times N] [--write]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.reliability import backups, delivery, kills, races
from tests.reliability.place import ENGINES, SERVER, Result

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: make reliability -->", "<!-- end of figures -->"


class Experiment(NamedTuple):
    """One of them: what it does in few words, and how to run it on an engine, so many times its short form."""

    about: str
    run: Callable[[str, int], Result]


EXPERIMENTS: Mapping[str, Experiment] = {
    "delivery": Experiment(
        "every event arrives, in order, though workers are killed",
        lambda engine, times: delivery.in_a_new_place(engine, 2, 10 * times, 1),
    ),
    "races": Experiment(
        "clients that ask for the same or the opposite at one moment",
        lambda engine, times: races.run(engine, rounds=times),
    ),
    "kills": Experiment(
        "commands, web workers and connections are killed",
        lambda engine, times: kills.run(engine, 5 * times),
    ),
    "backups": Experiment(
        "backups under load are restored, and damaged ones refused",
        lambda engine, times: backed_up(engine, 2 * times),
    ),
    "tampering": Experiment("ways to tamper with the log by SQL are noticed", lambda engine, _times: tampered(engine)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("experiments", nargs="*", choices=[[], *EXPERIMENTS], metavar="experiment")
    parser.add_argument("--engine", choices=[*ENGINES, "both"], default="sqlite")
    parser.add_argument("--times", type=int, default=1, help="so many times the short form (100: hours)")
    parser.add_argument("--write", action="store_true", help="write the figures to docs/reliability.md")
    args = parser.parse_args()
    engines = ENGINES if args.engine == "both" else (args.engine,)
    rows, failures = [], []
    for name in args.experiments or EXPERIMENTS:
        for engine in engines:
            row, found = play(name, engine, args.times)
            rows.append(row)
            failures += found
    if args.write:
        write(
            "\n".join(
                [
                    "| experiment | engine | what was done | failures | seconds |",
                    "| --- | --- | --- | --- | --- |",
                    *rows,
                ]
            )
        )
    print("\n".join(failures) or "All promises held.")
    sys.exit(bool(failures))


def backed_up(engine: str, rounds: int) -> Result:
    """Backups beside writers, restored, damaged, and restores killed."""
    found = backups.run(engine, rounds, 1, None)
    killed = sum(found.kills.values())
    figures = {"backups": found.backups, "damaged and refused": found.damaged, "restores killed": killed}
    return Result(figures, found.failures)


def tampered(engine: str) -> Result:
    """In a program of its own, for it works on the tables themselves."""
    command = [sys.executable, "-m", "tests.reliability.tamper", engine]
    environ = {**os.environ, "VCFLOW_TEST_POSTGRES": SERVER}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    ways = [line for line in done.stdout.splitlines() if line.startswith(engine)]
    unseen = [line for line in ways if line.endswith("NOT NOTICED")]
    broken = [done.stderr[-2000:]] if done.returncode and not unseen else []
    return Result({"ways": len(ways), "noticed": len(ways) - len(unseen)}, [*unseen, *broken])


def play(name: str, engine: str, times: int) -> tuple[str, list[str]]:
    """Run one experiment; its row for the page, and what failed."""
    experiment = EXPERIMENTS[name]
    began = time.monotonic()
    result = experiment.run(engine, times)
    seconds = round(time.monotonic() - began)
    row = f"| {experiment.about} | {engine} | {told(result.figures)} | {len(result.failures)} | {seconds} |"
    print(row, flush=True)
    return row, [f"{name} on {engine}: {failure}" for failure in result.failures]


def told(figures: Any) -> str:
    """Figures in words, such as ``200 kills, 1,743 events``."""
    if isinstance(figures, Mapping):
        parts = [
            f"{key}: ({told(value)})" if isinstance(value, Mapping) else f"{told(value)} {key}"
            for key, value in figures.items()
        ]
        return ", ".join(parts)
    return f"{figures:,}" if isinstance(figures, int) else str(figures)


def write(table: str) -> None:
    """Put the table into the page, between its marks."""
    before, _begin, rest = PAGE.read_text().partition(BEGIN)
    _old, _end, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")


if __name__ == "__main__":
    main()
