"""How long the doctor takes in a database of any size that the environment names.

``python -m benchmarks.doctor 100000`` fills a fresh database with so many copies of one session that was worked on
by the services (13 events, 2 attempts, 5 items), each with a chain of hashes of its own; ``vc flow doctor`` then
looks at them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import django

AT_ONCE = 500


def main(count: int) -> None:
    """Fill."""
    django.setup()
    from django.db import transaction

    origin = life()
    for start in range(0, count - 1, AT_ONCE):
        with transaction.atomic():
            copy(origin, range(start, min(start + AT_ONCE, count - 1)))


def life() -> str:
    """A session half way through; its id."""
    from sessions_app.actors import local_actor
    from sessions_app.definitions.schema import ChecklistItem, Definition, StageDefinition
    from sessions_app.publishing import publish
    from sessions_app.services import FlowSessionManager
    from stages_app.services import StageInstanceManager

    items = (ChecklistItem("first", "First"), ChecklistItem("second", "Second"))
    stages = tuple(StageDefinition(name, name.title(), order, checklist=items) for order, name in enumerate("abc", 1))
    publish(local_actor(), Definition("bench", "Benchmark", stages))
    sessions, working = FlowSessionManager(), StageInstanceManager()
    session_id = sessions.create_session("bench", "Feature", context={"branch": "main"}).pk
    begun = working.run_stage(session_id, "a").pk
    working.add_item(begun, "More")
    sessions.pause_session(session_id)
    sessions.resume_session(session_id)
    working.complete_item(begun, "first", "second", "More")
    working.complete_instance(begun)
    working.run_stage(session_id, "b")
    sessions.update_session(session_id, {"tags": ["x"], "metadata": {"pull_request": 17}})
    return str(session_id)


def copy(origin: str, numbers: range) -> None:
    """Copies of a session under other ids."""
    from sessions_app.models import FlowSession, Savepoint, SessionEvent
    from stages_app.models import StageInstance, StageItem
    from status_bridge.models import StatusEntry

    rows: dict[type, list[Any]] = {
        model: [] for model in (FlowSession, SessionEvent, StageInstance, StageItem, StatusEntry, Savepoint)
    }
    for number in numbers:
        new = f"{origin}-{number:07d}"
        heads = list(_copied(SessionEvent.objects.filter(session=origin).order_by("seq"), origin, new))
        chain = ""
        for event in heads:
            event.hash = chain = event.chained_to(chain)
        session = next(_copied(FlowSession.objects.filter(pk=origin), origin, new))
        session.chain_head = chain
        rows[FlowSession].append(session)
        rows[SessionEvent] += heads
        rows[StageInstance] += _copied(StageInstance.objects.filter(session=origin), origin, new)
        rows[StageItem] += _copied(StageItem.objects.filter(stage_instance__session=origin), origin, new)
        rows[StatusEntry] += _copied(StatusEntry.objects.filter(session=origin), origin, new)
        rows[Savepoint] += _copied(Savepoint.objects.filter(session=origin), origin, new)
    for model, made in rows.items():
        model.objects.bulk_create(made)  # type: ignore[attr-defined]


_found: dict[str, list[dict[str, Any]]] = {}


def _copied(found: Any, origin: str, new: str) -> Iterator[Any]:
    """The rows of a query, which is asked once, with the other id in every column that names the first."""
    key = found.model.__name__
    _found.setdefault(key, list(found.values()))
    for values in _found[key]:
        changed = {
            name: value.replace(origin, new) if isinstance(value, str) and origin in value else value
            for name, value in values.items()
        }
        if not isinstance(changed.get("id"), str):
            changed.pop("id")
        yield found.model(**changed)


if __name__ == "__main__":
    main(int(sys.argv[1]))
