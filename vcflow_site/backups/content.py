"""What both engines copy the same way: which tables, the heads of all chains, and whether they agree."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from sessions_app.language import gettext as _
from vcflow_site.backups import manifest
from vcflow_site.backups.layout import Packer
from vcflow_site.backups.manifest import Heads

MIGRATIONS = MigrationRecorder.Migration._meta.db_table
PASSING = frozenset({"workers"})
"""Tables that are true only of the moment: which workers run."""

NOT_OURS = "procrastinate"
"""The app whose tables are its own: its jobs carry nothing but the wish to look."""

HEADS_QUERY = "SELECT id, version, chain_head FROM flow_sessions ORDER BY id"

_APART = """
    SELECT flow_sessions.id FROM flow_sessions
      LEFT JOIN (SELECT session_id, count(*) AS events, max(seq) AS latest FROM session_events GROUP BY session_id)
        AS counted ON counted.session_id = flow_sessions.id
      LEFT JOIN session_events AS final ON final.session_id = flow_sessions.id AND final.seq = flow_sessions.version
     WHERE coalesce(counted.events, 0) <> flow_sessions.version
        OR coalesce(counted.latest, 0) <> flow_sessions.version
        OR coalesce(final.hash, '') <> flow_sessions.chain_head
     ORDER BY flow_sessions.id LIMIT 5
"""


def our_tables() -> set[str]:
    """The tables of all installed apps, and the record of migrations."""
    models = (
        model
        for config in apps.get_app_configs()
        if config.label != NOT_OURS
        for model in config.get_models(include_auto_created=True)
    )
    return {MIGRATIONS} | {model._meta.db_table for model in models if model._meta.managed and not model._meta.proxy}


def write_heads(packer: Packer, rows: Iterable[tuple[str, int, str]]) -> Heads:
    """One line of JSON for each session."""
    digest, sessions = hashlib.sha256(), 0
    for line in _lines(rows):
        packer.write(line)
        digest.update(line)
        sessions += 1
    return Heads(sessions, digest.hexdigest())


def faults(expected: manifest.Content) -> Iterator[str]:
    """In what the connected database differs from what was copied."""
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        for name, table in expected.tables.items():
            found = _count(cursor, name) if name in there else 0
            if found != table.rows:
                yield _("{table} has {found} rows instead of {expected}").format(
                    table=name, found=found, expected=table.rows
                )
    yield from chain_faults(expected)


def chain_faults(expected: manifest.Content) -> Iterator[str]:
    """Where the sessions, or the events that lead to them, are others than those that were copied."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        cursor.execute(HEADS_QUERY)
        for line in _lines(_rows(cursor)):
            digest.update(line)
        if digest.hexdigest() != expected.heads.sha256:
            yield _("the heads of the chains are others")
        cursor.execute(_APART)
        yield from (_("the events of {id} don't lead to where it is").format(id=row[0]) for row in cursor.fetchall())


def _count(cursor: Any, table: str) -> int:
    name = connection.ops.quote_name(table)
    theirs = f" WHERE app <> '{NOT_OURS}'" if table == MIGRATIONS else ""
    cursor.execute(f"SELECT count(*) FROM {name}{theirs}")  # noqa: S608 - a quoted name
    return int(cursor.fetchone()[0])


def _rows(cursor: Any) -> Iterator[tuple[str, int, str]]:
    while rows := cursor.fetchmany(2000):
        yield from rows


def _lines(rows: Iterable[tuple[str, int, str]]) -> Iterator[bytes]:
    for session_id, version, chain_head in rows:
        yield json.dumps({"id": session_id, "version": version, "chain_head": chain_head}).encode() + b"\n"
