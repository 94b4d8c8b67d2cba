"""The sessions of a list as a file: written row by row, newest first, as the reader sees them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponseBase, StreamingHttpResponse

from sessions_app.admin.session_query import NEWEST_FIRST, Selection
from sessions_app.api.pagination import Ordering, after
from sessions_app.api.seen import session_seen
from sessions_app.models import FlowSession
from sessions_app.text import visible

MOST = 100_000
"""How many sessions one file holds."""

TOGETHER = 500
"""How many are read at a time: no file is made in memory, and no transaction is held open."""

COLUMNS = (
    "id",
    "name",
    "workflow_id",
    "workflow_version",
    "status",
    "current_stage_id",
    "progress",
    "owner",
    "team",
    "tags",
    "created_at",
    "updated_at",
)
_BY_CREATION = Ordering(NEWEST_FIRST, "created_at", backwards=True, key="id")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BYTE_ORDER_MARK = "\ufeff"


class _Echo:
    """What a CSV writer writes to: it hands each line back."""

    def write(self, line: str) -> str:
        return line


def export(selection: Selection, file_format: str) -> HttpResponseBase:
    """The file; a name that says so when it doesn't hold all."""
    lines, kind = FORMATS[file_format]
    response = StreamingHttpResponse(lines(_seen(selection)), content_type=kind)
    part = f"-newest-{MOST}" if _is_beyond(selection) else ""
    response["Content-Disposition"] = f'attachment; filename="sessions{part}.{file_format}"'
    return response


def _is_beyond(selection: Selection) -> bool:
    """Whether there are more than a file holds."""
    return len(selection.rows.order_by().values_list("pk")[MOST : MOST + 1]) > 0


def _seen(selection: Selection) -> Iterator[dict[str, Any]]:
    return (session_seen(selection.actor, row) for row in _rows(selection))


def _rows(selection: Selection) -> Iterator[FlowSession]:
    left, rows = MOST, selection.rows.select_related("owner", "team").order_by("-created_at", "-id")
    place: Mapping[str, Any] | None = None
    while left > 0:
        following = rows.filter(after(_BY_CREATION, dict(place))) if place else rows
        found = list(following.head(selection.actor, min(left, TOGETHER)))
        yield from found
        if len(found) < TOGETHER:
            return
        left -= len(found)
        place = {"created_at": found[-1].created_at, "id": found[-1].pk}


def _csv_lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    """With what tells Excel that it is UTF-8."""
    writer = csv.writer(_Echo())
    yield _BYTE_ORDER_MARK + writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow([_cell(row[name]) for name in COLUMNS])


def _cell(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula, its right-to-left marks made visible."""
    if isinstance(value, list):
        value = ", ".join(value)
    elif hasattr(value, "isoformat"):
        value = value.isoformat()
    if not isinstance(value, str):
        return value
    return f"'{visible(value)}" if value.startswith(_FORMULAS) else visible(value)


def _json_lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    """One array, with the keys of the API, a session in each line."""
    before = "[\n"
    for row in rows:
        yield before + json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


Lines = Callable[[Iterator[dict[str, Any]]], Iterator[str]]

FORMATS: Mapping[str, tuple[Lines, str]] = {
    "csv": (_csv_lines, "text/csv; charset=utf-8"),
    "json": (_json_lines, "application/json"),
}
