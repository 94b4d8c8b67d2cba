"""PostgreSQL: all tables of one moment by COPY, and put back in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg import Connection, IsolationLevel
from psycopg.sql import SQL, Composed, Identifier

from sessions_app import storage
from sessions_app.language import gettext as _
from vcflow_site.backups import content
from vcflow_site.backups.archive import HEADS, Archive
from vcflow_site.backups.errors import BackupUnfit, damaged
from vcflow_site.backups.layout import Writer
from vcflow_site.backups.manifest import Content, Table

Raw = Connection[Any]

_COLUMNS = """
    SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0
       AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
_TABLES = """
    SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND pg_table_is_visible(oid) AND relname = ANY(%s)
     ORDER BY relname
"""
_SEQUENCE = """
    SELECT attname, pg_get_serial_sequence(%(table)s, attname) FROM pg_attribute
     WHERE attrelid = %(table)s::regclass AND attnum > 0 AND NOT attisdropped
       AND pg_get_serial_sequence(%(table)s, attname) IS NOT NULL
"""


@contextmanager
def one_moment() -> Iterator[Raw]:
    """A connection of its own that sees everything as it is now, whatever others write meanwhile."""
    own = connection.copy()
    try:
        own.ensure_connection()
        raw: Raw = own.connection
        raw.isolation_level, raw.read_only = IsolationLevel.REPEATABLE_READ, True
        with failures_translated(), raw.transaction():
            _take_ones_time(raw)
            yield raw
    finally:
        own.close()


def copy(raw: Raw, writer: Writer) -> Content:
    """Write all tables as the transaction of ``raw`` sees them."""
    with failures_translated():
        tables = {}
        with writer.member(HEADS) as packer, _cursor(raw, "heads") as cursor:
            cursor.execute(content.HEADS_QUERY)
            heads = content.write_heads(packer, cursor)
        for name in _present(raw):
            if name not in content.PASSING:
                tables[name] = _copy_table(raw, writer, name)
        applied = raw.execute(
            "SELECT app || '.' || name FROM django_migrations WHERE app <> %s ORDER BY id", [content.NOT_OURS]
        )
        return Content(tuple(row[0] for row in applied), tables, heads)


def replace(archive: Archive, before: Callable[[Raw], object]) -> None:
    """Put the backup in the place of all that is there, in one transaction; ``before`` may still keep that."""
    with storage.translated(), transaction.atomic(durable=True):
        raw = _own()
        _take_ones_time(raw)
        present = _present(raw)
        with failures_translated():
            for name in present:
                raw.execute(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(Identifier(name)))
        if present:
            before(raw)
        _make_room(archive.manifest.content, present)
        with failures_translated():
            raw.execute("SET CONSTRAINTS ALL DEFERRED")
            for name, table in archive.manifest.content.tables.items():
                _load(raw, archive, name, table)
            raw.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what doesn't hold is found here and not at the commit
        for fault in content.faults(archive.manifest.content):
            raise damaged(archive.path, fault)


@contextmanager
def failures_translated() -> Iterator[None]:
    """What the driver raises comes out as errors of ours."""
    with storage.translated(), connection.wrap_database_errors:
        yield


def _own() -> Raw:
    connection.ensure_connection()
    raw: Raw = connection.connection
    return raw


def _cursor(raw: Raw, name: str) -> Any:
    """One that fetches some rows at a time."""
    cursor = raw.cursor(name)
    cursor.itersize = 2000
    return cursor


def _take_ones_time(raw: Raw) -> None:
    raw.execute("SET LOCAL statement_timeout = 0")
    raw.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def _present(raw: Raw) -> list[str]:
    """Those of our tables that there are."""
    return [row[0] for row in raw.execute(_TABLES, [sorted(content.our_tables())])]


def _copy_table(raw: Raw, writer: Writer, name: str) -> Table:
    columns = [row[0] for row in raw.execute(_COLUMNS, [_quoted(raw, name)])]
    if name == content.MIGRATIONS:
        columns.remove("id")  # another installation has given its own to those of procrastinate
    rows = 0
    query = _copy_out(name, columns)
    with writer.member(f"tables/{name}.copy.gz") as packer, raw.cursor() as cursor, cursor.copy(query) as copied:
        for data in copied:
            packer.write(data)
            rows += bytes(data).count(b"\n")  # within a value it is written \n
    return Table(rows, tuple(columns), _last_number(raw, name))


def _copy_out(name: str, columns: Iterable[str]) -> Composed:
    theirs = SQL(" WHERE app <> {}").format(content.NOT_OURS) if name == content.MIGRATIONS else SQL("")
    query = SQL("SELECT {} FROM {}").format(_names(columns), Identifier(name)) + theirs
    return SQL("COPY ({}) TO STDOUT").format(query)


def _make_room(wanted: Content, present: list[str]) -> None:
    """Empty tables of just the schema that the backup has."""
    unknown = sorted(set(wanted.tables) - content.our_tables())
    if unknown:
        raise BackupUnfit(
            _("The backup has tables that this installation doesn't know: {tables}.").format(tables=", ".join(unknown)),
            fix=_("Install the plugins that they belong to, then try again."),
            tables=unknown,
        )
    names = [connection.ops.quote_name(name) for name in present if name != content.MIGRATIONS]
    with connection.cursor() as cursor:
        is_same = content.MIGRATIONS in present and _applied(cursor) == set(wanted.migrations)
        if names:
            cursor.execute(("TRUNCATE {}" if is_same else "DROP TABLE {} CASCADE").format(", ".join(names)))
        if not is_same:
            _forget_migrations(cursor, present)
            _build(set(wanted.migrations))
            present = [content.MIGRATIONS]
        _forget_migrations(cursor, present)


def _applied(cursor: Any) -> set[str]:
    cursor.execute("SELECT app || '.' || name FROM django_migrations WHERE app <> %s", [content.NOT_OURS])
    return {row[0] for row in cursor.fetchall()}


def _forget_migrations(cursor: Any, present: list[str]) -> None:
    if content.MIGRATIONS in present:
        cursor.execute("DELETE FROM django_migrations WHERE app <> %s", [content.NOT_OURS])


def _build(migrations: set[str]) -> None:
    """Make the tables by the migrations that the backup has had."""
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    plan = executor.migration_plan(leaves, clean_start=True)
    executor.migrate(leaves, plan=[(one, False) for one, _back in plan if f"{one.app_label}.{one.name}" in migrations])
    transaction.get_connection().check_constraints()


def _load(raw: Raw, archive: Archive, name: str, table: Table) -> None:
    """Fill a table, and let its numbers go on after all that were ever given."""
    into = SQL("COPY {} ({}) FROM STDIN").format(Identifier(name), _names(table.columns))
    with raw.cursor() as cursor, cursor.copy(into) as copied:
        for data in archive.read(f"tables/{name}.copy.gz"):
            copied.write(data)
    for column, sequence in _sequences(raw, name):
        raw.execute(
            SQL("SELECT setval({0}, greatest((SELECT max({1}) FROM {2}), {3}, last_value)) FROM {4}").format(
                sequence, Identifier(column), Identifier(name), table.sequence or 1, SQL(sequence)
            )
        )


def _last_number(raw: Raw, name: str) -> int | None:
    for _column, sequence in _sequences(raw, name):
        found = raw.execute(SQL("SELECT last_value FROM {}").format(SQL(sequence))).fetchone()
        return int(found[0]) if found else None
    return None


def _sequences(raw: Raw, name: str) -> list[tuple[str, Any]]:
    """The columns of a table that number themselves, and the names of their sequences, quoted by the server."""
    return raw.execute(_SEQUENCE, {"table": _quoted(raw, name)}).fetchall()


def _quoted(raw: Raw, name: str) -> str:
    return Identifier(name).as_string(raw)


def _names(columns: Iterable[str]) -> Composed:
    return SQL(", ").join(map(Identifier, columns))
