"""Many sessions described at once say byte for byte what each attempt and item says as an object."""

from __future__ import annotations

import pytest

from sessions_app.api.rendering import dump
from sessions_app.masking import MASK
from sessions_app.models import FlowSession
from sessions_app.parts import describe, describe_many
from sessions_app.services import FlowSessionManager
from stages_app.models import StageInstance, StageItem
from stages_app.reading import Attempt, Item, attempts_of
from stages_app.representation import StagesPart, item_json, stage_json
from stages_app.services import StageInstanceManager
from tests.factories import actor, person, publish_workflow, stage, stage_in

pytestmark = pytest.mark.django_db

SECRET = "AKIAIOSFODNN7EXAMPLE"


@pytest.fixture
def flow_sessions():
    """Stages in every state, secrets, wide numbers, ad hoc stages, earlier attempts, an assignee; and a bare one."""
    stages = [stage(f"s{n}", items=["one", "two?"], deliverables=["report"], timeout=60) for n in range(4)]
    first = FlowSessionManager(actor("lin")).create_session(publish_workflow(*stages, parallel=True))
    manager = StageInstanceManager(actor("lin"))
    failed = stage_in("FAILED", first, "s0")
    manager.retry_instance(failed.pk)
    active = stage_in("ACTIVE", first, "s1")
    values = {"password": "hunter2", "n": 2**70, "f": 0.1, "text": f"see {SECRET}", "list": [None, True, {}], "空": "é"}
    manager.update_instance(active.pk, {"context": values, "config": {"timeout": 3600}, "assignee": "lin"})
    manager.add_item(active.pk, f"Ask about {SECRET}")
    manager.complete_item(active.pk, "one")
    manager.add_deliverables(active.pk, {"report": {"token": "x"}})
    stage_in("SKIPPED", first, "s2")
    manager.create_instance(first.pk, "spike")
    return [FlowSession.objects.get(pk=first.pk), FlowSessionManager().create_session(first.workflow_id)]


def by_objects(flow_session, reveal):
    rows = StageInstance.objects.filter(session=flow_session).order_by("stage_id", "attempt")
    return {row.pk: stage_json(row, reveal=reveal) for row in rows.prefetch_related("items")}


@pytest.mark.parametrize("reveal", [False, True])
def test_description_is_that_of_the_objects_to_the_byte(flow_sessions, reveal):
    flow_session = flow_sessions[0]
    told = StagesPart().describe_many(flow_sessions, reveal=reveal)[0]
    attempts = [attempt for each in told for attempt in (*each["earlier_attempts"], each) if attempt["id"]]
    expected = by_objects(flow_session, reveal)
    assert len(attempts) == len(expected) == 5
    for attempt in attempts:
        plain = {key: value for key, value in attempt.items() if key not in ("earlier_attempts", "required")}
        assert dump(plain) == dump(expected[attempt["id"]])
    assert (MASK.encode() in dump(told)) is not reveal
    assert (SECRET.encode() in dump(told)) is reveal


def test_many_are_described_as_each_alone(flow_sessions):
    assert dump(describe_many(flow_sessions)) == dump([describe(each) for each in flow_sessions])
    who = person("zhao")
    assert dump(describe_many(flow_sessions, actor=who)) == dump([describe(each, actor=who) for each in flow_sessions])
    assert describe_many([]) == []


def test_columns_are_read_as_the_objects_have_them(flow_sessions):
    attempts, items = attempts_of(flow_sessions)
    for row in StageInstance.objects.filter(session=flow_sessions[0]).select_related("assignee"):
        read = next(attempt for attempt in attempts[row.session_id] if attempt.id == row.pk)
        username = row.assignee.username if row.assignee else None
        assert read == Attempt(*(getattr(row, name) for name in Attempt._fields[:-1]), username)
        assert list(map(type, read)) == [type(getattr(row, name)) for name in Attempt._fields[:-1]] + [type(username)]
    stored = StageItem.objects.filter(stage_instance__session=flow_sessions[0]).order_by("number")
    for attempt_id, read_items in items.items():
        own = [item for item in stored if item.stage_instance_id == attempt_id]
        assert list(read_items) == [Item(*(getattr(item, name) for name in Item._fields)) for item in own]
        assert [item_json(item) for item in read_items] == [item_json(item) for item in own]
    assert sum(map(len, items.values())) == stored.count()


def test_sessions_are_described_in_the_same_queries_however_many(flow_sessions, django_assert_num_queries):
    describe_many(flow_sessions)  # versions are remembered
    for count in (1, 2):
        with django_assert_num_queries(5):
            describe_many(flow_sessions[:count])
