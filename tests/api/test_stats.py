"""``/api/v1/stats/``."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.services import FlowSessionManager
from stages_app.api.stats_examples import STATISTICS
from tests.api.conftest import assert_fits, assert_problem, client_for
from tests.factories import publish_workflow, team
from tests.stages_app.histories import ROUGH, SMOOTH, played

pytestmark = pytest.mark.django_db

STATS = "/api/v1/stats/"


@pytest.fixture
def dev(mei):
    """A workflow of which one session went well and one didn't, in mei's team."""
    publish_workflow()
    for verbs in (SMOOTH, ROUGH):
        made = played(*verbs, ended=timezone.now() - timedelta(days=1))
        FlowSessionManager().update_session(made.pk, {"owner": "mei", "team": "platform"})
    return "dev"


def test_statistics_are_as_documented_and_add_up(dev, mei):
    client = client_for(mei)
    everything, one = client.get(STATS).json(), client.get(f"{STATS}{dev}/?since=7d&version=1").json()
    for body in (everything, one, STATISTICS):
        assert_fits("Statistics", body)
        for row in (each for workflow in body["workflows"] for each in (workflow, *workflow["stages"])):
            assert sum(part["total"] for part in row["parts"].values()) == row["cycle"]["total"]
    (workflow,) = one["workflows"]
    assert (workflow["workflow_id"], workflow["version"], workflow["completed"]) == (dev, 1, 2)
    assert everything["workflows"][0]["cycle"] == workflow["cycle"]
    assert client.get(f"{STATS}{dev}/?since=1h").json()["workflows"][0]["completed"] == 0


def test_statistics_are_of_what_the_caller_sees(dev, li):
    assert client_for(li).get(STATS).json()["workflows"][0]["completed"] == 2
    li.groups.remove(team("platform"))
    assert client_for(li).get(STATS).json()["workflows"] == []


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("?since=yesterday", 400, "invalid-input"),
        ("?since=1d&until=2d", 400, "invalid-input"),
        ("?until=0001-01-01", 400, "invalid-input"),
        ("?until=9999-12-31T23:59:59-14:00", 400, "invalid-input"),
        ("?since=0001-01-01", 400, "invalid-input"),
        ("?version=1", 400, "invalid-input"),
        ("dev/?version=x", 400, "invalid-input"),
        ("dev/?version=9", 404, "not-found"),
        ("nothing/", 404, "not-found"),
    ],
)
def test_what_can_not_be_answered_is_refused(dev, mei, address, status, code):
    assert_problem(client_for(mei).get(STATS + address), status, code)
