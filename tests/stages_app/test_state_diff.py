"""What differs between two states: as data, in words, and never with a secret."""

import pytest

from sessions_app import language
from sessions_app.capturing import capture
from sessions_app.models import FlowSession
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from sessions_app.state_diff import compared, lines, of_event
from stages_app.services import StageInstanceManager
from tests.factories import events_of, in_team, new_session, stage, user

pytestmark = pytest.mark.django_db

STAGES = (stage("build", items=["one", "two?"], deliverables=["report?"]), stage("test", items=["run"]))


def state(flow_session):
    return capture(FlowSession.objects.get(pk=flow_session.pk))


@pytest.fixture
def begun():
    flow_session = in_team(new_session(*STAGES, name="Login"), "blue")
    FlowSessionManager().update_session(flow_session.pk, {"context": {"password": "hunter2", "deep": {"a": 1, "b": 2}}})
    StageInstanceManager().run_stage(flow_session.pk, "build")
    return flow_session


def work(flow_session):
    """Everything that can change."""
    sessions, stages, build = FlowSessionManager(), StageInstanceManager(), f"{flow_session.pk}.build.1"
    data = {"password": "hunter3", "deep": {"a": 1, "b": 3}, "new": "x" * 300}
    sessions.update_session(flow_session.pk, {"name": "Sign in", "tags": ["web"], "context": data})
    stages.complete_item(build, "one")
    stages.add_item(build, "three")
    user("lin", operates=["blue"])
    stages.assign_stage(flow_session.pk, "build", "lin")
    stages.update_instance(build, {"config": {"timeout": 60}, "metadata": {"api_key": "sk-1"}, "name": "Building"})
    stages.complete_instance(build, {"report": {"path": "r.md", "token": "t0ps3cret"}}, force=True, reason="enough")
    stages.run_stage(flow_session.pk, "test")


TOLD = [
    "Name: Login → Sign in",
    "Current stage: build → test",
    "Tags: - → web",
    "context.deep.b: 2 → 3",
    f"context.new: - → {'x' * 59}…",
    "context.password: •••••• → ••••••",
    "build.1: in progress → done",
    "build.1: name: - → Building",
    "build.1: whose turn: - → lin",
    "build.1: ticked: 1. Do one",
    "build.1: item added: 3. three",
    'build.1: deliverable report: - → {"path": "r.md", "token": "••••••"}',
    "build.1: config.timeout: - → 60",
    "build.1: metadata.api_key: - → ••••••",
    "test.1: new here, in progress",
]


def test_everything_that_changed_is_told_in_words(begun):
    before = state(begun)
    work(begun)
    found = compared(before, state(begun))
    assert sorted(changed.text for changed in found) == sorted(TOLD)
    assert "hunter" not in str(found)
    assert "t0ps3cret" not in str(found)
    by_field = {changed.field: changed for changed in found}
    assert by_field["status"].as_dict() == {
        "part": "stage",
        "stage_id": "build",
        "attempt": 1,
        "field": "status",
        "before": "ACTIVE",
        "after": "COMPLETED",
        "text": "build.1: in progress → done",
    }
    assert (by_field["tags"].before, by_field["tags"].after) == ([], ["web"])
    assert len(by_field["context.new"].after) == 300
    assert list(lines(found, 2))[2:] == [f"… and {len(TOLD) - 2} more"]


def test_secrets_are_told_to_who_may_see_them(begun):
    before = state(begun)
    work(begun)
    told = {changed.field: (changed.before, changed.after) for changed in compared(before, state(begun), reveal=True)}
    assert told["context.password"] == ("hunter2", "hunter3")
    assert told["metadata.api_key"] == (None, "sk-1")


def test_the_way_back_is_told_the_other_way_round(begun):
    before = state(begun)
    work(begun)
    told = [changed.text for changed in compared(state(begun), before)]
    assert "test.1: no longer there, was in progress" in told
    assert "build.1: open again: 1. Do one" in told
    assert "build.1: item gone: 3. three" in told
    assert compared(before, before) == []


def test_words_are_those_of_the_reader(begun):
    before = state(begun)
    work(begun)
    language.activate("zh-hans")
    told = [changed.text for changed in compared(before, state(begun))]
    assert "build.1: 进行中 → 已完成" in told
    assert "名称: Login → Sign in" in told
    assert "build.1: 已勾选：1. Do one" in told


def test_attempt_in_which_only_times_or_hands_differ_is_told(begun):
    before = state(begun)
    after = {**before, "attempts": {"build.1": {**before["attempts"]["build.1"], "follows_session": True}}}
    assert len(compared(before, after)) == 1
    started = {**before["attempts"]["build.1"], "started_at": "2026-01-01T10:00:00+00:00"}
    (changed,) = compared(before, {**before, "attempts": {"build.1": started}})
    assert (changed.field, changed.after) == ("started_at", "2026-01-01T10:00:00+00:00")


def test_event_of_a_restore_is_told_like_the_states(begun):
    kept = SavepointManager().create_savepoint(begun.pk)
    work(begun)
    now = state(begun)
    SavepointManager().restore_savepoint(kept.pk)
    event = events_of(begun)[-1]
    assert sorted(c.text for c in of_event(event)) == sorted(c.text for c in compared(now, state(begun)))
    assert "hunter" not in str(of_event(event))


def test_event_of_a_fork_is_told_as_what_came(begun):
    kept = SavepointManager().create_savepoint(begun.pk)
    fork = SavepointManager().fork_savepoint(kept.pk, "Other")
    told = [changed.text for changed in of_event(events_of(fork)[0])]
    assert "Name: - → Other" in told
    assert "build.1: new here, in progress" in told


def test_dry_runs_say_what_would_be_and_store_nothing(begun):
    kept = SavepointManager().create_savepoint(begun.pk)
    work(begun)
    now, count = state(begun), FlowSession.objects.count()
    version = FlowSession.objects.get(pk=begun.pk).version
    manager = SavepointManager()
    would = manager.restore_savepoint(kept.pk, dry_run=True)
    assert (would.name, would.version, manager.outcome.changed) == ("Login", version, True)
    assert "test.1: no longer there, was in progress" in [changed.text for changed in manager.differences]
    other = manager.fork_savepoint(kept.pk, "Other", dry_run=True)
    assert (other.name, other.version) == ("Other", 1)
    assert "Name: - → Other" in [changed.text for changed in manager.differences]
    assert (state(begun), FlowSession.objects.count()) == (now, count)
    assert SavepointManager().list_savepoints(begun.pk).count() == 3  # by hand, before and at the end of build
    manager.restore_savepoint(kept.pk)
    manager.restore_savepoint(kept.pk, dry_run=True)
    assert not manager.outcome.changed


def test_two_savepoints_are_compared(begun):
    first = SavepointManager().create_savepoint(begun.pk)
    FlowSessionManager().update_session(begun.pk, {"name": "Sign in"})
    second = SavepointManager().create_savepoint(begun.pk)
    FlowSessionManager().update_session(begun.pk, {"name": "Third"})
    assert [c.text for c in SavepointManager().compare(first.pk, second.pk)] == ["Name: Login → Sign in"]
    assert [c.text for c in SavepointManager().compare(second.pk)] == ["Name: Sign in → Third"]


def test_forks_of_a_session_with_a_longer_id_are_not_its_own(begun):
    kept = SavepointManager().create_savepoint(begun.pk)
    fork = SavepointManager().fork_savepoint(kept.pk)
    FlowSession.objects.filter(pk=fork.pk).update(forked_from=f"{begun.pk}2@3")
    assert list(SavepointManager().list_forks(begun.pk)) == []
