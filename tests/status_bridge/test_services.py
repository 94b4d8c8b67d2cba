"""``FlowStatusIntegration``: the seeds' three methods, and entries that somebody changes by hand."""

from __future__ import annotations

import pytest

from sessions_app.exceptions import FlowError, GuardUnmet, NotAllowed, NotFound
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from sessions_app.signals import event_recorded
from stages_app.services import StageInstanceManager
from status_bridge import services
from status_bridge.mapping import map_session_to_status
from status_bridge.models import StatusEntry
from status_bridge.services import FlowStatusIntegration
from tests.factories import (
    assert_consistent,
    assert_entry_tells,
    event_types,
    events_of,
    in_team,
    new_session,
    person,
    session_in,
    snapshot,
)
from tests.status_bridge.steering_table import CELLS, CODES, EVENTS

pytestmark = pytest.mark.django_db


def set_by_hand(flow_session, status):
    """As somebody does it who has the database."""
    StatusEntry.objects.filter(session=flow_session.pk).update(status=status)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_entry_that_was_set_by_hand_is_obeyed_or_put_right(cell):
    flow_session = session_in(cell.state)
    entry = StatusEntry.objects.get(session=flow_session.pk)
    entry.status = cell.status
    entry.save(update_fields=["status"])
    integration = FlowStatusIntegration()
    # Python gives a reason by itself, and never forces.
    if cell.refusal in ("!", "open"):
        with pytest.raises(FlowError) as caught:
            integration.sync_status_to_session(entry.pk)
        assert caught.value.code == CODES[cell.refusal]
        assert len(event_types(flow_session)) == flow_session.version
    else:
        answer = integration.sync_status_to_session(entry.pk)
        assert answer["changed"] == bool(cell.verb)
        assert answer["session_id"] == flow_session.pk
        assert answer["entry"]["status"] == cell.status
        assert not cell.verb or EVENTS[cell.verb] in event_types(flow_session)
    stored = FlowSession.objects.get(pk=flow_session.pk)
    assert_entry_tells(stored)
    assert_consistent(stored.pk)


def test_the_reason_is_the_callers_or_says_where_it_came_from():
    flow_session = session_in("ACTIVE")
    integration = FlowStatusIntegration()
    integration.sync_status_to_session(f"flow-{flow_session.pk}", status="FAILED")
    integration.sync_status_to_session(f"flow-{flow_session.pk}", status="IN_PROGRESS", reason="mended")
    reasons = [event.reason for event in events_of(flow_session) if event.type.startswith("session.")]
    assert reasons == ["", "asked for by the status system", "mended"]


def test_a_guard_refuses_and_the_entry_tells_the_truth_again():
    flow_session = new_session()
    set_by_hand(flow_session, "COMPLETED")
    with pytest.raises(GuardUnmet) as caught:
        FlowStatusIntegration().sync_status_to_session(f"flow-{flow_session.pk}")
    assert caught.value.exit_status == 7
    assert_entry_tells(FlowSession.objects.get(pk=flow_session.pk))


def test_somebody_without_the_right_is_refused_and_the_entry_tells_the_truth_again():
    flow_session = in_team(new_session(), "platform")
    set_by_hand(flow_session, "ON_HOLD")
    with pytest.raises(NotAllowed):
        FlowStatusIntegration(person("li", watches=["platform"])).sync_status_to_session(f"flow-{flow_session.pk}")
    assert_entry_tells(FlowSession.objects.get(pk=flow_session.pk))


def test_a_stranger_changes_nothing_not_even_what_is_wrong():
    flow_session = new_session()
    set_by_hand(flow_session, "ON_HOLD")
    person("zhao")
    before = snapshot()
    stranger = FlowStatusIntegration(person("zhao"))
    for call, given in (
        (stranger.sync_status_to_session, f"flow-{flow_session.pk}"),
        (stranger.sync_session_to_status, flow_session.pk),
    ):
        with pytest.raises(NotFound):
            call(given)
    assert snapshot() == before


def test_an_instruction_needs_no_change_of_the_entry():
    flow_session = session_in("ACTIVE")
    answer = FlowStatusIntegration().sync_status_to_session(f"flow-{flow_session.pk}", status="ON_HOLD")
    assert (answer["changed"], answer["entry"]["status"]) == (True, "ON_HOLD")
    again = FlowStatusIntegration().sync_status_to_session(f"flow-{flow_session.pk}", status="ON_HOLD")
    assert again == {**answer, "changed": False}


def test_sync_session_to_status_says_what_it_changed():
    flow_session = session_in("PAUSED")
    integration = FlowStatusIntegration()
    entry = map_session_to_status(flow_session)
    assert integration.sync_session_to_status(flow_session.pk) == {"changed": False, "entry": entry, "changes": {}}
    StatusEntry.objects.filter(session=flow_session.pk).update(status="FAILED", progress=7)
    assert integration.sync_session_to_status(flow_session.pk) == {
        "changed": True,
        "entry": entry,
        "changes": {
            "status": {"before": "FAILED", "after": "ON_HOLD"},
            "progress": {"before": 7, "after": 0},
        },
    }
    assert len(event_types(flow_session)) == flow_session.version


def test_sync_session_to_status_makes_what_is_missing():
    flow_session = new_session()
    StatusEntry.objects.all().delete()
    answer = FlowStatusIntegration().sync_session_to_status(flow_session.pk)
    assert answer["changed"]
    assert answer["changes"]["status"] == {"before": None, "after": "IN_PROGRESS"}
    assert_entry_tells(flow_session)


def test_sync_of_what_is_unknown_is_refused():
    integration = FlowStatusIntegration()
    with pytest.raises(NotFound):
        integration.sync_session_to_status("nothing")
    for status_id in ("flow-nothing", "nothing", "", None):
        with pytest.raises(NotFound):
            integration.sync_status_to_session(status_id)


def test_hooks_are_connected_once_however_often():
    receivers = len(event_recorded.receivers)
    integration = FlowStatusIntegration()
    for _time in range(3):
        integration.register_session_change_hooks()
        FlowStatusIntegration.register_session_change_hooks()
    assert len(event_recorded.receivers) == receivers
    assert_entry_tells(new_session())


def test_the_integration_carries_the_mapping():
    flow_session = StageInstanceManager().run_stage(new_session("build", "test").pk, "build").session
    flow_session = FlowSessionManager().get_session(flow_session.pk)
    assert services.SESSION_STATUS_MAPPING["PAUSED"] == "ON_HOLD"
    assert services.map_session_to_status(flow_session)["current_stage"] == "build"
