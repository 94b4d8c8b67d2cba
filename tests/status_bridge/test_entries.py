"""The entry says what its session is after every change, and goes with it."""

from __future__ import annotations

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app.bulk import bulk_perform, bulk_try, order
from sessions_app.exceptions import FlowError
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from status_bridge import entries
from status_bridge.models import StatusEntry
from tests.factories import (
    actor,
    assert_consistent,
    assert_entry_tells,
    new_session,
    session_in,
    snapshot,
    stage,
    team,
    user,
)

pytestmark = pytest.mark.django_db

STAGES = ("build", "test", "ship")


def attempts(stages, chance, session_id):
    return [row.pk for row in stages.list_instances(session_id=session_id)] or [f"{session_id}.build.1"]


def steps(chance):
    """One random change: whatever a user can ask for."""
    verb = chance.choice(["start", "pause", "resume", "complete", "reopen", "fail", "abort"])
    stage_verb = chance.choice(["start", "pause", "resume", "complete", "fail", "retry", "skip"])
    stage_id = chance.choice(STAGES)
    return chance.choice(
        [
            lambda m, s, key: getattr(m, f"{verb}_session")(
                key, reason="so", **({"force": chance.random() < 0.5} if verb == "complete" else {})
            ),
            lambda m, s, key: s.run_stage(key, stage_id),
            lambda m, s, key: s.run_stage(key, stage_id),
            lambda m, s, key: s.perform(
                key, stage_id, stage_verb, reason="so", **({"force": True} if stage_verb == "complete" else {})
            ),
            lambda m, s, key: s.perform(key, stage_id, stage_verb, reason="so"),
            lambda m, s, key: s.complete_item(chance.choice(attempts(s, chance, key)), "write"),
            lambda m, s, key: s.reopen_item(chance.choice(attempts(s, chance, key)), "write"),
            lambda m, s, key: s.create_instance(key, chance.choice([*STAGES, "extra"])),
            lambda m, s, key: m.update_session(key, {"name": f"Name {chance.random()}"}),
            lambda m, s, key: m.update_session(key, {"owner": chance.choice(["local", "mei"])}),
            lambda m, s, key: m.update_session(key, {"team": chance.choice(["platform", None])}),
            lambda m, s, key: m.note_session(key, "seen"),
            lambda m, s, key: bulk_perform(m.actor, order(m.actor, "pause"), [key]),
            lambda m, s, key: bulk_perform(m.actor, order(m.actor, "resume"), [key]),
        ]
    )


@pytest.mark.parametrize("seed", range(12))
def test_entry_equals_its_session_after_every_change(seed):
    chance = random.Random(seed)
    user("mei"), team("platform")
    flow_session = new_session(stage("build", items=["write"]), "test", "ship", parallel=seed % 2 == 0)
    manager, stages = FlowSessionManager(), StageInstanceManager()
    done = 0
    for _number in range(40):
        try:
            steps(chance)(manager, stages, flow_session.pk)
            done += 1
        except FlowError:
            pass
        assert_entry_tells(FlowSession.objects.get(pk=flow_session.pk))
    assert done >= 8
    assert_consistent(flow_session.pk)


@pytest.mark.parametrize("status", ["PENDING", "ACTIVE", "PAUSED", "COMPLETED", "FAILED", "ABORTED"])
def test_every_state_has_its_entry(status):
    flow_session = session_in(status)
    assert_entry_tells(flow_session)
    FlowSessionManager().delete_session(flow_session.pk)
    assert not StatusEntry.objects.exists()


def test_bulk_verbs_write_entries_and_a_trial_does_not():
    rows = [new_session() for _number in range(3)]
    keys = sorted(row.pk for row in rows)
    manager = FlowSessionManager()
    bulk_try(manager.actor, order(manager.actor, "pause"), keys)
    assert set(StatusEntry.objects.values_list("status", flat=True)) == {"IN_PROGRESS"}
    bulk_perform(manager.actor, order(manager.actor, "pause"), keys)
    assert set(StatusEntry.objects.values_list("status", flat=True)) == {"ON_HOLD"}


def statements(call):
    with CaptureQueriesContext(connection) as captured:
        call()
    return [query["sql"] for query in captured if '"status_entries"' in query["sql"]]


def test_a_change_writes_the_entry_by_one_statement():
    made = statements(lambda: FlowSessionManager().create_session(new_session().workflow_id))
    assert [sql.split()[0] for sql in made] == ["INSERT", "INSERT"]  # the factory's session, and this one
    flow_session = new_session()
    paused = statements(lambda: FlowSessionManager().pause_session(flow_session.pk))
    assert [sql.split()[0] for sql in paused] == ["UPDATE"]
    run = statements(lambda: StageInstanceManager().run_stage(session_in("ACTIVE").pk, "build"))
    assert [sql.split()[0] for sql in run] == ["INSERT", "UPDATE"]


def test_nothing_to_do_writes_no_entry():
    flow_session = session_in("PAUSED")
    assert statements(lambda: FlowSessionManager().pause_session(flow_session.pk)) == []


def test_a_refused_change_leaves_the_entry(monkeypatch):
    flow_session = new_session()
    before = snapshot()
    with pytest.raises(FlowError):
        FlowSessionManager().complete_session(flow_session.pk)
    assert snapshot() == before

    def fail(change):
        raise RuntimeError

    monkeypatch.setattr(entries, "follow", fail)
    with pytest.raises(RuntimeError):
        FlowSessionManager().pause_session(flow_session.pk)
    assert snapshot() == before


def test_sessions_of_before_get_their_entries(monkeypatch):
    monkeypatch.setattr(entries, "BATCH", 2)
    rows = [session_in(status) for status in ("ACTIVE", "PAUSED", "FAILED", "COMPLETED", "ABORTED")]
    kept = rows[0]
    StatusEntry.objects.exclude(session=kept.pk).delete()
    assert entries.write_missing_entries() == 4
    assert entries.write_missing_entries() == 0
    for row in rows:
        assert_entry_tells(FlowSession.objects.get(pk=row.pk))


def test_an_entry_that_is_missing_comes_back_with_the_next_change():
    flow_session = new_session()
    StatusEntry.objects.all().delete()
    assert_entry_tells(FlowSessionManager().pause_session(flow_session.pk))


def test_a_name_that_grows_when_it_is_masked_fits():
    name = "x://u:p@h " * 19
    flow_session = FlowSessionManager(actor("mei")).create_session(new_session().workflow_id, name)
    entry = StatusEntry.objects.get(session=flow_session.pk)
    assert len(flow_session.name) < 200 == len(entry.name)
    assert ":p@" not in entry.name
    assert_entry_tells(flow_session)


def lines(caplog):
    return [(row.levelname, row.getMessage()) for row in caplog.records if row.name == "workflow.session.integration"]


def test_what_moves_an_entry_is_logged_once_it_is_on_disk(caplog, django_capture_on_commit_callbacks):
    caplog.set_level("INFO", logger="workflow.session.integration")
    with django_capture_on_commit_callbacks(execute=True):
        flow_session = new_session("build", "test")
        FlowSessionManager().note_session(flow_session.pk, "seen")
        run = StageInstanceManager().run_stage(flow_session.pk, "build")
        StageInstanceManager().complete_instance(run.pk)
        FlowSessionManager().pause_session(flow_session.pk)
        FlowSessionManager().delete_session(flow_session.pk)
    entry, by = f"flow-{flow_session.pk}", "actor=local door=python"
    assert lines(caplog) == [
        ("INFO", f"#1 {entry} IN_PROGRESS 0% {by}"),
        ("INFO", f"#4 {entry} IN_PROGRESS 50%, was IN_PROGRESS 0% {by}"),
        ("INFO", f"#5 {entry} ON_HOLD 50%, was IN_PROGRESS 50% {by}"),
        ("INFO", f"#6 {entry} gone {by}"),
    ]


def test_what_is_taken_back_is_not_logged(caplog, django_capture_on_commit_callbacks):
    flow_session = new_session()
    with django_capture_on_commit_callbacks(execute=True) as callbacks, pytest.raises(FlowError):
        FlowSessionManager().complete_session(flow_session.pk)
    assert callbacks == []
