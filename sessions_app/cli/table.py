"""Text in columns: widths as a terminal shows them (Chinese and emoji are two wide), cells shortened with …"""

from __future__ import annotations

from collections.abc import Sequence

CELL_WIDTH = 40
LEAST_WIDTH = 8
ELLIPSIS = "…"
SEPARATOR = " | "


class Column:
    """A heading; ``least`` is its least width.  Only cells of a column that ``gives`` are shortened: ids are copied."""

    __slots__ = ("gives", "least", "title")

    def __init__(self, title: str, *, least: int = 0, gives: bool = False) -> None:
        self.title = title
        self.least = least
        self.gives = gives


def display_width(text: str) -> int:
    """How many cells of a terminal ``text`` takes."""
    if text.isascii():
        return len(text)
    # Its tables take 15 ms to load, which output in plain ASCII need not pay.
    from wcwidth import wcswidth

    return max(wcswidth(text), 0)


def shorten(text: str, width: int) -> str:
    """``text``, or as much of it as fits with an ellipsis into ``width`` cells; what is shown as one stays whole."""
    if display_width(text) <= width:
        return text
    if text.isascii():
        return text[: width - 1].rstrip() + ELLIPSIS
    from wcwidth import iter_graphemes  # as above

    kept = ""
    for grapheme in iter_graphemes(text):
        if display_width(kept + grapheme) >= width:
            break
        kept += grapheme
    return kept.rstrip() + ELLIPSIS


def pad(text: str, width: int) -> str:
    """``text`` filled up with spaces to ``width`` cells."""
    return text + " " * (width - display_width(text))


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int | None = None) -> list[str]:
    """The lines of a table; with ``width`` the columns that give do so until it fits, if it can."""
    limited = [
        [shorten(cell, CELL_WIDTH) if column.gives else cell for column, cell in zip(columns, row, strict=True)]
        for row in rows
    ]
    widths = _widths(columns, limited)
    if width is not None:
        _squeeze(columns, widths, width)
    body = [[shorten(cell, room) for cell, room in zip(row, widths, strict=True)] for row in limited]
    lines = [_line([column.title for column in columns], widths), _rule(widths)]
    return lines + [_line(row, widths) for row in body]


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    return [
        max([column.least, display_width(column.title), *(display_width(row[index]) for row in rows)])
        for index, column in enumerate(columns)
    ]


def _squeeze(columns: Sequence[Column], widths: list[int], limit: int) -> None:
    """Take from the widest column that may give, cell by cell, until the line fits."""
    room = limit - len(SEPARATOR) * (len(widths) - 1)
    while sum(widths) > room:
        giving = [
            index
            for index, column in enumerate(columns)
            if column.gives and widths[index] > max(LEAST_WIDTH, display_width(column.title))
        ]
        if not giving:
            return
        widths[max(giving, key=widths.__getitem__)] -= 1


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return SEPARATOR.join(pad(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _rule(widths: Sequence[int]) -> str:
    inner = "|".join("-" * (width + 2) for width in widths)
    return inner[1:-1]
