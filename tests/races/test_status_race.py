"""Statuses that several ask for at once."""

import pytest

from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from status_bridge.models import StatusEntry
from status_bridge.services import FlowStatusIntegration
from status_bridge.steering import StatusManager
from tests.factories import assert_consistent, event_types, new_session
from tests.races.harness import Result, race

pytestmark = pytest.mark.usefixtures("database")

DONE, NEEDLESS = Result("done", True), Result("done", False)


def asking(flow_session, status, **given):
    """A request that answers whether it changed anything."""

    def call():
        manager = StatusManager()
        manager.request_status(f"flow-{flow_session.pk}", status, reason="so", **given)
        return manager.outcome.changed

    return call


def test_sixteen_that_ask_for_one_status_change_it_once():
    flow_session = new_session("build", "test")
    assert sorted(race(*[asking(flow_session, "ON_HOLD")] * 16)) == [NEEDLESS] * 15 + [DONE]
    assert event_types(flow_session) == ["session.created", "session.paused"]
    assert_consistent(flow_session.pk)


def test_opposite_wishes_leave_the_entry_with_the_last_word():
    flow_session = new_session("build", "test")
    results = race(*[asking(flow_session, "ON_HOLD"), asking(flow_session, "IN_PROGRESS")] * 6)
    assert {result.kind for result in results} <= {"done", "refused"}
    assert {result.value for result in results if result.kind == "refused"} <= {"illegal-transition"}
    assert results.count(DONE) == len(event_types(flow_session)) - 1
    assert_consistent(flow_session.pk)


def test_completion_against_cancellation_has_one_winner():
    flow_session = new_session("build", "test")
    results = race(asking(flow_session, "COMPLETED", force=True), asking(flow_session, "CANCELED"))
    assert sorted(results) == [DONE, Result("refused", "illegal-transition")]
    assert StatusEntry.objects.get(session=flow_session.pk).status in ("COMPLETED", "CANCELED")
    assert_consistent(flow_session.pk)


def test_writing_anew_does_not_overtake_a_change():
    flow_session = new_session("build", "test")

    def sync():
        return FlowStatusIntegration().sync_session_to_status(flow_session.pk)["changed"]

    def noted():
        FlowSessionManager().note_session(flow_session.pk, "so")
        return True

    results = race(sync, noted, asking(flow_session, "ON_HOLD"), sync, noted, sync)
    assert [result.kind for result in results] == ["done"] * 6
    assert FlowSession.objects.get(pk=flow_session.pk).version == 4
    assert_consistent(flow_session.pk)
