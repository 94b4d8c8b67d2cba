"""What was interrupted: each kind is found, worst first, with a command that is legal."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app.models import FlowSession
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from stages_app.expiry import expire_leases
from stages_app.models import StageInstance
from stages_app.recovery import interruption_json, interruptions
from stages_app.services import StageInstanceManager
from stages_app.standing import reasons
from tests.factories import actor, in_team, new_session, person, stage, stage_in, user
from tests.stages_app.test_leases import claimed, run_out

pytestmark = pytest.mark.django_db


def told(found):
    return [(row.why, row.flow_session.pk, " ".join(step.words)) for row, step in found.rows]


def one_of_each():
    """A session for each reason: by the reason, its id; and what is to be found."""
    sessions, stages = FlowSessionManager(), StageInstanceManager()
    keys = {}

    def begun(why, *made, **options):
        row = stage_in("ACTIVE", new_session(*(made or ("build", "test")), **options))
        keys[why] = row.session_id
        return row

    lost = begun("lease-expired")
    claimed(lost, holder="agent 7")
    run_out(lost)
    stages.fail_instance(begun("stage-failed").pk, reason="tests are red")
    sessions.fail_session(begun("session-failed").session_id, reason="no money")
    late = begun("overdue", stage("build", timeout=60), "test", id="slow")
    StageInstance.objects.filter(pk=late.pk).update(started_at=timezone.now() - timedelta(hours=1))
    stages.pause_instance(begun("stage-paused").pk)
    sessions.pause_session(begun("session-paused").session_id)
    stages.assign_stage(begun("waiting").session_id, "build", user("bob", is_superuser=True).username)
    keys["idle"] = new_session("build", "test").pk
    begun("busy")
    begun("held")
    claimed(StageInstance.objects.get(session=keys["held"]))
    sessions.abort_session(begun("over").session_id)
    return keys


def test_each_reason_is_found_worst_first_with_its_command():
    keys = one_of_each()
    words = {
        "lease-expired": "stage claim build --session {key}",
        "stage-failed": "stage retry build --session {key}",
        "session-failed": "session resume {key}",
        "overdue": "context {key}",
        "stage-paused": "stage resume build --session {key}",
        "session-paused": "session resume {key}",
        "waiting": "context {key}",
        "idle": "run dev:build --session {key}",
    }
    found = interruptions(actor("ann"))
    assert told(found) == [(why, keys[why], command.format(key=keys[why])) for why, command in words.items()]
    assert not found.more
    rows = {row.why: row for row, _step in found.rows}
    assert (rows["lease-expired"].who, rows["stage-failed"].reason) == ("agent 7", "tests are red")
    assert rows["session-failed"].who == "local"
    assert "bob" in rows["waiting"].about
    assert interruption_json(rows["idle"])["stage_id"] is None


def test_it_is_bounded_and_takes_as_many_queries_for_many():
    one_of_each()
    reader = actor("ann")
    assert reader.rights
    interruptions(reader)
    with CaptureQueriesContext(connection) as few:
        interruptions(reader)
    for _again in range(2):
        one_of_each()
    with CaptureQueriesContext(connection) as many:
        found = interruptions(reader)
    assert len(found.rows) == 24
    assert len(few) == len(many) <= 13
    short = interruptions(reader, limit=4)
    assert [row.why for row, _step in short.rows] == ["lease-expired"] * 3 + ["stage-failed"]
    assert short.more


def test_nobody_is_told_of_what_they_do_not_see_or_may_not_do():
    keys = one_of_each()
    in_team(keys["stage-failed"] and FlowSessionManager().get_session(keys["stage-failed"]), "web")
    watcher = person("vera", watches=["web"])
    assert told(interruptions(watcher)) == [("stage-failed", keys["stage-failed"], f"context {keys['stage-failed']}")]
    assert told(interruptions(person("sam"))) == []
    worker = person("otto", operates=["web"])
    assert told(interruptions(worker))[0][2].startswith("stage retry build")
    assert told(interruptions(worker, mine=True)) == []
    assert len(told(interruptions(actor("ann"), workflow_id="slow"))) == 1


def test_assigned_stage_waits_only_once_its_turn_has_come():
    flow_session = new_session("build", stage("test", depends_on=["build"]))
    StageInstanceManager().assign_stage(flow_session.pk, "test", user("bob", is_superuser=True).username)
    assert [row.why for row, _step in interruptions(actor("ann")).rows] == ["idle"]
    building = stage_in("ACTIVE", flow_session)
    assert told(interruptions(actor("ann"))) == []
    StageInstanceManager().complete_instance(building.pk)
    assert told(interruptions(actor("ann"))) == [
        ("waiting", flow_session.pk, f"run dev:test --session {flow_session.pk}")
    ]


def test_every_command_continues_what_it_is_told_for():
    keys = one_of_each()
    for row, step in interruptions(actor("ann")).rows:
        verb = step.words[1]
        if step.words[0] == "stage" and verb != "claim":
            StageInstanceManager().perform(row.flow_session.pk, step.words[2], verb)
        elif step.words[0] == "session":
            FlowSessionManager().resume_session(row.flow_session.pk)
        elif step.words[0] == "run":
            StageInstanceManager().run_stage(row.flow_session.pk, "build")
        elif verb == "claim":
            StageInstanceManager().claim_stage(row.flow_session.pk, "build")
    assert {row.why for row, _step in interruptions(actor("ann")).rows} == {"overdue", "waiting"}
    assert keys["busy"]
    assert expire_leases() == 0


def test_restoring_and_forking_say_who_and_why_themselves():
    building = stage_in("ACTIVE", new_session("build", "test"))
    key, sessions, savepoints = building.session_id, FlowSessionManager(), SavepointManager(actor("ann"))
    StageInstanceManager().pause_instance(building.pk, reason="stage A")
    sessions.pause_session(key, reason="A")
    kept = savepoints.create_savepoint(key)
    sessions.resume_session(key)
    StageInstanceManager().resume_instance(building.pk)
    sessions.pause_session(key, reason="B")
    sessions.resume_session(key)
    savepoints.restore_savepoint(kept.pk, reason="back")
    fork = savepoints.fork_savepoint(kept.pk, reason="anew")
    rows = {row.flow_session.pk: row for row, _step in interruptions(actor("ann")).rows}
    assert (rows[key].why, rows[key].who, rows[key].reason) == ("session-paused", "ann", "back")
    assert (rows[fork.pk].who, rows[fork.pk].reason) == ("ann", "anew")
    assert reasons(FlowSession.objects.get(pk=key)) == {"": "back", building.pk: "back"}
    assert reasons(fork) == {"": "anew", f"{fork.pk}.build.1": "anew"}
    sessions.resume_session(fork.pk)
    rows = {row.flow_session.pk: row for row, _step in interruptions(actor("ann")).rows}
    assert (rows[fork.pk].why, rows[fork.pk].who, rows[fork.pk].reason) == ("stage-paused", "ann", "anew")
