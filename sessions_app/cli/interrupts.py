"""Ctrl-C that can't get lost."""

from __future__ import annotations

import signal
from types import FrameType


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
