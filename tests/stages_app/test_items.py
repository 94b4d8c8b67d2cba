"""Work inside one attempt: items, deliverables, and what completes a stage."""

import pytest

from sessions_app.exceptions import Ambiguous, GuardUnmet, IllegalTransition, InvalidInput, NotFound
from sessions_app.services import FlowSessionManager
from sessions_app.states import Level
from stages_app.items import ITEMS_AT_MOST
from stages_app.models import StageInstance, StageItem
from stages_app.services import StageInstanceManager
from stages_app.states import StageStatus
from tests.factories import assert_consistent, event_types, events_of, new_session, snapshot, stage, stage_in

pytestmark = pytest.mark.django_db

CHECKLIST = ("models", "login", "logout?")


@pytest.fixture
def manager():
    return StageInstanceManager()


@pytest.fixture
def building():
    """An active stage with two required items, an optional one, and a required deliverable."""
    flow_session = new_session(stage("build", items=CHECKLIST, deliverables=["report", "notes?"]), "test")
    return stage_in("ACTIVE", flow_session)


def done_items(stage_instance):
    return StageInstance.objects.get(pk=stage_instance.pk).completed_items


def test_attempt_has_the_items_of_the_definition(building):
    items = list(building.items.all())
    assert [(item.number, item.item_id, item.is_required, item.is_done) for item in items] == [
        (1, "models", True, False),
        (2, "login", True, False),
        (3, "logout", False, False),
    ]


@pytest.mark.parametrize("reference", ["login", "2", " login ", "Do login", "do LOGIN", "Do logi"])
def test_item_is_named_by_id_number_or_a_unique_beginning_of_its_text(manager, building, reference):
    manager.complete_item(building.pk, reference)
    assert done_items(building) == ["login"]


def test_item_is_named_by_a_number(manager, building):
    manager.complete_item(building.pk, 2)
    assert done_items(building) == ["login"]


def test_items_id_wins_over_its_number_and_its_text(manager):
    flow_session = new_session(stage("build", items=["2", "first", "do"]))
    building = stage_in("ACTIVE", flow_session)
    manager.complete_item(building.pk, "2")
    manager.complete_item(building.pk, "do")
    assert done_items(building) == ["2", "do"]


def test_ambiguous_item_is_refused_with_the_candidates(manager, building):
    with pytest.raises(Ambiguous) as caught:
        manager.complete_item(building.pk, "Do log")
    assert [candidate["id"] for candidate in caught.value.details["candidates"]] == ["login", "logout"]
    assert caught.value.exit_status == 6


@pytest.mark.parametrize("reference", ["nothing", "", "0", "4", "logi\x00n"])
def test_unknown_item_is_refused_with_the_known_ones(manager, building, reference):
    before = snapshot()
    with pytest.raises(NotFound) as caught:
        manager.complete_item(building.pk, reference)
    assert [item["id"] for item in caught.value.details["items"]] == ["models", "login", "logout"]
    assert snapshot() == before


def test_ticking_several_items_writes_an_event_each(manager, building):
    manager.complete_item(building.pk, "models", "2")
    first, second = events_of(building.session_id)[-2:]
    assert (first.type, second.type, second.cause) == ("item.done", "item.done", first.seq)
    assert first.level == Level.DEBUG
    assert first.changes == {"items.models.done": {"before": False, "after": True}}
    assert manager.outcome.version == second.seq
    item = StageItem.objects.get(stage_instance=building, item_id="models")
    assert (item.done_by, item.done_at) == ("local", first.created_at)
    assert_consistent(building.session_id)


def test_ticking_is_all_or_nothing(manager, building):
    before = snapshot()
    with pytest.raises(NotFound):
        manager.complete_item(building.pk, "models", "nothing")
    assert snapshot() == before


def test_ticking_what_is_ticked_changes_nothing(manager, building):
    manager.complete_item(building.pk, "models")
    before = snapshot()
    manager.complete_item(building.pk, "models")
    assert snapshot() == before
    assert not manager.outcome.changed
    manager.complete_item(building.pk, "models", "login")
    assert event_types(building.session_id)[-2:] == ["item.done", "item.done"]
    assert len(events_of(building.session_id)) == len(before["sessions_app.SessionEvent"]) + 1


def test_tick_is_taken_back(manager, building):
    manager.complete_item(building.pk, "models")
    manager.reopen_item(building.pk, "models")
    assert done_items(building) == []
    item = StageItem.objects.get(stage_instance=building, item_id="models")
    assert (item.done_by, item.done_at) == ("", None)
    assert events_of(building.session_id)[-1].changes == {"items.models.done": {"before": True, "after": False}}


@pytest.mark.parametrize("state", [status for status in StageStatus.values if status != "ACTIVE"])
def test_work_needs_an_active_stage(manager, state):
    flow_session = new_session(stage("build", items=CHECKLIST), "test")
    stage_instance = stage_in(state, flow_session)
    before = snapshot()
    with pytest.raises(IllegalTransition):
        manager.complete_item(stage_instance.pk, "models")
    with pytest.raises(IllegalTransition):
        manager.add_deliverables(stage_instance.pk, {"report": "x"})
    assert snapshot() == before


def test_work_needs_an_active_session(manager, building):
    FlowSessionManager().pause_session(building.session_id)
    with pytest.raises(IllegalTransition) as caught:
        manager.complete_item(building.pk, "models")
    assert caught.value.details["kind"] == "session"


@pytest.mark.parametrize("state", ["PENDING", "ACTIVE", "PAUSED"])
def test_item_is_added_to_one_attempt_alone(manager, state):
    flow_session = new_session(stage("build", items=CHECKLIST), "test")
    added = manager.add_item(stage_in(state, flow_session).pk, "Fix the login")
    assert (added.item_id, added.number, added.is_required, added.is_added) == ("fix-the-login", 4, True, True)
    assert event_types(flow_session)[-1] == "item.added"
    assert flow_session.events.last().level == Level.DEBUG
    assert len(flow_session.published.definition.stages[0].checklist) == 3


def test_added_items_get_ids_that_nobody_has(manager, building):
    texts = ["Login", "login", "修复登录", "---"]
    assert [manager.add_item(building.pk, text).item_id for text in texts] == ["login-2", "login-3", "item-6", "item-7"]


@pytest.mark.parametrize("state", ["COMPLETED", "FAILED", "SKIPPED", "ABORTED"])
def test_ended_attempt_takes_no_new_item(manager, state):
    stage_instance = stage_in(state, new_session("build", "test"))
    with pytest.raises(IllegalTransition):
        manager.add_item(stage_instance.pk, "More")


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "x" * 1001, "\x1b[2J", "\ud800", None])
def test_item_needs_a_clean_text(manager, building, text):
    before = snapshot()
    with pytest.raises(InvalidInput):
        manager.add_item(building.pk, text)
    assert snapshot() == before


def test_items_are_bounded(manager, building):
    StageItem.objects.bulk_create(
        StageItem(stage_instance=building, item_id=f"more-{n}", number=n, text="x") for n in range(4, ITEMS_AT_MOST + 1)
    )
    with pytest.raises(InvalidInput) as caught:
        manager.add_item(building.pk, "One too many")
    assert str(ITEMS_AT_MOST) in caught.value.message


def test_unfinished_stage_is_refused_with_what_is_open(manager, building):
    manager.complete_item(building.pk, "login")
    before = snapshot()
    with pytest.raises(GuardUnmet) as caught:
        manager.complete_instance(building.pk, reason="a reason alone doesn't force")
    assert (caught.value.code, caught.value.exit_status) == ("stage-unfinished", 7)
    assert caught.value.details["open_items"] == ["models"]
    assert caught.value.details["missing_deliverables"] == ["report"]
    assert snapshot() == before


def test_stage_completes_with_its_required_items_and_deliverables(manager, building):
    manager.complete_item(building.pk, "models", "login")
    completed = manager.complete_instance(building.pk, {"Report": "report.md"})
    assert (completed.status, completed.deliverables) == ("COMPLETED", {"report": "report.md"})
    event = events_of(building.session_id)[-1]
    assert event.changes["deliverables.report"] == {"before": None, "after": "report.md"}
    assert completed.completed_at == event.created_at
    assert_consistent(building.session_id)


@pytest.mark.parametrize("value", ["", None])
def test_empty_deliverable_is_refused(manager, value):
    building = stage_in("ACTIVE", new_session(stage("build", deliverables=["report"]), "test"))
    manager.add_deliverables(building.pk, {"report": "v1"})
    for hand_in in (manager.add_deliverables, manager.complete_instance):
        with pytest.raises(InvalidInput, match="report"):
            hand_in(building.pk, {"report": value})
    building.refresh_from_db()
    assert building.deliverables == {"report": "v1"}


@pytest.mark.parametrize("timeout", [10**30, 1e300, -5, 0, True, "soon", [1]])
def test_timeout_that_is_no_time_is_refused(manager, building, timeout):
    with pytest.raises(InvalidInput, match="timeout"):
        manager.update_instance(building.pk, {"config": {"timeout": timeout}})
    with pytest.raises(InvalidInput, match="timeout"):
        manager.create_stage(building.session_id, "later", {"timeout": timeout})
    assert manager.update_instance(building.pk, {"config": {"timeout": 60, "x": 1}}).timeout == 60


def test_deliverables_are_added_and_replaced(manager, building):
    manager.add_deliverables(building.pk, {"report": "v1", "extra thing": {"pages": 3}})
    manager.add_deliverables(building.pk, {"Report": "v2"})
    event = events_of(building.session_id)[-1]
    assert (event.type, event.changes) == (
        "deliverable.added",
        {"deliverables.report": {"before": "v1", "after": "v2"}},
    )
    stored = manager.get_instance(building.pk)
    assert stored.deliverables == {"report": "v2", "extra thing": {"pages": 3}}
    before = snapshot()
    manager.add_deliverables(building.pk, {"report": "v2"})
    assert snapshot() == before
    assert not manager.outcome.changed


def test_deliverable_is_named_in_any_language(manager):
    from sessions_app.definitions.schema import Deliverable, StageDefinition

    named = StageDefinition(
        "build", "Build", 1, deliverables=(Deliverable("report", {"zh-hans": "报告", "en": "Report"}),)
    )
    building = stage_in("ACTIVE", new_session(named))
    manager.add_deliverables(building.pk, {"报告": "x"})
    assert manager.get_instance(building.pk).deliverables == {"report": "x"}


@pytest.mark.parametrize("given", [["report"], "report", 5, {"": "x"}, {"a\x00": "x"}, {5: "x"}, {"report": {1, 2}}])
def test_deliverables_must_be_a_clean_mapping(manager, building, given):
    before = snapshot()
    for deliver in (manager.add_deliverables, manager.complete_instance):
        with pytest.raises(InvalidInput):
            deliver(building.pk, given)
    assert snapshot() == before


def test_deliverables_belong_to_completion_alone(manager, building):
    with pytest.raises(InvalidInput):
        manager.perform(building.session_id, "build", "pause", deliverables={"report": "x"})


def test_update_merges_objects_and_removes_nulls(manager, building):
    manager.update_instance(building.pk, {"context": {"a": 1, "b": 2}, "name": "The build"})
    updated = manager.update_instance(building.pk, {"context": {"b": None, "c": 3}, "assignee": "local"})
    assert (updated.context, updated.name, updated.assignee.username) == ({"a": 1, "c": 3}, "The build", "local")
    assert events_of(building.session_id)[-1].changes["context.b"] == {"before": 2, "after": None}
    assert manager.update_instance(building.pk, {"assignee": None}).assignee is None
    before = snapshot()
    manager.update_instance(building.pk, {"context": {"a": 1}})
    assert snapshot() == before


@pytest.mark.parametrize("data", [{"status": "COMPLETED"}, {"attempt": 5}, {"session_id": "x"}, [1], "x", None])
def test_update_refuses_all_else(manager, building, data):
    before = snapshot()
    with pytest.raises(InvalidInput):
        manager.update_instance(building.pk, data)
    assert snapshot() == before


def test_update_with_an_unknown_assignee_is_not_found(manager, building):
    with pytest.raises(NotFound):
        manager.update_instance(building.pk, {"assignee": "nobody"})


def test_update_in_an_ended_session_is_refused(manager, building):
    FlowSessionManager().abort_session(building.session_id)
    with pytest.raises(IllegalTransition):
        manager.update_instance(building.pk, {"name": "x"})


def test_active_stage_is_overdue_after_its_timeout(manager):
    from datetime import timedelta

    flow_session = new_session(stage("build", timeout=60), "test")
    working = stage_in("ACTIVE", flow_session)
    assert working.timeout == 60
    assert not working.is_overdue(working.started_at + timedelta(seconds=60))
    assert working.is_overdue(working.started_at + timedelta(seconds=61))
    own = manager.update_instance(working.pk, {"config": {"timeout": 3600}})
    assert not own.is_overdue(own.started_at + timedelta(seconds=61))
    paused = manager.pause_instance(working.pk)
    assert not paused.is_overdue(paused.started_at + timedelta(days=1))
