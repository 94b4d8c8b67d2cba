"""Lengths of time in words; imports no Django."""

from __future__ import annotations

from datetime import timedelta

from sessions_app.language import gettext as _
from sessions_app.language import noop

_MINUTE, _HOUR, _DAY = 60, 60 * 60, 24 * 60 * 60
_UNITS = ((_DAY, noop("{count} d")), (_HOUR, noop("{count} h")), (_MINUTE, noop("{count} min")), (1, noop("{count} s")))


def in_words(length: float | timedelta) -> str:
    """A length in seconds as its two largest units: «2 h 5 min»; seconds only below a minute."""
    seconds = max(int(length.total_seconds() if isinstance(length, timedelta) else length), 0)
    for place, (size, text) in enumerate(_UNITS):
        if seconds >= size or size == 1:
            whole = _(text).format(count=seconds // size)
            rest = _rest(seconds % size, place + 1)
            return f"{whole} {rest}" if rest else whole
    raise AssertionError("the last unit takes all")


def ago(length: float | timedelta) -> str:
    """How long something is past, by its largest unit: «3 h ago»."""
    seconds = int(length.total_seconds() if isinstance(length, timedelta) else length)
    if seconds < _MINUTE:
        return _("just now")
    size, text = next(unit for unit in _UNITS if seconds >= unit[0])
    return _("{time} ago").format(time=_(text).format(count=seconds // size))


def _rest(seconds: int, place: int) -> str:
    size, text = _UNITS[min(place, len(_UNITS) - 1)]
    return _(text).format(count=seconds // size) if _MINUTE <= size <= seconds else ""
