"""However many ask at once, the limit holds."""

from functools import partial

import pytest

from sessions_app import rates
from sessions_app.models import ApiToken, RequestRate
from sessions_app.tokens import create_token
from tests.factories import person
from tests.races.harness import Result, kinds, race

pytestmark = pytest.mark.usefixtures("database")

DAY = rates.LONGEST_PERIOD
"""So long a window that no race is likely to meet its end."""


@pytest.mark.parametrize("ask", [rates.take, rates.spend])
def test_sixty_four_at_once_get_twenty_of_twenty(ask):
    results = race(*[partial(ask, ask.__name__, 20, DAY)] * 64)
    assert kinds(results) == ["done"] * 64
    assert sum(int(result.value) for result in results) == 20
    assert RequestRate.objects.get(pk=ask.__name__).granted == 20


def spend_twenty():
    return sum(rates.spend("portions", 100, DAY) for _request in range(20))


def test_portions_of_processes_that_were_forked_with_one_in_hand_stay_within_the_limit():
    rates._purses.clear()  # the other engine's
    granted = int(rates.spend("portions", 100, DAY))
    granted += sum(result.value for result in race(*[spend_twenty] * 8))
    assert 90 <= granted <= 100


def test_eight_that_make_a_token_of_one_name_make_one():
    mei = person("mei")
    results = race(*[lambda: create_token(mei, "laptop")[0].name] * 8)
    assert sorted(results) == [Result("done", "laptop")] + [Result("refused", "token-name-taken")] * 7
    assert ApiToken.objects.filter(user=mei.user).count() == 1
