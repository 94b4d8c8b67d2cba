"""Statistics in a database of any size that the environment names: what an answer costs; prints JSON.

``python -m benchmarks.statistics fill 100000`` fills a fresh database as ``benchmarks.admin_dashboard`` does, and
adds what the stages' events changed; ``measure 5`` then asks so often per reader, for an administrator and for a
member of a team: of all workflows, of one, and of a version of one.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from statistics import median
from typing import Any

import django

from benchmarks.admin_dashboard import ADMIN, MEMBER, STAGES, _timed
from benchmarks.admin_dashboard import fill as fill_dashboard

_TO = '\'{{"status": {{"before": null, "after": "\' || {status} || \'"}}}}\''
_ORDER = "UPDATE session_events SET seq = CASE seq WHEN 2 THEN 50 ELSE 15 END WHERE seq IN (2, 4)"
_TOLD = "UPDATE session_events SET changes = {changes} WHERE type IN ({types})"
_STEPS = """
INSERT INTO session_events (session_id, seq, type, level, stage_instance_id, actor, door, submitted_by, reason, changes,
    created_at, hash, transaction_id)
SELECT session_id, {seq}, '{type}', 20, id, 'root', 'python', '', '', {changes}, {at}, '', 1
FROM stage_instances WHERE stage_id = '{stage}'
"""
_ENDS = ("completed", "aborted", "failed", "paused")


def main(what: str, number: int) -> None:
    """Fill or measure."""
    django.setup()
    if what == "fill":
        fill(number)
    else:
        print(json.dumps(measure(number), indent=1))


def fill(count: int) -> None:
    """The dashboard's data, with what events changed and the events of stages."""
    from django.db import connection

    fill_dashboard(count)
    cast = "::jsonb" if connection.vendor == "postgresql" else ""
    told = [("'session.created'", "'ACTIVE'"), ("'stage.paused'", "'PAUSED'"), ("'stage.resumed'", "'ACTIVE'")]
    told += [(f"'session.{end}'", f"'{end.upper()}'") for end in _ENDS]
    statements = [_ORDER, *(_TOLD.format(changes=f"({_changes(status)}){cast}", types=kind) for kind, status in told)]
    for place, stage in enumerate(STAGES):
        for kind, status, at, seq in (
            ("started", "ACTIVE", "started_at", 2),
            ("completed", "COMPLETED", "completed_at", 20),
        ):
            # The first stage is paused with number 3 and resumed with 15.
            step = {"seq": seq + (5 + place if place else 0), "type": f"stage.{kind}", "at": at, "stage": stage}
            statements.append(_STEPS.format(changes=f"({_changes(repr(status))}){cast}", **step))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "PRAGMA optimize")


def _changes(status: str) -> str:
    return _TO.format(status=status)


def measure(rounds: int) -> dict[str, Any]:
    """Per reader and question: milliseconds by the clock and of the processor, queries, and how many sessions ended."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from sessions_app.actors import Actor
    from sessions_app.models import WorkflowDefinition
    from stages_app.stats.representation import statistics_json
    from stages_app.stats.statistics import statistics
    from stages_app.stats.window import read_window

    workflow = WorkflowDefinition.objects.order_by("pk")[0]
    questions: dict[str, tuple[Any, ...]] = {"all": (), "workflow": (workflow,), "version": (workflow, 1)}
    found: dict[str, Any] = {}
    for name in (ADMIN, MEMBER):
        user = User.objects.get(username=name)
        for question, asked in questions.items():

            def ask(user: Any = user, asked: tuple[Any, ...] = asked) -> dict[str, Any]:
                return statistics_json(statistics(Actor(user, "python"), read_window(), *asked))

            with CaptureQueriesContext(connection) as queries:
                answer = ask()
            found[f"{name}, {question}"] = {
                "ms": round(median(_timed(partial(ask)) for _round in range(rounds)), 1),
                "cpu_ms": round(median(_worked(partial(ask)) for _round in range(rounds)), 1),
                "queries": len(queries),
                "ended": answer["ended"],
                "sampled": answer["sampled"],
            }
    return found


def _worked(work: Any) -> float:
    """Milliseconds of this process's processor, which other programs don't lengthen; on SQLite that is everything."""
    begun = time.process_time()
    work()
    return 1e3 * (time.process_time() - begun)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
