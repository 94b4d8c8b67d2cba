"""Long lists in short: the first few, and how many there are besides."""

from __future__ import annotations

from collections.abc import Sequence

from sessions_app.language import ngettext

MOST_NAMED = 12
"""How many of a list are named where it only explains something."""


def some_of(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """«a, b, c and 150 more»."""
    told = ", ".join(names[:most])
    return told if len(names) <= most else f"{told} {more_than(len(names), most)}"


def more_than(count: int, most: int = MOST_NAMED) -> str:
    """«and 150 more»; empty when all are named."""
    left = count - most
    return ngettext("and {count} more", "and {count} more", left).format(count=left) if left > 0 else ""
