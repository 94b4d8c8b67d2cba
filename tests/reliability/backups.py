"""Do backups that are made beside writers hold all that was acknowledged, and are damaged ones refused?

python -m tests.reliability.backups [--engine sqlite|postgresql] [--rounds N] [--seed N] [--plant copy]

Writers change sessions through the command line.  Each round makes a backup meanwhile, restores it into a fresh
place, compares, damages it, and kills a restore in the middle.  ``--plant copy`` copies SQLite's file instead of
making a backup, and must fail.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.reliability.damage import WAYS

WRITERS = 4
WARM_UP = 3.0
STANDING = "SELECT id, version, chain_head FROM flow_sessions"
LAST_EVENTS = """
    SELECT session_id, count(*), max(seq), max(CASE WHEN seq = latest THEN hash END) FROM (
        SELECT session_id, seq, hash, max(seq) OVER (PARTITION BY session_id) AS latest FROM session_events
    ) AS numbered GROUP BY session_id
"""


@dataclass
class Found:
    """What the rounds found; ``failures`` must stay empty."""

    backups: int = 0
    events: int = 0
    slowest: float = 0.0
    damaged: int = 0
    kills: dict[str, int] = field(default_factory=lambda: {"old": 0, "new": 0})
    failures: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", choices=["copy"])
    args = parser.parse_args()
    if args.plant and args.engine != "sqlite":
        parser.error("only SQLite's file can be copied")
    found = run(args.engine, args.rounds, args.seed, args.plant)
    killed = f"{found.kills['old']} old, {found.kills['new']} new"
    print("| engine | backups | events in the last | slowest | damaged, refused | killed restores | failures |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print(
        f"| {args.engine} | {found.backups} | {found.events} | {found.slowest:.2f} s | {found.damaged} "
        f"| {killed} | {len(found.failures)} |"
    )
    print("\n".join(found.failures[:20]))
    sys.exit(bool(found.failures))


def run(engine: str, rounds: int, seed: int, plant: str | None) -> Found:
    """All rounds, and what they found."""
    found, chance = Found(), random.Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source = stack.enter_context(place(engine, folder / "source"))
        fresh = stack.enter_context(place(engine, folder / "fresh"))
        vc(source, "flow", "list")
        acks = [folder / f"acks-{number}" for number in range(WRITERS)]
        writers = [stack.enter_context(writer(source, seed + n, file)) for n, file in enumerate(acks)]
        time.sleep(WARM_UP)
        before: Kept | None = None
        for number in range(rounds):
            kept = one_round(source, fresh, acks, plant, found)
            if kept is None or plant:
                continue
            damage(source, kept.path, seed + number, found)
            if before:
                kill_a_restore(fresh, before, kept, chance, found)
                before.path.unlink()
            before = kept
            shutil.rmtree(Path(fresh["VCFLOW_HOME"]) / "backups", ignore_errors=True)
        found.failures += [f"a writer ended: {one.poll()}" for one in writers if one.poll() is not None]
    return found


@dataclass(frozen=True)
class Kept:
    """A backup, and each session's version and chain head in it."""

    path: Path
    versions: dict[str, Any]


def one_round(source: Any, fresh: Any, acks: list[Path], plant: str | None, found: Found) -> Kept | None:
    """Make a backup beside the writers, restore it into the fresh place, and compare."""
    known, began = acknowledged(acks), time.monotonic()
    backup = copied(source, fresh) if plant else Path(vc(source, "flow", "backup", "create")["file"])
    found.slowest = max(found.slowest, time.monotonic() - began)
    found.backups += 1
    try:
        if not plant:
            vc(fresh, "flow", "backup", "restore", str(backup), "--force")
        versions, events = standing(fresh)
    except (subprocess.CalledProcessError, sqlite3.Error) as error:
        found.failures.append(f"not restored: {getattr(error, 'stderr', error)}")
        return None
    found.events = sum(count for count, _last, _hash in events.values())
    lost = sum(max(0, version - versions.get(one, (0, ""))[0]) for one, version in known.items())
    found.failures += [f"{lost} acknowledged changes are lost"] if lost else []
    found.failures += torn(versions, events)
    return Kept(backup, versions)


def kill_a_restore(fresh: Any, earlier: Kept, present: Kept, chance: random.Random, found: Found) -> None:
    """Of an earlier backup over the present database, killed at a random moment: either must be there, whole."""
    states = {"old": present.versions, "new": earlier.versions}
    command = [*VC, "flow", "backup", "restore", str(earlier.path), "--force"]
    with subprocess.Popen(command, env=dict(fresh), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as restore:
        if chance.random() < 0.7:  # most of them when it matters
            while restore.stderr and (line := restore.stderr.readline()) and b"Putting" not in line:
                pass
            time.sleep(chance.random())
        else:
            time.sleep(chance.random() * 2)
        restore.kill()
    try:
        versions, events = standing(fresh)
    except sqlite3.Error as error:
        found.failures.append(f"unreadable after a kill: {error}")
        return
    outcome = next((name for name, state in states.items() if state == versions), None)
    if outcome:
        found.kills[outcome] += 1
    else:
        found.failures.append("neither old nor new after a kill")
    found.failures += torn(versions, events)


def damage(environ: Any, backup: Path, seed: int, found: Found) -> None:
    """Flip bytes of it and cut it: none of that may go unnoticed."""
    command = [sys.executable, "-m", "tests.reliability.damage", str(backup), str(seed)]
    done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=True)
    found.damaged += WAYS
    found.failures += [f"damage went unnoticed {done.stdout.strip()} times"] if int(done.stdout) else []


def copied(source: Any, fresh: Any) -> Path:
    """What somebody does who knows no better."""
    home = Path(fresh["VCFLOW_HOME"])
    home.mkdir(exist_ok=True)
    for name in ("", "-wal", "-shm"):
        (home / f"db.sqlite3{name}").unlink(missing_ok=True)
    return Path(shutil.copy(Path(source["VCFLOW_HOME"]) / "db.sqlite3", home))


def acknowledged(files: list[Path]) -> dict[str, int]:
    """The last version of each session that a writer was told of."""
    known: dict[str, int] = {}
    for file in files:
        for line in file.read_text().splitlines(keepends=True) if file.exists() else ():
            if line.endswith("\n"):
                session_id, version = line.split()
                known[session_id] = max(int(version), known.get(session_id, 0))
    return known


def torn(versions: Mapping[str, Any], events: Mapping[str, Any]) -> list[str]:
    """Sessions and events that don't agree."""
    apart = [one for one, (version, head) in versions.items() if events.get(one) != (version, version, head)]
    return [f"{len(apart)} sessions disagree with their events"] if apart or versions.keys() != events.keys() else []


def standing(environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Each session's version and chain head; of its events the number, the last and its hash."""
    with closing(connected(environ)) as opened:
        cursor = opened.cursor()
        sessions = {row[0]: tuple(row[1:]) for row in cursor.execute(STANDING).fetchall()}
        return sessions, {row[0]: tuple(row[1:]) for row in cursor.execute(LAST_EVENTS).fetchall()}


def connected(environ: Mapping[str, str]) -> Any:
    """A connection past vcflow."""
    if "VCFLOW_DATABASE_URL" in environ:
        import psycopg

        return psycopg.connect(environ["VCFLOW_DATABASE_URL"])
    return sqlite3.connect(Path(environ["VCFLOW_HOME"]) / "db.sqlite3")


VC = (sys.executable, "-m", "vcflow_site")


def vc(environ: Mapping[str, str], *words: str) -> Any:
    """What a command answers."""
    done = subprocess.run([*VC, *words, "--json"], env=dict(environ), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["data"]


@contextmanager
def writer(environ: Mapping[str, str], seed: int, file: Path) -> Iterator[Any]:
    command = [sys.executable, "-m", "tests.reliability.backup_writer", str(seed), str(file)]
    with subprocess.Popen(command, env=dict(environ)) as program:
        try:
            yield program
        finally:
            program.kill()


@contextmanager
def place(engine: str, home: Path) -> Iterator[dict[str, str]]:
    """The environment of an installation that is gone afterwards."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VCFLOW_", "DJANGO_"))}
    environ = {**kept, "VCFLOW_HOME": str(home), "VCFLOW_LANG": "en"}
    if engine == "sqlite":
        yield environ
        return
    import psycopg

    server = os.environ.get("VCFLOW_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")
    name = f"vcflow_backups_{home.name}_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield {**environ, "VCFLOW_DATABASE_URL": f"{server.rpartition('/')[0]}/{name}"}
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    main()
