"""How many statements lists and verbs need: the same at one row and at three."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app.models import FlowSession
from sessions_app.representation import definition_json, session_detail_json, session_json, workflow_json
from sessions_app.services import FlowSessionManager
from stages_app.models import StageInstance
from stages_app.representation import stage_json
from stages_app.services import StageInstanceManager
from tests.factories import actor, new_session, stage, stage_in

pytestmark = pytest.mark.django_db

STAGES = [stage(f"s{number}", items=["one", "two"], deliverables=["report?"]) for number in range(3)]


def count(do):
    with CaptureQueriesContext(connection) as captured:
        do()
    statements = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    return len(statements), statements


def made(rows):
    return [new_session(*STAGES, parallel=True) for _row in range(rows)]


def listed():
    return [session_json(row) for row in FlowSession.objects.select_related("owner", "team")]


def test_list_of_sessions_takes_one_query_at_any_length():
    made(1)
    listed()  # versions are remembered
    one, _ = count(listed)
    made(2)
    three, statements = count(listed)
    assert (one, three) == (1, 1), statements


def test_detail_of_a_session_takes_the_same_queries_with_any_number_of_stages():
    flow_session = made(1)[0]

    def detail():
        return session_detail_json(FlowSession.objects.select_related("owner", "team").get(pk=flow_session.pk))

    stage_in("FAILED", flow_session, "s0")
    one, _ = count(detail)
    stage_in("FAILED", flow_session, "s1")
    StageInstanceManager().perform(flow_session.pk, "s1", "retry")
    StageInstanceManager().create_instance(flow_session.pk, "spike")
    three, statements = count(detail)
    assert (one, three) == (6, 6), statements


def test_list_of_stages_takes_the_same_queries_at_any_length():
    flow_session = made(1)[0]

    def stages():
        rows = StageInstance.objects.select_related("session", "assignee").prefetch_related("items")
        return [stage_json(row) for row in rows]

    stage_in("ACTIVE", flow_session, "s0")
    one, _ = count(stages)
    stage_in("ACTIVE", flow_session, "s1")
    stage_in("ACTIVE", flow_session, "s2")
    three, statements = count(stages)
    assert (one, three) == (2, 2), statements


def test_detail_tells_of_begun_unbegun_and_ad_hoc_stages_with_the_same_keys():
    flow_session = made(1)[0]
    failed = stage_in("FAILED", flow_session, "s1")
    StageInstanceManager().retry_instance(failed.pk)
    StageInstanceManager().create_instance(flow_session.pk, "spike")
    detail = session_detail_json(FlowSession.objects.get(pk=flow_session.pk))
    assert [(each["stage_id"], each["status"], each["attempt"]) for each in detail["stages"]] == [
        ("s0", None, 0),
        ("s1", "ACTIVE", 2),
        ("s2", None, 0),
        ("spike", "PENDING", 1),
    ]
    assert len({frozenset(each) for each in detail["stages"]}) == 1
    assert [each["status"] for each in detail["stages"][1]["earlier_attempts"]] == ["FAILED"]
    assert [each["ad_hoc"] for each in detail["stages"]] == [False, False, False, True]
    assert detail["allowed_actions"] == ["pause", "complete", "fail", "abort"]
    assert detail["stages"][0]["allowed_actions"] == ["start", "skip"]
    assert {"id": "one", "number": 1, "text": "Do one"}.items() <= detail["stages"][0]["items"][0].items()


def test_workflow_as_json_has_its_stages():
    flow_session = made(1)[0]
    listed_workflow = workflow_json(flow_session.workflow)
    assert (listed_workflow["id"], listed_workflow["version"]) == ("dev", 1)
    told = definition_json(flow_session.published.definition, {"s0": 7})
    assert [(each["id"], each["line"]) for each in told["stages"]] == [("s0", 7), ("s1", None), ("s2", None)]
    assert told["parallel"] is True


VERBS = {
    "pause_session": (7, lambda sessions, stages, row: sessions.pause_session(row.session_id)),
    "note_session": (5, lambda sessions, stages, row: sessions.note_session(row.session_id, "so")),
    "complete_item": (8, lambda sessions, stages, row: stages.complete_item(row.pk, "one")),
    "pause_instance": (7, lambda sessions, stages, row: stages.pause_instance(row.pk)),
    "add_deliverables": (7, lambda sessions, stages, row: stages.add_deliverables(row.pk, {"report": "x"})),
    "no-op": (1, lambda sessions, stages, row: sessions.start_session(row.session_id)),
}


@pytest.mark.parametrize("verb", VERBS)
def test_verb_takes_a_fixed_number_of_statements(verb):
    expected, do = VERBS[verb]
    who = actor("lin")
    row = stage_in("ACTIVE", made(1)[0], "s0")
    taken, statements = count(lambda: do(FlowSessionManager(who), StageInstanceManager(who), row))
    assert taken == expected, statements
