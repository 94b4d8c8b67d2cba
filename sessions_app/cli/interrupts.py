"""Ctrl-C that can't get lost, and other ends that are as orderly as it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDS = (signal.SIGTERM, signal.SIGHUP)
_came: list[int] = []


@contextmanager
def orderly_end() -> Iterator[None]:
    """While entered, SIGTERM and SIGHUP raise KeyboardInterrupt with the exit status: what passes is cleared away.

    A terminal that closes sends several; those after the first must not end the clearing up.  Who wants a signal
    otherwise, as the worker does and ``nohup``, keeps it.
    """
    if threading.current_thread() is not threading.main_thread():  # Python lets no other one handle signals
        yield
        return
    ours = [number for number in _ENDS if signal.getsignal(number) is signal.SIG_DFL]

    def end(number: int, _frame: FrameType | None) -> None:
        for each in ours:
            signal.signal(each, signal.SIG_IGN)
        _came.append(number)
        heed()

    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        _came.clear()
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def heed() -> None:
    """Raise KeyboardInterrupt if SIGTERM or SIGHUP came since :func:`orderly_end` and was swallowed (see below)."""
    if _came:
        raise KeyboardInterrupt(128 + _came[0])


class Interrupts:
    """While entered, remembers an interrupt whose KeyboardInterrupt was swallowed.

    Python drops an exception that is raised in a finaliser or in a weak reference's callback,
    and every import runs one of those: whoever loops for ever must ask again.
    """

    def __init__(self) -> None:
        self._seen = False

    def __enter__(self) -> Interrupts:
        self._before = signal.getsignal(signal.SIGINT)
        if self._before is signal.default_int_handler:  # else somebody wants it otherwise, or ignored
            signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._before is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._seen = True
        raise KeyboardInterrupt

    def heed(self) -> None:
        """Raises KeyboardInterrupt if one came since it was entered."""
        if self._seen:
            raise KeyboardInterrupt
