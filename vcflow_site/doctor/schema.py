"""Whether the database has the tables, columns, constraints and indexes that the code means, and holds together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey, Model

from sessions_app.checkups import Check, Finding, Tally
from sessions_app.checkups.sessions import backup_fix
from sessions_app.exceptions import FlowError
from sessions_app.language import gettext as _
from sessions_app.language import noop
from vcflow_site import provision, stamp

_MOST = 20
"""Faults of one kind that are told one by one."""


def check_schema(tally: Tally) -> Iterator[Finding]:
    """The migrations are applied; tables and columns are there."""
    try:
        state = provision.find_state()
    except FlowError as error:
        yield Finding(error.code, error.message, error.fix)
        return
    if state is not provision.State.CURRENT:
        fix = _("Bring it up to date with 'vc init'; on SQLite it makes a copy first.")
        yield Finding("database-outdated", _("The database was made by an older version of vcflow."), fix)
        return
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for model in _models():
            tally.checked += 1
            table = model._meta.db_table
            if table not in tables:
                yield Finding("table-missing", _("The table {table} is missing.").format(table=table), backup_fix())
                continue
            there = {column.name for column in connection.introspection.get_table_description(cursor, table)}
            for name in sorted({str(field.column) for field in model._meta.concrete_fields} - there):
                message = _("The table {table} has no column {name}.").format(table=table, name=name)
                yield Finding("column-missing", message, backup_fix())


def check_constraints(tally: Tally) -> Iterator[Finding]:
    """What keeps wrong rows out is there, and the indexes."""
    with connection.cursor() as cursor:
        for model in _models():
            table = model._meta.db_table
            there = connection.introspection.get_constraints(cursor, table)
            named = [*model._meta.constraints, *model._meta.indexes]
            tally.checked += len(named)
            for name in sorted({str(one.name) for one in named} - set(there)):
                message = _("The table {table} has no constraint or index {name}.").format(table=table, name=name)
                fix = _("Make it again as the migrations do, or put a backup of before back.")
                yield Finding("constraint-missing", message, fix)


def check_engine(tally: Tally) -> Iterator[Finding]:
    """What the database itself finds."""
    tally.checked = 1
    with connection.cursor() as cursor:
        found = _sqlite_faults(cursor) if connection.vendor == "sqlite" else _postgres_faults(cursor)
        for fault in found:
            yield Finding(
                "database-damaged", _("The database is damaged: {faults}.").format(faults=fault), backup_fix()
            )


def _sqlite_faults(cursor: Any) -> list[str]:
    cursor.execute(f"PRAGMA integrity_check({_MOST})")
    return [row[0] for row in cursor.fetchall() if row[0] != "ok"]


def _postgres_faults(cursor: Any) -> list[str]:
    """Indexes that a crash left half made, constraints that weren't looked at, tables whose triggers are off."""
    cursor.execute(
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE NOT (i.indisvalid AND i.indisready)"
        " UNION ALL SELECT conname FROM pg_constraint WHERE NOT convalidated"
        " UNION ALL SELECT tgname FROM pg_trigger WHERE tgisinternal AND tgenabled = 'D'"
    )
    return [row[0] for row in cursor.fetchmany(_MOST)]


def check_references(tally: Tally) -> Iterator[Finding]:
    """What a row names in another table is there."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for model in _models():
            key = quote(str(model._meta.pk.column))
            for field in _references(model):
                tally.checked += 1
                column, parent = quote(str(field.column)), quote(field.related_model._meta.db_table)
                target = quote(str(field.target_field.column))
                cursor.execute(
                    f"SELECT child.{key}, child.{column} FROM {quote(model._meta.db_table)} AS child"  # noqa: S608
                    f" WHERE child.{column} IS NOT NULL AND NOT EXISTS"
                    f" (SELECT 1 FROM {parent} AS parent WHERE parent.{target} = child.{column})"
                    f" ORDER BY 1 LIMIT {_MOST + 1}"
                )
                found = cursor.fetchall()
                if found:
                    yield _orphan(model, field, found)


def _orphan(model: type[Model], field: ForeignKey[Any, Any], found: list[tuple[Any, Any]]) -> Finding:
    message = _("The row {key} of {table} names {value} in {column}, which is not there.").format(
        key=found[0][0], table=model._meta.db_table, value=found[0][1], column=field.column
    )
    is_session = field.related_model._meta.db_table == "flow_sessions"
    return Finding(
        "orphan", message, backup_fix(), session_id=str(found[0][1]) if is_session else "", more=len(found) - 1
    )


def _references(model: type[Model]) -> Iterator[ForeignKey[Any, Any]]:
    return (field for field in model._meta.concrete_fields if isinstance(field, ForeignKey))


def _models() -> Iterator[type[Model]]:
    """Those of ours whose tables are made by migrations."""
    for label in stamp.OUR_APPS:
        for model in apps.get_app_config(label).get_models(include_auto_created=True):
            if model._meta.can_migrate(connection):
                yield model


CHECKS = (
    Check("schema", noop("migrations, tables, columns"), check_schema, fatal=True),
    Check("constraints", noop("constraints and indexes"), check_constraints),
    Check("engine", noop("what the database itself finds"), check_engine),
    Check("references", noop("what rows name is there"), check_references),
)
