"""The event log: numbered without gaps, chained, all or nothing, and told to those who listen."""

import logging

import pytest
from django.db import transaction

from sessions_app.change import NothingToDo, lock_session, open_change
from sessions_app.exceptions import Conflict, FlowError, GuardUnmet
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.services import FlowSessionManager
from sessions_app.signals import event_committed, event_recorded, transition_requested
from stages_app import verbs
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from tests.factories import actor, assert_consistent, event_types, events_of, new_session, snapshot, stage_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def listening():
    """Connect receivers to signals for the length of a test."""
    connected = []

    def connect(signal, receiver):
        signal.connect(receiver, weak=False)
        connected.append((signal, receiver))

    yield connect
    for signal, receiver in connected:
        signal.disconnect(receiver)


def test_numbers_have_no_gap_over_refusals_and_no_ops():
    flow_session = new_session("build", "test")
    sessions, stages = FlowSessionManager(), StageInstanceManager()
    sessions.pause_session(flow_session.pk)
    sessions.pause_session(flow_session.pk)
    with pytest.raises(FlowError):
        stages.run_stage(flow_session.pk, "build")
    sessions.resume_session(flow_session.pk)
    stages.run_stage(flow_session.pk, "build")
    assert [event.seq for event in events_of(flow_session)] == [1, 2, 3, 4]
    assert FlowSession.objects.get(pk=flow_session.pk).version == 4
    assert_consistent(flow_session.pk)


@pytest.mark.parametrize(
    "column",
    [
        "seq",
        "type",
        "level",
        "stage_instance_id",
        "actor",
        "door",
        "submitted_by",
        "reason",
        "changes",
        "cause",
        "created_at",
    ],
)
def test_hash_covers_every_field(column):
    flow_session = new_session("build", "test")
    stage_in("ACTIVE", flow_session)
    first, second = events_of(flow_session)
    assert second.hash == second.chained_to(first.hash)
    changed = {
        "seq": 7,
        "level": 50,
        "changes": {},
        "cause": 1,
        "created_at": first.created_at.replace(year=2020),
    }.get(column, "other")
    setattr(second, column, changed)
    assert second.hash != second.chained_to(first.hash)


def test_hash_covers_what_went_before():
    first, second = events_of(StageInstance.objects.get(pk=stage_in("ACTIVE", new_session()).pk).session)
    assert second.chained_to(first.hash) != second.chained_to("")


@pytest.mark.parametrize("number", [1e22, 1.0, -0.0, 1e-7, 0.1, 1.5e300, 2**53 + 1, 5e-324, True, None])
def test_chain_holds_over_numbers_that_databases_write_in_their_own_way(number):
    flow_session = new_session()
    FlowSessionManager().update_session(flow_session.pk, {"context": {"n": [number]}})
    assert FlowSession.objects.get(pk=flow_session.pk).context["n"] == [number]
    assert_consistent(flow_session.pk)


def test_several_events_of_one_change_name_the_first_as_their_cause():
    flow_session = new_session("build", "test", parallel=True)
    stage_in("ACTIVE", flow_session, "build")
    stage_in("ACTIVE", flow_session, "test")
    FlowSessionManager().pause_session(flow_session.pk)
    assert [(e.type, e.cause) for e in events_of(flow_session)[-3:]] == [
        ("session.paused", None),
        ("stage.paused", 4),
        ("stage.paused", 4),
    ]


def test_event_as_json_has_null_for_what_is_empty():
    event = events_of(new_session())[0].as_dict()
    assert (event["seq"], event["level"], event["door"]) == (1, "INFO", "python")
    assert event["stage_instance_id"] is event["submitted_by"] is event["cause"] is None


def test_veto_of_a_receiver_leaves_nothing_behind(listening):
    flow_session = new_session("build", "test")
    before = snapshot()
    seen = []

    def veto(subject, verb, **_kwargs):
        seen.append((type(subject), verb))
        raise GuardUnmet("not on a Friday")

    listening(transition_requested, veto)
    with pytest.raises(GuardUnmet):
        StageInstanceManager().run_stage(flow_session.pk, "build")
    with pytest.raises(GuardUnmet):
        FlowSessionManager().pause_session(flow_session.pk)
    assert seen == [(StageInstance, "start"), (FlowSession, "pause")]
    assert snapshot() == before


def test_error_in_a_floor_above_rolls_everything_back(listening):
    flow_session = new_session("build", "test")
    stage_in("ACTIVE", flow_session)
    before = snapshot()

    def fail(event, **_kwargs):
        if event.type == "stage.paused":
            raise ZeroDivisionError

    listening(event_recorded, fail)
    with pytest.raises(ZeroDivisionError):
        FlowSessionManager().pause_session(flow_session.pk)
    assert snapshot() == before


def test_committed_events_are_told_in_order_and_a_broken_listener_harms_nobody(listening):
    flow_session = new_session("build", "test")
    stage_in("ACTIVE", flow_session)
    told = []

    def broken(**_kwargs):
        raise ZeroDivisionError

    listening(event_committed, broken)
    listening(event_committed, lambda event, flow_session, **_kwargs: told.append((event.seq, flow_session.status)))
    FlowSessionManager().pause_session(flow_session.pk)
    assert told == [(3, "PAUSED"), (4, "PAUSED")]


def test_refused_and_needless_verbs_tell_nobody(listening):
    flow_session = new_session("build", "test")
    told = []
    listening(event_committed, lambda event, **_kwargs: told.append(event))
    with pytest.raises(FlowError):
        FlowSessionManager().complete_session(flow_session.pk)
    FlowSessionManager().start_session(flow_session.pk)
    assert told == []


@pytest.fixture
def records():
    """What is logged under ``workflow``."""
    kept = []
    handler = logging.Handler()
    handler.emit = kept.append
    logging.getLogger("workflow").addHandler(handler)
    yield kept
    logging.getLogger("workflow").removeHandler(handler)


def test_events_become_log_lines_of_their_level(records):
    flow_session = new_session("build", "test")
    failed = stage_in("FAILED", flow_session)
    FlowSessionManager().fail_session(flow_session.pk, reason="no power")
    lines = [(record.name, record.levelname, record.getMessage()) for record in records]
    assert lines[0] == (
        "workflow.session.operations",
        "INFO",
        f"#1 session.created {flow_session.pk} actor=local door=python",
    )
    assert lines[2][:2] == ("workflow.stage.operations", "ERROR")
    assert failed.pk in lines[2][2]
    assert lines[3][2].endswith("reason='no power'")
    assert {record.session_id for record in records} == {flow_session.pk}


def test_change_that_was_overtaken_is_refused():
    flow_session = new_session()
    who = actor("lin")
    before = snapshot()

    def overtaken():
        with open_change(who, lambda: lock_session(flow_session.pk), action="update") as change:
            change.record("session.noted", {}, reason="late")
            FlowSession.objects.filter(pk=flow_session.pk).update(version=99)

    with pytest.raises(Conflict):
        overtaken()
    assert snapshot() == before


def test_stale_row_cannot_bring_a_stage_back_to_life():
    stage_instance = stage_in("ACTIVE", new_session("build", "test"))

    def pause_what_is_skipped():
        with open_change(actor("lin"), lambda: lock_session(stage_instance.session_id), action="update") as change:
            stage_instance.session = change.flow_session
            StageInstance.objects.filter(pk=stage_instance.pk).update(status="SKIPPED")
            verbs.perform(change, stage_instance, "pause")

    with pytest.raises(Conflict):
        pause_what_is_skipped()
    assert StageInstance.objects.get(pk=stage_instance.pk).status == "ACTIVE"


def test_nothing_to_do_rolls_back_what_was_done_before():
    flow_session = new_session()
    before = snapshot()
    who = actor("local")
    with open_change(who, lambda: lock_session(flow_session.pk), action="update") as change:
        SessionEvent.objects.all().delete()
        raise NothingToDo
    assert not change.events
    assert snapshot() == before


@pytest.mark.django_db(transaction=True)
def test_change_inside_another_transaction_is_a_mistake():
    flow_session = new_session()
    with pytest.raises(RuntimeError), transaction.atomic():
        FlowSessionManager().pause_session(flow_session.pk)
    assert event_types(flow_session) == ["session.created"]
