"""From when to when statistics are asked for, as people write it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.forms.utils import from_current_timezone
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _

USUAL = timedelta(days=30)
LONGEST = timedelta(days=366)

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""Nothing was logged before or after; further away, some moments are none in another zone."""

_AGO = re.compile(r"([0-9]{1,4})([hdw])", re.ASCII)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class Window(NamedTuple):
    """From ``since`` to right before ``until``; ``now`` is when it was asked for."""

    since: datetime
    until: datetime
    now: datetime


def read_window(since: str | None = None, until: str | None = None, now: datetime | None = None) -> Window:
    """The window between two moments, each ``30d`` (ago, also ``h`` and ``w``), a day or a moment in ISO 8601.

    Without them the last 30 days.  Raises InvalidInput for what is none, is empty or lasts longer than 366 days.
    """
    now = now or timezone.now()
    end = now if until is None else min(read_time("until", until, now), now)
    begin = end - USUAL if since is None else read_time("since", since, now)
    if begin >= end:
        raise InvalidInput(
            _("The time asked for ends before it begins."),
            fix=_("Give a since that is earlier than until, and not in the future."),
            field="since",
        )
    if end - begin > LONGEST:
        raise InvalidInput(
            _("The time asked for is longer than {days} days.").format(days=LONGEST.days),
            fix=_("Give a later since, or an earlier until with it."),
            field="since",
        )
    return Window(begin, end, now)


def read_time(name: str, text: str, now: datetime) -> datetime:
    """A moment as people write it; raises InvalidInput that names the argument."""
    moment = _parsed(name, text, now)
    if not EARLIEST <= moment < LATEST:
        raise InvalidInput(
            _("{name} can't be {value}: it is too far away.").format(name=name, value=text[:80]),
            fix=_("Give a time from {first} to {last}.").format(first=EARLIEST.year, last=LATEST.year - 1),
            field=name,
        )
    return moment


def _parsed(name: str, text: str, now: datetime) -> datetime:
    try:
        if ago := _AGO.fullmatch(text.strip()):
            return now - int(ago[1]) * _UNITS[ago[2]]
        given = parse_datetime(text.strip())
        if given is None:
            raise ValueError(text)
        moment: datetime = from_current_timezone(given)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError, ValidationError):
        raise InvalidInput(
            _("{name} can't be {value}: it is no time.").format(name=name, value=text[:80]),
            fix=_("Give it as 30d, 12h or 4w, or as 2026-03-02, or as 2026-03-02T08:00:00Z."),
            field=name,
        ) from None
