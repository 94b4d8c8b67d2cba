"""How often somebody may do something: counted in the database, so that all processes count together.

Time is cut into windows of ``period`` seconds.  A grant is one conditional UPDATE: within a
window never more than ``limit`` are granted, however many ask at the same moment.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from math import ceil
from threading import Lock
from typing import NamedTuple

from django.db.models import F, Q

from sessions_app import storage
from sessions_app.models import RequestRate

CLAIMS_PER_WINDOW = 50
"""Into how many portions a limit is cut: one portion is claimed with one write."""

LONGEST_PERIOD = 24 * 60 * 60
"""Seconds.  Who has asked for nothing for longer than this is forgotten."""

MOST_PURSES = 10_000

clock = time.time


class Rate(NamedTuple):
    """At most ``limit`` in each window of ``period`` seconds."""

    limit: int
    period: int


@dataclass(slots=True)
class _Purse:
    """What this process claimed of a caller's window and has not used yet; exhausted: no more is to be had."""

    window: int
    left: int = 0
    exhausted: bool = False


_purses: dict[str, _Purse] = {}
_lock = Lock()


def _begin_with_nothing() -> None:
    """A forked process must not spend what its parent claimed, nor wait for its parent's threads."""
    global _lock
    _lock = Lock()
    _purses.clear()


os.register_at_fork(after_in_child=_begin_with_nothing)


def take(caller: str, limit: int, period: int, amount: int = 1) -> int:
    """How many of ``amount`` are granted to ``caller`` (at most 200 characters) in this window."""
    return _take(caller, Rate(limit, period), _window(period), amount)


def spend(caller: str, limit: int, period: int) -> bool:
    """Whether one more is granted.

    Most answers come from what this process claimed before, without a query.
    """
    window = _window(period)
    known = _from_purse(caller, window)
    if known is not None:
        return known
    claimed = _take(caller, Rate(limit, period), window, max(1, limit // CLAIMS_PER_WINDOW))
    _into_purse(caller, window, claimed)
    return claimed > 0


def forget(caller: str) -> None:
    """Let ``caller`` begin the window anew."""
    with storage.translated():
        RequestRate.objects.filter(pk=caller).update(granted=0)
    with _lock:
        _purses.pop(caller, None)


def seconds_left(period: int) -> int:
    """When the next window begins, in whole seconds from now."""
    return max(1, ceil(_window(period) + period - clock()))


def _window(period: int) -> int:
    """When the window began that we are in, in seconds since 1970."""
    now = int(clock())
    return now - now % period


def _from_purse(caller: str, window: int) -> bool | None:
    """The answer, where this process knows it."""
    with _lock:
        purse = _purses.get(caller)
        if purse is None or purse.window != window:
            return None
        if purse.left:
            purse.left -= 1
            return True
        return False if purse.exhausted else None


def _into_purse(caller: str, window: int, claimed: int) -> None:
    """Keep what was claimed, less the one that is used now; what another thread claimed stays."""
    with _lock:
        if len(_purses) >= MOST_PURSES:
            _purses.clear()
        purse = _purses.get(caller)
        if purse is None or purse.window != window:
            purse = _purses[caller] = _Purse(window)
        if claimed:
            purse.left += claimed - 1
        else:
            purse.exhausted = True


def _take(caller: str, rate: Rate, window: int, amount: int) -> int:
    with storage.translated():
        while (amount := min(amount, rate.limit)) > 0:
            if _grant(caller, rate, window, amount):
                return amount
            amount = min(amount, _left(caller, rate, window))
    return 0


def _grant(caller: str, rate: Rate, window: int, amount: int) -> bool:
    """Count ``amount`` in the caller's window if they fit, or begin the window with them."""
    own = RequestRate.objects.filter(pk=caller)
    fits = own.filter(_is_current(rate, window), granted__lte=rate.limit - amount)
    if fits.update(granted=F("granted") + amount):
        return True
    return bool(own.exclude(_is_current(rate, window)).update(window=window, granted=amount))


def _is_current(rate: Rate, window: int) -> Q:
    # A machine whose clock is ahead may have begun a later window: that one counts.
    # One that lies further ahead was begun by a clock that was wrong.
    return Q(window__gte=window, window__lte=window + rate.period)


def _left(caller: str, rate: Rate, window: int) -> int:
    """How many could still be granted; a caller who is new gets a row."""
    granted = RequestRate.objects.filter(_is_current(rate, window), pk=caller).values_list("granted", flat=True).first()
    if granted is not None:
        return rate.limit - granted
    RequestRate.objects.bulk_create([RequestRate(caller=caller, window=window, granted=0)], ignore_conflicts=True)
    RequestRate.objects.filter(window__lt=window - LONGEST_PERIOD).delete()
    return rate.limit
