"""Ways to tamper with what is stored, by SQL and behind the program's back, and which finding tells of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection, transaction

from sessions_app.actors import local_actor
from sessions_app.models import FlowSession, Savepoint, SessionEvent
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.factories import new_session, stage
from vcflow_site.doctor.running import Report, Round


class Tampering(NamedTuple):
    """How it is done, and the codes of which one must be among the findings.

    ``needs_backup``: nothing in the database itself can tell.
    """

    name: str
    do: Callable[[str, str], None]
    codes: frozenset[str]
    needs_backup: bool = False


def sql(statement: str, *parameters: Any) -> None:
    """Run a statement that no code of ours would."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def events(session_id: str) -> list[SessionEvent]:
    return list(SessionEvent.objects.filter(session_id=session_id).order_by("seq"))


def last(session_id: str) -> int:
    return FlowSession.objects.get(pk=session_id).version


def rechain(session_id: str) -> None:
    """Hash the whole chain anew, as somebody would who has read the source."""
    head = ""
    for event in events(session_id):
        head = event.chained_to(head)
        sql("UPDATE session_events SET hash = %s WHERE id = %s", head, event.pk)
    count = SessionEvent.objects.filter(session_id=session_id).count()
    sql("UPDATE flow_sessions SET version = %s, chain_head = %s WHERE id = %s", count, head, session_id)
    sql("UPDATE status_entries SET version = %s WHERE session_id = %s", count, session_id)
    for table, key in (("flow_sessions", "id"), ("status_entries", "session_id")):
        newest = "(SELECT created_at FROM session_events WHERE session_id = %s AND seq = %s)"
        sql(f"UPDATE {table} SET updated_at = {newest} WHERE {key} = %s", session_id, count, session_id)


def change_a_field(session_id: str, _other: str) -> None:
    sql("UPDATE session_events SET actor = 'mallory' WHERE session_id = %s AND seq = 2", session_id)


def change_a_reason(session_id: str, _other: str) -> None:
    sql("UPDATE session_events SET reason = 'nobody said so' WHERE session_id = %s AND seq = 3", session_id)


def change_the_changes(session_id: str, _other: str) -> None:
    event = events(session_id)[1]
    event.changes = {**event.changes, "session.name": {"before": "a", "after": "b"}}
    text = SessionEvent._meta.get_field("changes").get_db_prep_save(event.changes, connection)
    sql("UPDATE session_events SET changes = %s WHERE id = %s", text, event.pk)


def change_a_time(session_id: str, _other: str) -> None:
    sql(
        "UPDATE session_events SET created_at = %s WHERE session_id = %s AND seq = 2",
        "2001-02-03 04:05:06+00:00" if connection.vendor == "postgresql" else "2001-02-03 04:05:06",
        session_id,
    )


def delete_the_last(session_id: str, _other: str) -> None:
    sql("DELETE FROM session_events WHERE session_id = %s AND seq = %s", session_id, last(session_id))


def delete_one_in_the_middle(session_id: str, _other: str) -> None:
    sql("DELETE FROM session_events WHERE session_id = %s AND seq = 3", session_id)


def delete_one_and_renumber(session_id: str, _other: str) -> None:
    delete_one_in_the_middle(session_id, _other)
    for seq in range(4, last(session_id) + 1):
        sql("UPDATE session_events SET seq = %s WHERE session_id = %s AND seq = %s", seq - 1, session_id, seq)


def insert_one(session_id: str, _other: str) -> None:
    event = events(session_id)[-1]
    SessionEvent.objects.bulk_create(
        [
            SessionEvent(
                session_id=session_id,
                seq=event.seq + 1,
                type="session.noted",
                actor="mallory",
                door="cli",
                reason="approved",
                created_at=event.created_at,
                hash="0" * 64,
            )
        ]
    )
    sql("UPDATE flow_sessions SET version = version + 1, chain_head = %s WHERE id = %s", "0" * 64, session_id)


def swap_two(session_id: str, _other: str) -> None:
    for seq, new in ((2, 1_000_002), (3, 2), (1_000_002, 3)):
        sql("UPDATE session_events SET seq = %s WHERE session_id = %s AND seq = %s", new, session_id, seq)


def recompute_the_chain(session_id: str, _other: str) -> None:
    """A reason that was never given, and all hashes and heads made to fit."""
    change_a_reason(session_id, _other)
    rechain(session_id)


def cut_the_end_and_reset(session_id: str, _other: str) -> None:
    """The last note goes, and the head is moved back: what is stored doesn't change by it."""
    delete_the_last(session_id, _other)
    rechain(session_id)


def move_to_another_session(session_id: str, other: str) -> None:
    sql(
        "UPDATE session_events SET session_id = %s, seq = %s WHERE session_id = %s AND seq = %s",
        other,
        last(other) + 1,
        session_id,
        last(session_id),
    )


def delete_the_session(session_id: str, _other: str) -> None:
    """With all that belongs to it, and without a tombstone."""
    stages = "SELECT id FROM stage_instances WHERE session_id = %s"
    sql(f"DELETE FROM stage_items WHERE stage_instance_id IN ({stages})", session_id)
    for table in ("stage_instances", "savepoints", "status_entries", "session_events", "current_sessions"):
        sql(f"DELETE FROM {table} WHERE session_id = %s", session_id)
    sql("DELETE FROM flow_sessions WHERE id = %s", session_id)


def change_the_stored_state(session_id: str, _other: str) -> None:
    sql("UPDATE flow_sessions SET status = 'ABORTED' WHERE id = %s", session_id)


def tick_an_item(session_id: str, _other: str) -> None:
    stages = "SELECT id FROM stage_instances WHERE session_id = %s"
    sql(f"UPDATE stage_items SET is_done = %s WHERE stage_instance_id IN ({stages})", True, session_id)


def remove_an_attempt(session_id: str, _other: str) -> None:
    stages = "SELECT id FROM stage_instances WHERE session_id = %s"
    sql(f"DELETE FROM stage_items WHERE stage_instance_id IN ({stages})", session_id)
    sql("DELETE FROM stage_instances WHERE session_id = %s", session_id)
    sql("UPDATE flow_sessions SET stage_states = '{}' WHERE id = %s", session_id)


def damage_a_savepoint(session_id: str, _other: str) -> None:
    sql("UPDATE savepoints SET digest = %s WHERE session_id = %s", "0" * 64, session_id)


def forge_a_savepoint(session_id: str, _other: str) -> None:
    """With a digest that fits."""
    kept = Savepoint.objects.filter(session=session_id).earliest("seq")
    state = kept.state
    state["session"]["name"] = "Another"
    forged = Savepoint.of(session_id, kept.seq, state)
    sql("UPDATE savepoints SET data = %s, digest = %s WHERE id = %s", forged.data, forged.digest, kept.pk)


TAMPERINGS: Iterable[Tampering] = (
    Tampering("change a field", change_a_field, frozenset({"event-forged"})),
    Tampering("change a reason", change_a_reason, frozenset({"event-forged"})),
    Tampering("change the changes", change_the_changes, frozenset({"event-forged"})),
    Tampering("change a time", change_a_time, frozenset({"event-forged"})),
    Tampering("delete the last event", delete_the_last, frozenset({"events-cut"})),
    Tampering("delete one in the middle", delete_one_in_the_middle, frozenset({"events-missing"})),
    Tampering("delete one and renumber", delete_one_and_renumber, frozenset({"event-forged"})),
    Tampering("insert one", insert_one, frozenset({"event-forged"})),
    Tampering("swap two", swap_two, frozenset({"event-forged"})),
    Tampering("recompute the whole chain", recompute_the_chain, frozenset({"log-rewritten"}), True),
    Tampering("cut the end and reset the head", cut_the_end_and_reset, frozenset({"log-cut"}), True),
    Tampering("move an event to another session", move_to_another_session, frozenset({"events-cut"})),
    Tampering("delete a session without tombstone", delete_the_session, frozenset({"session-vanished"}), True),
    Tampering("change the stored state", change_the_stored_state, frozenset({"state-differs"})),
    Tampering("tick an item", tick_an_item, frozenset({"state-differs"})),
    Tampering("remove an attempt", remove_an_attempt, frozenset({"state-differs"})),
    Tampering("damage a savepoint", damage_a_savepoint, frozenset({"savepoint-damaged"})),
    Tampering("forge a savepoint", forge_a_savepoint, frozenset({"savepoint-differs"})),
)


def two_sessions() -> tuple[str, str]:
    """A session with all that can be tampered with, and another."""
    flow_session = new_session(stage("build", items=["one"]), "test", name="Login")
    other = new_session("build", id="dev2")
    stages = StageInstanceManager()
    build = stages.run_stage(flow_session.pk, "build")
    FlowSessionManager().update_session(flow_session.pk, {"context": {"branch": "main"}})
    SavepointManager().create_savepoint(flow_session.pk, "before the work")
    stages.add_item(build.pk, "two")
    FlowSessionManager().note_session(flow_session.pk, "half way")
    return flow_session.pk, other.pk


@contextmanager
def tampered(tampering: Tampering, session_id: str, other: str) -> Iterator[None]:
    """The database as it is after the tampering; it is undone at the end."""
    with transaction.atomic():
        tampering.do(session_id, other)
        yield
        transaction.set_rollback(True)


def examined(backup: Path | None = None, sessions: Sequence[str] | None = None) -> Report:
    """What the doctor says of everything, or of some sessions."""
    return Round(local_actor("cli"), lambda _message: None).look(sessions, backup)
