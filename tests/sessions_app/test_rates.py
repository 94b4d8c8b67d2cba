from functools import partial

import pytest

from sessions_app import rates
from sessions_app.models import RequestRate

pytestmark = pytest.mark.django_db

NOON = 1_800_000_000
"""Divisible by an hour, so that windows begin there."""


class Clock:
    now = float(NOON)

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(rates, "clock", made)
    return made


@pytest.fixture(autouse=True)
def _empty_purses():
    rates._purses.clear()
    yield
    rates._purses.clear()


take = partial(rates.take, "ann")
spend = partial(rates.spend, "ann")


def test_limit_is_granted_and_no_more(clock):
    assert [take(3, 60) for _try in range(5)] == [1, 1, 1, 0, 0]


def test_callers_are_counted_apart(clock):
    assert take(1, 60) == 1
    assert rates.take("bo", 1, 60) == 1
    assert RequestRate.objects.count() == 2


def test_what_is_left_is_granted_of_a_larger_amount(clock):
    assert [take(10, 60, amount=4) for _try in range(4)] == [4, 4, 2, 0]
    assert rates.take("bo", 3, 60, amount=9) == 3


@pytest.mark.parametrize("limit", [0, -1])
def test_limit_of_nothing_grants_nothing(clock, limit):
    assert take(limit, 60) == 0


def test_next_window_begins_anew_in_the_same_row(clock):
    assert [take(1, 60), take(1, 60)] == [1, 0]
    clock.now += 59.9
    assert take(1, 60) == 0
    clock.now = NOON + 60
    assert [take(1, 60), take(1, 60)] == [1, 0]
    assert RequestRate.objects.values_list("caller", "window", "granted").get() == ("ann", NOON + 60, 1)


def test_window_that_a_faster_clock_began_counts(clock):
    clock.now = NOON + 60
    assert take(1, 60) == 1
    clock.now = NOON + 59
    assert take(1, 60) == 0


def test_window_that_a_wrong_clock_began_does_not_lock_out(clock):
    clock.now = NOON + 10**7
    assert take(1, 60) == 1
    clock.now = NOON
    assert [take(1, 60), take(1, 60)] == [1, 0]


@pytest.mark.parametrize(("before", "after"), [(60, 3600), (3600, 60), (60, 86_400)])
def test_other_period_is_right_after_one_of_its_windows(clock, before, after):
    take(1, before)
    clock.now += 2 * after
    assert [take(1, after), take(1, after)] == [1, 0]


def test_smaller_limit_counts_what_was_granted_before(clock):
    take(10, 60, amount=8)
    assert take(5, 60) == 0


def test_new_caller_sweeps_out_those_long_gone(clock):
    take(1, 60)
    clock.now += rates.LONGEST_PERIOD
    rates.take("bo", 1, 60)
    assert RequestRate.objects.count() == 2
    clock.now += 60
    rates.take("cy", 1, 60)
    assert sorted(RequestRate.objects.values_list("caller", flat=True)) == ["bo", "cy"]


def test_first_and_later_grants_take_few_queries(clock, django_assert_num_queries):
    with django_assert_num_queries(6):
        take(5, 60)
    with django_assert_num_queries(1):
        take(5, 60)


def test_spending_claims_a_portion_with_one_write(clock, django_assert_num_queries):
    assert spend(600, 60)
    with django_assert_num_queries(0):
        assert all(spend(600, 60) for _request in range(11))
    with django_assert_num_queries(1):
        assert spend(600, 60)
    assert RequestRate.objects.get().granted == 24


def test_spending_ends_at_the_limit_without_asking_on(clock, django_assert_num_queries):
    assert [spend(20, 60) for _request in range(21)] == [True] * 20 + [False]
    with django_assert_num_queries(0):
        assert not spend(20, 60)
    clock.now += 60
    assert spend(20, 60)


def test_portions_of_several_processes_do_not_exceed_the_limit(clock):
    granted = 0
    for _request in range(300):
        rates._purses.clear()  # each time another process asks, and keeps the rest of its portion
        granted += spend(110, 60)
    assert granted == 55
    assert RequestRate.objects.get().granted == 110


def test_many_callers_do_not_fill_the_memory(clock, monkeypatch):
    monkeypatch.setattr(rates, "MOST_PURSES", 3)
    for number in range(10):
        assert rates.spend(f"c{number}", 100, 60)
    assert len(rates._purses) <= 3


def test_forgotten_caller_begins_anew(clock):
    assert [spend(1, 60), spend(1, 60)] == [True, False]
    rates.forget("ann")
    assert spend(1, 60)


def test_wait_ends_with_the_window(clock):
    clock.now = NOON + 0.5
    assert rates.seconds_left(60) == 60
    clock.now = NOON + 59.99
    assert rates.seconds_left(60) == 1
