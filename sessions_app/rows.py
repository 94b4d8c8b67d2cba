"""Rows read and written as fixed SQL, through Django's own field and backend conversions.

A verb touches four or five rows.  Building each statement through the ORM costs
several times what the database does with it (``make bench`` measures it), so the verbs
use these fixed statements; everything else uses the ORM.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

Row = TypeVar("Row", bound=models.Model)
Adapt = Callable[[Any, BaseDatabaseWrapper], Any]
Read = Callable[[Any], Any]

_decode = json.JSONDecoder().raw_decode


class Table(Generic[Row]):
    """The table of one model on one database engine."""

    def __init__(self, model: type[Row]) -> None:
        database = _database()
        self.model = model
        self.name = database.ops.quote_name(model._meta.db_table)
        fields = model._meta.concrete_fields
        self._attnames = [field.attname for field in fields]
        self._columns = {field.attname: database.ops.quote_name(str(field.column)) for field in fields}
        self._key = self._columns[model._meta.pk.attname]
        self._adapt = {field.attname: _adapter(field) for field in fields}
        self._inserted = [
            field.attname for field in fields if not isinstance(field, models.AutoField) and not field.has_db_default()
        ]
        self._readers = {field.attname: read for field in fields if (read := _reader(field, database))}
        self._places = [(self._attnames.index(attname), read) for attname, read in self._readers.items()]
        # SQLite's driver knows the type of a bare column alone, and would read its values in a slower way.
        self._unread = "+" if database.vendor == "sqlite" else ""
        self._lock = " FOR UPDATE" if database.features.has_select_for_update else ""
        # Only names of columns and tables, from the models, are put into statements; values are parameters.
        self._selection = f"SELECT {', '.join(self._columns.values())} FROM {self.name} WHERE "  # noqa: S608
        self._update_statement = cache(self._make_update_statement)

    def select(self, where: str, parameters: Sequence[Any], *, lock: bool = False) -> list[Row]:
        """The rows that fulfil ``where`` (SQL); ``lock`` keeps them until the transaction ends.

        SQLite has no row locks: there the transaction itself is the only writer.
        """
        found = _fetched(self._selection + where + (self._lock if lock else ""), parameters)
        return [self._row(values) for values in found]

    def columns(
        self, attnames: Sequence[str], where: str, parameters: Sequence[Any], *, computed: Sequence[str] = ()
    ) -> list[tuple[Any, ...]]:
        """Some columns of the rows that fulfil ``where`` (SQL), each with the values of all rows.

        ``computed`` are SQL expressions for further columns.  Many rows are read at a fraction of what
        objects cost.
        """
        names = [f"{self._unread}{self.name}.{self._columns[attname]}" for attname in attnames]
        found = _fetched(f"SELECT {', '.join([*names, *computed])} FROM {self.name} WHERE {where}", parameters)  # noqa: S608
        columns = list(zip(*found, strict=True)) or [()] * len([*names, *computed])
        for place, attname in enumerate(attnames):
            if attname in self._readers:
                columns[place] = tuple(map(self._readers[attname], columns[place]))
        return columns

    def insert(self, rows: Sequence[Row]) -> None:
        """Write new rows in one statement; automatic ids are not read back."""
        if not rows:
            return
        names = ", ".join(self._columns[attname] for attname in self._inserted)
        place = f"({', '.join(['%s'] * len(self._inserted))})"
        database = _database()
        values = [self._adapt[attname](getattr(row, attname), database) for row in rows for attname in self._inserted]
        statement = f"INSERT INTO {self.name} ({names}) VALUES {', '.join([place] * len(rows))}"  # noqa: S608
        with database.cursor() as cursor:
            cursor.execute(statement, values)
        for row in rows:
            row._state.adding = False
            row._state.db = DEFAULT_DB_ALIAS

    def update(self, row: Row, attnames: Iterable[str], where: Mapping[str, Any]) -> bool:
        """Write ``attnames`` of ``row`` where the stored row still is as ``where`` says; False: it isn't."""
        written = tuple(sorted(attnames))
        database = _database()
        parameters = [self._adapt[attname](getattr(row, attname), database) for attname in written]
        parameters += [row.pk, *where.values()]
        with database.cursor() as cursor:
            cursor.execute(self._update_statement(written, tuple(where)), parameters)
            return bool(cursor.rowcount == 1)

    def _make_update_statement(self, written: tuple[str, ...], where: tuple[str, ...]) -> str:
        assignments = ", ".join(f"{self._columns[attname]} = %s" for attname in written)
        conditions = " AND ".join([f"{self._key} = %s", *(f"{self._columns[attname]} = %s" for attname in where)])
        return f"UPDATE {self.name} SET {assignments} WHERE {conditions}"  # noqa: S608

    def _row(self, values: Sequence[Any]) -> Row:
        converted = list(values)
        for place, read in self._places:
            converted[place] = read(converted[place])
        return self.model.from_db(DEFAULT_DB_ALIAS, self._attnames, converted)


@cache
def _table(model: type[Row], vendor: str) -> Table[Row]:
    return Table(model)


def table(model: type[Row]) -> Table[Row]:
    """The table of ``model`` on the database in use."""
    return _table(model, _database().vendor)


def _database() -> BaseDatabaseWrapper:
    return connections[DEFAULT_DB_ALIAS]


def _adapter(field: models.Field[Any, Any]) -> Adapt:
    """How a value of ``field`` is handed to the database; plain values need no more than their type."""
    if isinstance(field, models.DateTimeField | models.JSONField):
        return field.get_db_prep_save
    return _text if isinstance(field, models.CharField | models.TextField) else _unchanged


def _text(value: Any, _database: BaseDatabaseWrapper) -> str:
    return str(value)


def _unchanged(value: Any, _database: BaseDatabaseWrapper) -> Any:
    return value


def _fetched(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with _database().cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _reader(field: models.Field[Any, Any], database: BaseDatabaseWrapper) -> Read | None:
    """How a value of ``field`` is made from the database's; None: it is the same.

    What rows are full of is read by the shortest way to what Django's converters give.
    """
    expression = field.get_col(field.model._meta.db_table)
    converters = database.ops.get_db_converters(expression) + expression.get_db_converters(database)
    if not converters:
        return None
    if type(field) is models.JSONField and field.decoder is None:
        return _read_json
    if database.vendor == "sqlite" and type(field) in _SQLITE_READERS:
        return _SQLITE_READERS[type(field)]

    def read(value: Any) -> Any:
        for convert in converters:
            value = convert(value, expression, _database())
        return value

    return read


def _read_json(text: str | None) -> Any:
    if text == "{}":
        return {}
    return None if text is None else _decode(text)[0]


def _read_time(value: str | datetime | None) -> datetime | None:
    """SQLite has times as text, in UTC."""
    if value is None:
        return None
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).replace(tzinfo=UTC)


def _read_flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)


_SQLITE_READERS: dict[type, Read] = {models.DateTimeField: _read_time, models.BooleanField: _read_flag}
