"""A clock that the tests set, so that a world has a past."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest import mock

from django.utils import timezone


class Clock:
    """Time as the program reads it; it goes on by a moment at each look."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        self.moment += timedelta(milliseconds=40)
        return self.moment

    def wait(self, **span: float) -> None:
        """Let time pass: ``hours=3``."""
        self.moment += timedelta(**span)


@contextmanager
def begun(**ago: float) -> Iterator[Clock]:
    """The program's clock, set back by a span (``days=9``); the true one afterwards."""
    clock = Clock(timezone.now() - timedelta(**ago))
    with mock.patch("django.utils.timezone.now", clock):
        yield clock
