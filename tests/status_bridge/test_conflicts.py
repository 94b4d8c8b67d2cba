"""Conflicts with a tracker: listed for who sees the session, settled by who may work on it."""

import pytest

from sessions_app.exceptions import Conflict as Clash
from sessions_app.exceptions import GuardUnmet, IllegalTransition, InvalidInput, NotAllowed, NotFound
from status_bridge import conflicts
from status_bridge.models import Conflict, ConflictKind, Delivery, Lane
from tests.factories import event_types, in_team, new_session, person, snapshot, stage
from tests.status_bridge.github_world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def noted(world, flow_session, field="title", kind=ConflictKind.BOTH_CHANGED, values=("a", "b", "c"), reason=""):
    return conflicts.found(world.subscription.pk, flow_session.pk, field, kind, values, reason=reason)


def test_a_field_has_one_open_conflict(world):
    made = world.new_session()
    first = noted(world, made)
    again = noted(world, made, kind=ConflictKind.REFUSED, values=("a", "a", "d"), reason="no")
    assert first.pk == again.pk
    conflicts.settle(world.actor, again.pk, "ours")
    assert noted(world, made).pk != again.pk


def test_theirs_is_done_at_once_and_a_worker_is_woken(world):
    made = world.new_session()
    world.deliver()
    row = noted(world, made, "status", values=("IN_PROGRESS", "FAILED", "ON_HOLD"))
    settled, changed = conflicts.settle(world.actor, row.pk, "theirs", reason="they know")
    assert (changed, settled.settlement, settled.settled_by, settled.reason) == (True, "theirs", "mei", "they know")
    assert world.session().status == "PAUSED"
    assert event_types(made)[-2:] == ["session.paused", "stage.paused"]
    assert Delivery.objects.filter(state="WAITING", event_type="remote.changed").exists()
    assert Lane.objects.get(session_id=made.pk).due_at


@pytest.mark.parametrize(
    ("field", "theirs", "error"),
    [
        ("status", "COMPLETED", GuardUnmet),
        ("status", "PENDING", IllegalTransition),
        ("item:test/run", True, IllegalTransition),
        ("title", "x" * 201, InvalidInput),
    ],
)
def test_what_the_guards_refuse_changes_nothing(world, field, theirs, error):
    row = noted(world, world.new_session(), field, values=("", "", theirs))
    before = snapshot()
    with pytest.raises(error):
        conflicts.settle(world.actor, row.pk, "theirs")
    assert snapshot() == before


def test_to_settle_again_alike_changes_nothing_and_otherwise_is_refused(world):
    row = noted(world, world.new_session())
    conflicts.settle(world.actor, row.pk, "ours")
    before = snapshot()
    assert conflicts.settle(world.actor, row.pk, "ours")[1] is False
    with pytest.raises(Clash) as refused:
        conflicts.settle(world.actor, row.pk, "theirs")
    assert refused.value.code == "already-settled"
    assert snapshot() == before


def test_strangers_see_none_and_viewers_settle_none(world):
    made = in_team(world.new_session(), "platform")
    row = noted(world, made)
    stranger, viewer = person("zhao"), person("li", watches=["platform"])
    assert list(conflicts.list_conflicts(stranger)) == []
    with pytest.raises(NotFound):
        conflicts.settle(stranger, row.pk, "ours")
    assert [found.pk for found in conflicts.list_conflicts(viewer)] == [row.pk]
    for keep in ("ours", "theirs"):
        with pytest.raises(NotAllowed):
            conflicts.settle(viewer, row.pk, keep)
    assert conflicts.settle(person("wang", operates=["platform"]), row.pk, "ours")[1]


@pytest.mark.parametrize("reference", ["0", "x", "-1", "9" * 30, "\x00", 10**9])
def test_an_unknown_number_is_not_found(world, reference):
    with pytest.raises(NotFound):
        conflicts.find_conflict(world.actor, reference)


def test_secrets_are_masked(world):
    key = "ghp_" + "a1B2" * 9
    row = noted(world, world.new_session(), values=(key, f"x {key}", key), reason=key)
    assert key not in str(conflicts.conflict_json(row))


def test_the_list_is_narrowed_by_session_and_leaves_out_what_is_settled(world):
    first, second = world.new_session("a"), world.new_session("b")
    rows = [noted(world, first), noted(world, second)]
    conflicts.settle(world.actor, rows[0].pk, "ours")
    assert [row.pk for row in conflicts.list_conflicts(world.actor)] == [rows[1].pk]
    assert list(conflicts.list_conflicts(world.actor, session_id=first.pk)) == []
    listed = conflicts.list_conflicts(world.actor, session_id=first.pk, all_of_them=True)
    assert [(row.pk, row.task_url) for row in listed] == [(rows[0].pk, world.github.issues[1]["html_url"])]


def test_a_deleted_session_takes_its_conflicts_along(world):
    made = world.new_session()
    noted(world, made)
    world.sessions.delete_session(made.pk)
    assert not Conflict.objects.exists()


def test_sides_other_than_the_two_are_refused(world):
    row = noted(world, new_session(stage("a")))
    with pytest.raises(InvalidInput):
        conflicts.settle(world.actor, row.pk, "both")
