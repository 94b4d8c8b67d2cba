"""``python -m benchmarks``: measure, and print the report as Markdown."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
from datetime import UTC, datetime

import django

from benchmarks import commands, journeys, rest
from benchmarks.figures import Figure, table
from benchmarks.harness import HarnessError, bench_root, prepare


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
    parser.add_argument("--only", choices=["journeys", "commands", "rest"], help="leave the others out")
    parser.add_argument(
        "--rounds", type=int, default=9, help="interleaved rounds of journeys; commands take twice as many"
    )
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each peer runs in a round")
    parser.add_argument("--postgresql", help="URL of an empty database for the million sessions of the REST API")
    return parser.parse_args()


def report(options: argparse.Namespace) -> None:
    """Run the measurements and print them."""
    figures: list[Figure] = []
    tables: list[str] = []
    if options.only in (None, "journeys"):
        figures, tables = journeys.measure(prepare(), options.rounds, options.seconds)
    if options.only in (None, "commands"):
        figures += commands.measure(bench_root(), 2 * options.rounds)
    if options.only in (None, "rest"):
        of_rest, pages = rest.measure(bench_root(), options.postgresql)
        figures, tables = figures + of_rest, tables + pages
    print("\n\n".join([_machine(), table(figures), *tables]))


def _machine() -> str:
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d}: {platform.machine()}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, Django {django.__version__}, "
        f"SQLite {sqlite3.sqlite_version}."
    )


if __name__ == "__main__":
    sys.exit(main())
