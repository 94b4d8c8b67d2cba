"""Many clients ask for the same or the opposite at one moment: one wins, the others are told, and the log holds.

python -m tests.reliability.races [--engine sqlite|postgresql] [--rounds N] [--clients N]
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.reliability.place import Answer, Client, Place, Result, new_place

CLIENTS = 32
PATIENCE = 120

Request = tuple[str, str, Any, str]
"""Method, path, body, idempotency key."""


class Trial:
    """The site with as many clients connected as race."""

    def __init__(self, place: Place, port: int, token: str, clients: int) -> None:
        self.place = place
        self.one = Client(port, token)
        self._port, self._token, self._count = port, token, clients

    def session(self, *stages: str) -> str:
        """A new session's id, with these stages active."""
        session_id = str(self.one.ask("POST", "/sessions/", {"workflow_id": "trial"}).data["id"])
        for stage_id in stages:
            self.done("POST", f"/sessions/{session_id}/run/", {"stage": stage_id})
        return session_id

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """What a request answers that must succeed."""
        answer = self.one.ask(method, path, body)
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer}")
        return answer.data

    def race(self, make: Callable[[int], Request]) -> list[Answer]:
        """All clients' answers to requests sent at one moment; ``make`` gives each its own."""
        barrier = threading.Barrier(self._count)
        answers: list[Answer] = []
        threads = [threading.Thread(target=self._ask, args=(barrier, make(n), answers)) for n in range(self._count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        return answers

    def _ask(self, barrier: threading.Barrier, request: Request, answers: list[Answer]) -> None:
        client = Client(self._port, self._token)
        client.connect()
        barrier.wait(PATIENCE)
        answer = _repeated(client, request)
        answers.append(answer)
        client.close()


def _repeated(client: Client, request: Request) -> Answer:
    """503 says that nothing was changed and when to ask again."""
    for _turn in range(20):
        answer = client.ask(*request)
        if answer.status != 503:
            return answer
    return answer


def same_verb(trial: Trial) -> list[str]:
    key = trial.session()
    answers = trial.race(lambda n: ("POST", f"/sessions/{key}/pause/", {}, ""))
    return _events(trial, key, "session.paused", 1) + _only(answers, 200)


def opposite_verbs(trial: Trial) -> list[str]:
    key = trial.session()
    verbs = ("pause", "resume")
    answers = trial.race(lambda n: ("POST", f"/sessions/{key}/{verbs[n % 2]}/", {}, ""))
    return _only(answers, 200, 409)


def items(trial: Trial) -> list[str]:
    key = trial.session("build")
    answers = trial.race(lambda n: ("POST", f"/stages/{key}.build.1/items/done/", {"items": [n % 4 + 1]}, ""))
    return _events(trial, key, "item.done", 4) + _only(answers, 200)


def notes(trial: Trial) -> list[str]:
    key = trial.session()
    answers = trial.race(lambda n: ("POST", f"/sessions/{key}/note/", {"text": f"note {n}"}, ""))
    return _events(trial, key, "session.noted", len(answers)) + _only(answers, 200, 201)


def complete_against_abort(trial: Trial) -> list[str]:
    key = trial.session()
    bodies = {"complete": {"force": True, "reason": "enough"}, "abort": {"reason": "enough"}}
    verbs = tuple(bodies)
    answers = trial.race(lambda n: ("POST", f"/sessions/{key}/{verbs[n % 2]}/", bodies[verbs[n % 2]], ""))
    ended = _count(trial, key, "session.completed") + _count(trial, key, "session.aborted")
    return ([] if ended == 1 else [f"{key} ended {ended} times"]) + _only(answers, 200, 409)


def create_with_one_key(trial: Trial) -> list[str]:
    name = f"one-{trial.session()}"
    answers = trial.race(lambda n: ("POST", "/sessions/", {"workflow_id": "trial", "name": name}, name))
    made = {answer.data["id"] for answer in answers if answer.status < 300}
    return ([] if len(made) == 1 else [f"{len(made)} sessions of one key"]) + _only(answers, 200, 201)


def last_stages(trial: Trial) -> list[str]:
    key = trial.session("build", "test", "ship")
    trial.done("POST", f"/stages/{key}.build.1/items/done/", {"items": [1, 2, 3, 4]})
    stages = ("build", "test", "ship")
    answers = trial.race(lambda n: ("POST", f"/sessions/{key}/stages/{stages[n % 3]}/complete/", {}, ""))
    return (
        _events(trial, key, "stage.completed", 3)
        + _events(trial, key, "session.completed", 1)
        + _only(answers, 200, 409)
    )


def restore_against_work(trial: Trial) -> list[str]:
    key = trial.session("build")
    kept = trial.done("POST", f"/sessions/{key}/savepoints/", {"note": "here"})["id"]
    trial.done("POST", f"/stages/{key}.build.1/items/done/", {"items": [1]})

    def request(n: int) -> Request:
        if n % 2:
            return "POST", f"/savepoints/{kept}/restore/", {"reason": "back"}, ""
        return "POST", f"/stages/{key}.build.1/items/done/", {"items": [n % 4 + 1]}, ""

    return _only(trial.race(request), 200)


def fork_with_one_key(trial: Trial) -> list[str]:
    key = trial.session("build")
    kept = trial.done("POST", f"/sessions/{key}/savepoints/", {})["id"]
    answers = trial.race(lambda n: ("POST", f"/savepoints/{kept}/fork/", {"name": "fork"}, f"fork-{key}"))
    made = trial.done("GET", "/sessions/?search=trial-fork&fields=id,forked_from&limit=200")["results"]
    forks = [each for each in made if each["forked_from"] == kept]
    return ([] if len(forks) == 1 else [f"{len(forks)} forks of one key"]) + _only(answers, 200, 201)


def claim(trial: Trial) -> list[str]:
    key = trial.session("build")
    answers = trial.race(lambda n: ("POST", f"/stages/{key}.build.1/claim/", {"holder": f"agent {n}"}, ""))
    winners = [answer for answer in answers if answer.status == 200]
    return ([] if len(winners) == 1 else [f"{len(winners)} hold one lease"]) + _only(answers, 200, 409)


SCENARIOS = [
    same_verb,
    opposite_verbs,
    items,
    notes,
    complete_against_abort,
    create_with_one_key,
    last_stages,
    restore_against_work,
    fork_with_one_key,
    claim,
]


def run(engine: str, rounds: int = 1, clients: int = CLIENTS) -> Result:
    """Each scenario so many times over."""
    failures: list[str] = []
    statuses: Counter[int] = Counter()
    with new_place(engine) as place:
        place.publish()
        token = place.token()
        with place.serving(workers=4) as server:
            trial = Trial(place, server.port, token, clients)
            for scenario in SCENARIOS * rounds:
                _STATUSES.clear()
                failures += [f"{scenario.__name__}: {failure}" for failure in scenario(trial)]
                statuses += _STATUSES
        failures += place.faults()
    return Result(
        {
            "races": len(SCENARIOS) * rounds,
            "clients": clients,
            "requests": statuses.total(),
            "statuses": dict(sorted(statuses.items())),
        },
        failures,
    )


_STATUSES: Counter[int] = Counter()


def _only(answers: list[Answer], *allowed: int) -> list[str]:
    """All answered, and with these statuses alone."""
    found = Counter(answer.status for answer in answers)
    _STATUSES.update(found)
    return [f"{count} answers {status}" for status, count in found.items() if status not in allowed]


def _events(trial: Trial, session_id: str, event_type: str, expected: int) -> list[str]:
    found = _count(trial, session_id, event_type)
    return [] if found == expected else [f"{session_id}: {found} times {event_type}, not {expected}"]


def _count(trial: Trial, session_id: str, event_type: str) -> int:
    found = trial.done("GET", f"/events/?session={session_id}&type={event_type}&limit=200")
    return len(found["results"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    args = parser.parse_args()
    result = run(args.engine, args.rounds, args.clients)
    print(json.dumps(result.figures, indent=2))
    print("\n".join(result.failures) or "One won each time, and the log holds.")
    sys.exit(bool(result.failures))


if __name__ == "__main__":
    main()
