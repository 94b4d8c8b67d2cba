"""Plays sessions until it is told to end: python -m tests.reliability.writer <seed> <changes a second>."""

from __future__ import annotations

import os
import random
import signal
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vcflow_site.settings")
django.setup()

from sessions_app.exceptions import FlowError  # noqa: E402  models can be imported only now
from sessions_app.services import FlowSessionManager  # noqa: E402
from stages_app.services import StageInstanceManager  # noqa: E402

OPEN_AT_ONCE = 8
WORKFLOW = "dev"


class Writer:
    """One user with several sessions."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._open: list[str] = []
        self._sessions = FlowSessionManager()
        self._stages = StageInstanceManager()
        self.changes = 0

    def step(self) -> None:
        """Do one thing; what is not possible at the moment is refused and does no harm."""
        if len(self._open) < OPEN_AT_ONCE:
            self._open.append(self._sessions.create_session(WORKFLOW, f"s{self.changes}").pk)
        else:
            session_id = self._random.choice(self._open)
            verb = self._random.choices(list(self._verbs), [12, 4, 4, 8, 1, 1, 4])[0]
            try:
                self._verbs[verb](self, session_id)
            except FlowError:
                return
        self.changes += 1

    def _end(self, session_id: str) -> None:
        self._sessions.abort_session(session_id)
        self._open.remove(session_id)

    def _complete(self, session_id: str) -> None:
        self._sessions.complete_session(session_id, force=True, reason="enough")
        self._open.remove(session_id)

    def _run(self, session_id: str) -> None:
        self._stages.run_stage(session_id, "story")

    _verbs = {
        "note": lambda self, session_id: self._sessions.note_session(session_id, "went on"),
        "pause": lambda self, session_id: self._sessions.pause_session(session_id),
        "resume": lambda self, session_id: self._sessions.resume_session(session_id),
        "run": _run,
        "abort": _end,
        "complete": _complete,
        "rename": lambda self, session_id: self._sessions.update_session(session_id, {"name": f"n{self.changes}"}),
    }


def main() -> None:
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: ended.append(number))
    seed, rate = int(sys.argv[1]), float(sys.argv[2])
    writer = Writer(seed)
    while not ended:
        writer.step()
        time.sleep(1 / rate)
    print(writer.changes)


if __name__ == "__main__":
    main()
