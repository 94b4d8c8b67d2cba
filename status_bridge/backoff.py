"""How long to leave alone what failed.  Pure: it knows neither the database nor the clock."""

from __future__ import annotations

from collections.abc import Callable
from random import uniform

FIRST = 0.5
FLOOR = 20.0
LONGEST = 15 * 60.0
SHARE = 0.1
DAY = 24 * 60 * 60.0
"""The longest that a receiver may ask to be left alone, and after how long of failing somebody has to look."""

SPREAD = (0.75, 1.25)


def pause(
    failures: int, failing: float, retry_after: float | None = None, *, spread: Callable[..., float] = uniform
) -> float:
    """Seconds to wait after ``failures`` (1 or more) in a row that have gone on for ``failing`` seconds.

    It doubles from half a second, to 20 s or a tenth of the time that it has failed so far, whichever
    is more, and to 15 minutes at most; it is spread, so that not all come back at once.  What the
    receiver asked for holds if it is longer.
    """
    doubled = FIRST * 2.0 ** min(max(failures, 1) - 1, 20)
    own = min(doubled, max(FLOOR, SHARE * failing), LONGEST) * spread(*SPREAD)
    return max(own, honoured(retry_after))


def honoured(retry_after: float | None) -> float:
    """The seconds that a receiver asked for, as far as it may: a day at most, and nothing that is no number."""
    if retry_after is None or not retry_after > 0:  # not a number fails too
        return 0.0
    return min(retry_after, DAY)


def is_hopeless(failing: float) -> bool:
    """Whether something has failed for so long that only a person should try again."""
    return failing >= DAY
