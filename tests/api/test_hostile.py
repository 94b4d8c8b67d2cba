"""Hostile values in every field and parameter: answered, in time, and the lists still open.

Each place gets some of the values in the ordinary run, the next place the next ones, so that every value
is tried in many places; under the mark ``fuzz`` all of them are tried wherever a place differs.
"""

import pytest

from tests.access.conftest import shared_world, world  # noqa: F401  fixtures
from tests.api.attacks import FIRST, TARGETS, attack
from tests.api.openapi import operations
from tests.api.test_query_counts import SIGNED

pytestmark = pytest.mark.django_db


def test_every_operation_is_a_target():
    ids = {operation["operationId"] for operation in operations().values()}
    assert ids - set(TARGETS) == SIGNED


@pytest.mark.parametrize("name", TARGETS)
def test_some_hostile_values_break_nothing(world, name):  # noqa: F811  the fixture
    assert attack(world, name) == []


@pytest.mark.fuzz
@pytest.mark.parametrize("name", sorted(set(FIRST.values())))
def test_all_hostile_values_break_nothing(world, name):  # noqa: F811  the fixture
    assert attack(world, name, thoroughly=True) == []
