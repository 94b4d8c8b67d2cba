"""The journey (5 stages, 29 actions, each its own commit), ours beside the harness's peers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from benchmarks.figures import Figure
from benchmarks.harness import Harness, HarnessError, postgresql, say

OURS = "vcflow"
BOUND = "dj_lean"
GOAL = "dj_fsm"
PROMISED = "sqlite-wal"

TITLES = {
    "sqlite-wal": "the peers with `synchronous=NORMAL`, vcflow as it is shipped (`FULL`)",
    "sqlite-wal-full": "all with `synchronous=FULL`",
    "pg": "PostgreSQL with its own settings",
}

SQLITE_PEERS = ("raw_sqlite", "dj_cursor", "dj_hybrid", "dj_fsm", "dj_lean", "dj_naive", "viewflow_", OURS)
FULL_PEERS = ("raw_sqlite", "dj_fsm", "dj_lean", OURS)
POSTGRESQL_PEERS = ("raw_pg", *SQLITE_PEERS[1:])

Results = dict[str, dict[str, Any]]
"""By peer: ``cpu_ms``, ``pg_cpu_ms``, ``median`` (journeys a second), ``p95_ms``, ``errors``."""


def measure(harness: Harness, rounds: int, seconds: float) -> tuple[list[Figure], list[str]]:
    """The figures, and a table of all peers for each profile."""
    found = {
        "sqlite-wal": _run(harness, "sqlite-wal", SQLITE_PEERS, rounds, seconds),
        "sqlite-wal-full": _run(harness, "sqlite-wal-full", FULL_PEERS, rounds, seconds),
    }
    try:
        with postgresql(harness) as env:
            found["pg"] = _run(harness, "pg", POSTGRESQL_PEERS, rounds, seconds, env)
    except HarnessError as error:
        say(f"!!! POSTGRESQL WAS NOT MEASURED: {error}")
    figures = [figure for profile, results in found.items() for figure in _figures(profile, results)]
    return figures, [_peer_table(profile, results) for profile, results in found.items()]


def _run(
    harness: Harness,
    profile: str,
    peers: Sequence[str],
    rounds: int,
    seconds: float,
    env: dict[str, str] | None = None,
) -> Results:
    say(f"journeys, {profile}: {rounds} rounds of {seconds:g} s for each of {len(peers)} peers ...")
    answer = harness.root / f"journeys.{profile}.json"
    options = ["--profile", profile, "--peers", ",".join(peers), "--rounds", str(rounds), "--seconds", str(seconds)]
    complaints = harness.run("journeys.py", *options, "--ref", peers[0], "--json", str(answer), env=env)
    results: Results = json.loads(answer.read_text())["peers"]
    missing = [peer for peer in peers if peer not in results]
    if missing:
        say(f"!!! did not run on {profile}: {', '.join(missing)}\n{complaints}")
    for peer, result in results.items():
        if result["errors"]:
            say(f"!!! {peer} on {profile} had failed journeys: {result['errors']}")
    return results


def _figures(profile: str, results: Results) -> list[Figure]:
    """Ours against the bound and the goal; only the first profile's bound is a promise."""
    if OURS not in results:
        return []
    cost = results[OURS]["cpu_ms"]
    return [
        Figure(
            f"journey on {profile}",
            cost,
            f"`{peer}`",
            results[peer]["cpu_ms"],
            cost / results[peer]["cpu_ms"],
            bound=1.0,
            is_goal=profile != PROMISED or peer == GOAL,
        )
        for peer in (BOUND, GOAL)
        if peer in results
    ]


def _peer_table(profile: str, results: Results) -> str:
    lines = [
        f"Journeys on {profile}, {TITLES[profile]}:",
        "",
        "| peer | processor ms a journey | of the server besides | journeys a second | 95th percentile, ms |",
        "|---|---:|---:|---:|---:|",
    ]
    for peer, result in sorted(results.items(), key=lambda entry: float(entry[1]["cpu_ms"])):
        name = f"**{peer}**" if peer == OURS else peer
        lines.append(
            f"| {name} | {result['cpu_ms']:.1f} | {result['pg_cpu_ms']:.1f} "
            f"| {result['median']:.0f} | {result['p95_ms']:.0f} |"
        )
    return "\n".join(lines)
