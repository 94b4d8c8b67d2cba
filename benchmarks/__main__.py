"""``python -m benchmarks``: measure, and print the report as Markdown."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
from datetime import UTC, datetime

import django

from benchmarks import commands, journeys
from benchmarks.figures import Figure, table
from benchmarks.harness import HarnessError, prepare


def main() -> int:
    """Measure what was asked for; 0 also when a bound is missed, for the report says so."""
    options = _options()
    try:
        report(options)
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What vcflow costs, beside its peers.")
    parser.add_argument("--only", choices=["journeys", "commands"], help="leave the other half out")
    parser.add_argument(
        "--rounds", type=int, default=9, help="interleaved rounds of journeys; commands take twice as many"
    )
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each peer runs in a round")
    return parser.parse_args()


def report(options: argparse.Namespace) -> None:
    """Run the measurements and print them."""
    harness = prepare()
    figures: list[Figure] = []
    peers: list[str] = []
    if options.only != "commands":
        figures, peers = journeys.measure(harness, options.rounds, options.seconds)
    if options.only != "journeys":
        figures += commands.measure(harness.root, 2 * options.rounds)
    print("\n\n".join([_machine(), table(figures), *peers]))


def _machine() -> str:
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d}: {platform.machine()}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, Django {django.__version__}, "
        f"SQLite {sqlite3.sqlite_version}."
    )


if __name__ == "__main__":
    sys.exit(main())
