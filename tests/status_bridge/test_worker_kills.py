"""Workers are killed, receivers fail, and every event arrives.  ``make reliability`` plays it longer."""

from __future__ import annotations

import pytest

from tests.databases import ENGINES
from tests.reliability.delivery import in_a_new_place

pytestmark = pytest.mark.fuzz

KILLS = 6


@pytest.mark.parametrize("engine", ENGINES)
def test_every_event_arrives_in_order_though_workers_are_killed(engine):
    result = in_a_new_place(engine, workers=2, kills=KILLS, seed=7, plant=[])
    assert result.failures == []
    assert result.figures["events"] > KILLS
    assert result.figures["lost"] == 0


def test_the_same_with_procrastinate_which_needs_postgresql():
    result = in_a_new_place("postgresql", workers=2, kills=KILLS, seed=8, plant=[], worker_engine="procrastinate")
    assert result.failures == []
    assert result.figures["lost"] == 0


def test_the_experiment_notices_a_planted_bug():
    result = in_a_new_place("sqlite", workers=1, kills=KILLS, seed=1, plant=["mark-first"], patience=12)
    assert result.failures != []
