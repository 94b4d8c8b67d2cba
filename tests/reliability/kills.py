"""Commands, web workers and database connections are killed at random; each change is then repeated with its key.

python -m tests.reliability.kills [--engine sqlite|postgresql] [--kills N] [--seed N]

Each change carries a mark of its own.  At the end each mark that was acknowledged as a change must stand in the log
exactly once, one that was refused or changed nothing not at all, and the doctor must find nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from tests.reliability.place import Client, Place, Result, new_place
from tests.site.server import Server

SESSIONS = 6
MARKED = ("note", "savepoint", "restore", "pause", "resume", "abort")
NAMED = ("create", "fork")
WEIGHTS = {"note": 4, "savepoint": 2, "restore": 4, "pause": 2, "resume": 2, "abort": 1, "create": 1, "fork": 2}
PATIENCE = 120.0


@dataclass
class Book:
    """What was asked and what became of it: by mark whether it changed something."""

    chosen: random.Random
    sessions: list[str]
    savepoints: list[str]
    changed: dict[str, bool] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)

    def next(self) -> tuple[str, str, str]:
        """A kind of change, its mark, and the session or savepoint it is done to."""
        kind = self.chosen.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        mark = f"mark-{len(self.kinds)}"
        self.kinds[mark] = kind
        subject = self.chosen.choice(self.savepoints if kind in ("restore", "fork") else self.sessions)
        return kind, mark, subject


def command_of(kind: str, mark: str, subject: str) -> list[str]:
    """The change as a command."""
    words = {
        "note": ["flow", "session", "note", subject, mark],
        "savepoint": ["flow", "savepoint", "create", subject, "--note", mark],
        "restore": ["flow", "savepoint", "restore", subject, "--reason", mark],
        "fork": ["flow", "savepoint", "fork", subject, "--name", mark],
        "create": ["flow", "session", "create", "trial", "--name", mark],
    }
    verb = ["flow", "session", kind, subject, "--reason", mark]
    return [*words.get(kind, verb), "--idempotency-key", mark, "--as", "admin"]


def request_of(kind: str, mark: str, subject: str) -> tuple[str, str, Any, str]:
    """The change as a request."""
    ways = {
        "note": (f"/sessions/{subject}/note/", {"text": mark}),
        "savepoint": (f"/sessions/{subject}/savepoints/", {"note": mark}),
        "restore": (f"/savepoints/{subject}/restore/", {"reason": mark}),
        "fork": (f"/savepoints/{subject}/fork/", {"name": mark}),
        "create": ("/sessions/", {"workflow_id": "trial", "name": mark}),
    }
    path, body = ways.get(kind, (f"/sessions/{subject}/{kind}/", {"reason": mark}))
    return "POST", path, body, mark


def kill_commands(place: Place, book: Book, kills: int) -> None:
    """Each command is killed somewhere in its course, then run again with its key."""
    usual = _usual_seconds(place)
    for _turn in range(kills):
        change = book.next()
        command = place.start(*command_of(*change), "--json")
        time.sleep(book.chosen.uniform(0.5, 1.05) * usual)
        os.killpg(command.pid, signal.SIGKILL)
        command.communicate()
        book.kills["command"] += command.returncode == -signal.SIGKILL
        answer = place.run(*command_of(*change), fails=True)
        book.changed[change[1]] = bool(answer and answer["changed"])


def _usual_seconds(place: Place) -> float:
    began = time.monotonic()
    for _turn in range(3):
        place.run("flow", "session", "list")
    return (time.monotonic() - began) / 3


def kill_servers(place: Place, book: Book, kills: int, token: str) -> None:
    """Web workers, and connections to PostgreSQL, are killed while requests come; each is repeated with its key."""
    ending = threading.Event()
    with place.serving(workers=4) as server:
        client = Client(server.port, token)
        client.ask("GET", "/me/")  # from now on the workers are there
        killer = threading.Thread(target=_kill, args=(place, server, book, kills, ending))
        killer.start()
        while not ending.is_set():
            change = book.next()
            book.changed[change[1]] = _acknowledged(client, request_of(*change))
        killer.join()


def _acknowledged(client: Client, request: tuple[str, str, Any, str]) -> bool:
    """Ask until there is an answer that says what became of it; whether it changed something."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            answer = client.ask(*request)
        except (OSError, HTTPException):
            client.close()
            time.sleep(0.05)
            continue
        if answer.status < 500:
            return answer.status < 300 and bool(answer.data["changed"])
    raise RuntimeError(f"no answer to {request}: {answer}")


def _kill(place: Place, server: Server, book: Book, kills: int, ending: threading.Event) -> None:
    chosen = random.Random(kills)
    victims = ["web worker", *(["connection"] if "VCFLOW_DATABASE_URL" in place.environ else [])]
    try:
        for _turn in range(kills):
            time.sleep(chosen.uniform(0.3, 1.7))
            victim = chosen.choice(victims)
            book.kills[victim] += _kill_worker(server, chosen) if victim == "web worker" else _cut_connections(place)
    finally:
        ending.set()


def _kill_worker(server: Server, chosen: random.Random) -> int:
    master = server.process.pid
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    if not workers:
        return 0
    os.kill(int(chosen.choice(workers)), signal.SIGKILL)
    return 1


def _cut_connections(place: Place) -> int:
    import psycopg

    with psycopg.connect(place.environ["VCFLOW_DATABASE_URL"], autocommit=True) as own:
        found = own.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    return len(found)


def run(engine: str, kills: int, seed: int = 1) -> Result:
    """Kill so many commands, and as often web workers or connections."""
    with new_place(engine) as place:
        place.publish()
        token = place.token()
        book = _begun(place, seed)
        kill_commands(place, book, kills)
        with _told_of_kills(place):
            kill_servers(place, book, kills, token)
        failures = [*_judged(place, book), *place.faults()]
    outcomes = Counter(book.changed.values())
    figures = {"kills": dict(book.kills), "changes": outcomes[True], "without effect": outcomes[False]}
    return Result(figures, failures)


@contextmanager
def _told_of_kills(place: Place) -> Iterator[None]:
    """What a cut connection makes of a request is told in the server's log; that is where it belongs."""
    try:
        yield
    except RuntimeError as error:
        log = place.folder / "logs" / "errors.log"
        raise RuntimeError(log.read_text()[-4000:] if log.exists() else "") from error


def _begun(place: Place, seed: int) -> Book:
    sessions = [place.run("flow", "session", "create", "trial", "--name", f"s{n}")["id"] for n in range(SESSIONS)]
    savepoints = []
    for session_id in sessions:
        savepoints.append(place.run("flow", "savepoint", "create", session_id)["id"])
        place.run("flow", "run", "trial:build", "--session", session_id)
        place.run("flow", "item", "done", "1", "--session", session_id)
        savepoints.append(place.run("flow", "savepoint", "create", session_id)["id"])
    return Book(random.Random(seed), sessions, savepoints)


def _judged(place: Place, book: Book) -> list[str]:
    """Each mark stands where it must, and as often."""
    found: Counter[str] = Counter()
    for session_id in book.sessions:
        events = place.run("flow", "session", "logs", session_id)
        found.update(event["reason"] for event in events if event["cause"] is None and event["reason"])
    listed = place.run("flow", "session", "list", "--all", "--limit", "100000")
    found.update(each["name"] for each in listed if each["name"] in book.kinds and book.kinds[each["name"]] in NAMED)
    return [
        f"{book.kinds[mark]} {mark}: {found[mark]} times, acknowledged as {'a change' if changed else 'no change'}"
        for mark, changed in book.changed.items()
        if found[mark] != int(changed)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    result = run(args.engine, args.kills, args.seed)
    print(json.dumps(result.figures, indent=2))
    print("\n".join(result.failures) or "Nothing that was acknowledged is missing or doubled.")
    sys.exit(bool(result.failures))


if __name__ == "__main__":
    main()
