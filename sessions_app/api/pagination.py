"""Pages by cursor: a page at row 1,000,000 costs what the first one costs.

Rows are ordered by one column and a unique key, both in the same direction; a cursor holds
the values of the last row.  The condition is written so that both databases walk the index
(``column <= ? AND (column < ? OR key < ?)``); the usual one with OR outside is as slow as OFFSET.

A cursor carries no texts but the key: a name may be a secret that is masked where it is shown.
What stands there is looked up by the key instead, among the rows that the caller may see: a
cursor can be made up.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import CharField, DateTimeField, IntegerField, Model, Q, QuerySet, TextField
from rest_framework.request import Request

from sessions_app.api.moments import read_moment
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.text import is_reference

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_CURSOR = 1_000


class Ordering(NamedTuple):
    """A way to order rows: ``column`` (``created_at``), backwards or not; the key breaks ties."""

    name: str
    column: str
    backwards: bool
    key: str


class Page(NamedTuple):
    """Some rows, and the query string of the page after them; None when these are the last."""

    rows: list[Any]
    next_query: str | None


Place = dict[str, Any]
"""A row's values by column: those that say where it stands."""

Head = Callable[[Any, int], QuerySet[Any]]
"""Gives the first rows of a set, in its order."""


def _first(rows: QuerySet[Any], count: int) -> QuerySet[Any]:
    return rows[:count]


class Pages:
    """How one kind of rows is paged.

    ``columns`` maps the names of orderings to columns, each served by an index that ends in
    ``key``; ``default`` is an ordering such as ``-created_at``.
    """

    def __init__(self, columns: Mapping[str, str], default: str, key: str = "id") -> None:
        self.columns = columns
        self.default = default
        self.key = key

    @property
    def choices(self) -> list[str]:
        """Every ordering that may be asked for."""
        return [sign + name for name in self.columns for sign in ("", "-")]

    def page(
        self, rows: QuerySet[Any], request: Request, head: Head = _first, *, seen: QuerySet[Any] | None = None
    ) -> Page:
        """The page that a request asks for by ``ordering``, ``limit`` and ``cursor``.

        ``seen`` are all rows that the caller may see, where ``rows`` are some of them: the row
        that a page begins after may be none of these any more.
        """
        ordering = self.ordering(request.query_params.get("ordering") or self.default)
        limit = read_limit(request.query_params.get("limit"))
        cursor = request.query_params.get("cursor")
        if cursor:
            place = decode(cursor, ordering, rows.model)
            rows = rows.filter(after(ordering, _completed(place, ordering, rows if seen is None else seen)))
        sign = "-" if ordering.backwards else ""
        rows = rows.order_by(*dict.fromkeys([sign + ordering.column, sign + ordering.key]))
        found = list(head(rows, limit + 1))
        if len(found) <= limit:
            return Page(found, None)
        return Page(found[:limit], _next_query(request, encode(ordering, found[limit - 1])))

    def ordering(self, name: str) -> Ordering:
        """The ordering of that name."""
        column = self.columns.get(name.removeprefix("-"))
        if column is None or name.startswith("--"):
            raise InvalidInput(
                _("The list can't be ordered by {name}.").format(name=name[:80]),
                fix=_("Use one of: {names}.").format(names=", ".join(self.choices)),
                field="ordering",
            )
        return Ordering(name, column, name.startswith("-"), self.key)


def read_limit(value: str | None) -> int:
    """How many rows at most."""
    if value is None or value == "":
        return DEFAULT_LIMIT
    if value.isascii() and value.isdecimal() and len(value) < 6 and 1 <= int(value) <= MAX_LIMIT:
        return int(value)
    raise InvalidInput(
        _("The limit must be a whole number from 1 to {most}.").format(most=MAX_LIMIT),
        fix=_("Leave it out to get {count} rows.").format(count=DEFAULT_LIMIT),
        field="limit",
    )


def after(ordering: Ordering, place: Place) -> Q:
    """The rows that come after one at that place."""
    beyond = "lt" if ordering.backwards else "gt"
    further = Q(**{f"{ordering.key}__{beyond}": place[ordering.key]})
    if ordering.column == ordering.key:
        return further
    column = place[ordering.column]
    return Q(**{f"{ordering.column}__{beyond}e": column}) & (Q(**{f"{ordering.column}__{beyond}": column}) | further)


def encode(ordering: Ordering, row: Model) -> str:
    """The cursor that stands after a row; opaque to clients."""
    values = [_plain(getattr(row, column)) for column in _carried(ordering, type(row))]
    raw = json.dumps([ordering.name, *values], ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(cursor: str, ordering: Ordering, model: type[Model]) -> Place:
    """What a cursor carries, which must have been made for the same ordering."""
    try:
        if len(cursor) > MAX_CURSOR:
            raise ValueError
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        name, *values = json.loads(raw)
        if name != ordering.name:
            raise ValueError
        carried = zip(_carried(ordering, model), values, strict=True)
        return {column: _read(value, model, column) for column, value in carried}
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise _refusal(
            _("The cursor can't be used."),
            _("Follow the 'next' address of a page as it is, or leave the cursor out to begin anew."),
        ) from None


def _completed(place: Place, ordering: Ordering, seen: QuerySet[Any]) -> Place:
    """The place with the value that its cursor doesn't carry."""
    if ordering.column in place:
        return place
    found = seen.filter(**place).order_by().values_list(ordering.column, flat=True)[:1]
    for value in found:
        return {**place, ordering.column: value}
    raise _refusal(
        _("What stood before this page is gone."), _("Leave the cursor out to begin anew, or order by something else.")
    )


def _refusal(message: str, fix: str) -> InvalidInput:
    return InvalidInput(message, fix=fix, code="invalid-cursor", field="cursor")


def _carried(ordering: Ordering, model: type[Model]) -> list[str]:
    is_text = isinstance(model._meta.get_field(ordering.column), CharField | TextField)
    return list(dict.fromkeys([ordering.key] if is_text else [ordering.column, ordering.key]))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _read(value: Any, model: type[Model], column: str) -> Any:
    """A value as its column has it; raises ValueError or TypeError for what the column can't have."""
    field = model._meta.get_field(column)
    if isinstance(field, DateTimeField):
        return read_moment(value)
    is_fit = type(value) is int and 0 <= value < 2**63 if isinstance(field, IntegerField) else is_reference(value)
    if not is_fit:
        raise ValueError
    return value


def _next_query(request: Request, cursor: str) -> str:
    kept = [(name, value) for name, values in request.query_params.lists() for value in values if name != "cursor"]
    return urlencode([*kept, ("cursor", cursor)])
