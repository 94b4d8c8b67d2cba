"""``/api/v1/inbox/``."""

import pytest

from sessions_app.actors import Actor
from stages_app.services import StageInstanceManager
from tests.api.conftest import assert_fits, client_for
from tests.factories import publish_workflow, stage

INBOX = "/api/v1/inbox/"


@pytest.fixture
def workflow(db):
    return publish_workflow("spec", stage("build", depends_on=["spec"]), "test", "ship", parallel=True)


@pytest.fixture
def manager(mei):
    return StageInstanceManager(Actor(mei, "python", is_trusted=True))


def rows_of(user):
    body = client_for(user).get(INBOX).json()
    assert_fits("Inbox", body)
    return body["results"]


def test_the_inbox_holds_what_could_be_worked_on_now(manager, flow_session, wang, mei):
    for stage_id in ("spec", "build"):
        manager.assign_stage(flow_session.pk, stage_id, "wang")
    (row,) = rows_of(wang)
    assert (row["stage_id"], row["status"], row["session_id"]) == ("spec", "PENDING", flow_session.pk)
    assert (row["command"], row["method"]) == (f"vc flow run dev:spec --session {flow_session.pk}", "POST")
    assert rows_of(mei) == []


def test_a_row_opens_what_it_tells_of(manager, flow_session, wang):
    manager.assign_stage(flow_session.pk, "spec", "wang")
    client = client_for(wang)
    (row,) = rows_of(wang)
    assert client.post(row["path"], row["body"], format="json").json()["status"] == "ACTIVE"
    (row,) = rows_of(wang)
    assert (row["status"], row["method"], row["body"]) == ("ACTIVE", "GET", None)
    assert client.get(row["path"]).json()["id"] == flow_session.pk


def test_the_inbox_takes_the_same_queries_at_any_length(manager, flow_session, wang, django_assert_num_queries):
    client = client_for(wang)
    client.get(INBOX)
    for stage_ids in (["spec"], ["test", "ship"]):
        for stage_id in stage_ids:
            manager.assign_stage(flow_session.pk, stage_id, "wang")
        with django_assert_num_queries(5):
            client.get(INBOX)
    assert len(rows_of(wang)) == 3
