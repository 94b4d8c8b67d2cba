"""How long what failed is left alone."""

import math

import pytest

from status_bridge import backoff


def unspread(low, high):
    return (low + high) / 2


@pytest.mark.parametrize(
    ("failures", "failing", "seconds"),
    [
        (1, 0, 0.5),
        (2, 0.5, 1),
        (6, 16, 16),
        (7, 32, 20),  # 32 would be more than 20 s, and a tenth of 32 s is less
        (7, 600, 32),
        (10, 600, 60),  # a tenth of the time so far
        (12, 3600, 360),
        (30, 80_000, 900),
        (10_000, 80_000, 900),
    ],
)
def test_pause_doubles_to_20_s_or_a_tenth_of_the_failing_or_15_minutes(failures, failing, seconds):
    assert backoff.pause(failures, failing, spread=unspread) == seconds


def test_pause_is_spread_by_a_quarter_to_both_sides():
    assert backoff.pause(1, 0, spread=min) == 0.375
    assert backoff.pause(1, 0, spread=max) == 0.625


def test_pause_never_leaves_its_spread():
    assert all(0.375 <= backoff.pause(1, 0) <= 0.625 for _ in range(1000))


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(None, 0.5), (0.1, 0.5), (60, 60), (10**9, 86_400), (math.inf, 86_400), (math.nan, 0.5), (-5, 0.5)],
)
def test_what_the_receiver_asks_for_holds_if_it_is_longer_and_at_most_a_day(asked, seconds):
    assert backoff.pause(1, 0, asked, spread=unspread) == seconds


@pytest.mark.parametrize(("failing", "hopeless"), [(0, False), (86_399, False), (86_400, True)])
def test_after_a_day_only_a_person_tries_again(failing, hopeless):
    assert backoff.is_hopeless(failing) is hopeless
