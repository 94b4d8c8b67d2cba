"""What people do to an issue steers its session, or is refused and told."""

import pytest
from django.contrib.auth import get_user_model

from sessions_app.actors import Actor, Grant
from sessions_app.models import SessionEvent
from sessions_app.scopes import READ, WEBHOOK, WORK
from status_bridge import conflicts
from status_bridge.models import Conflict, Delivery
from tests.factories import event_types, events_of
from tests.status_bridge.github_world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def test_a_tick_ticks_the_item_in_the_name_of_the_owner(world):
    made = world.new_session()
    world.github.tick(1, "build/write", "ann")
    world.meet()
    assert world.ticks() == ["write"]
    event = events_of(made)[-1]
    assert (event.type, event.actor, event.door, event.submitted_by) == ("item.done", "mei", "tracker", "github:ann")
    world.github.tick(1, "build/write", done=False)
    world.meet()
    assert world.ticks() == []
    assert world.conflicts() == []


def test_a_new_title_renames_the_session(world):
    made = world.new_session("Spring @bob")
    world.github.change(1, "ann", title=f"Autumn @\u200bbob ({made.pk})")
    world.meet()
    assert world.session().name == "Autumn @bob"
    world.github.change(1, "ann", title="Winter")
    world.meet()
    assert world.session().name == "Winter"
    assert world.issue["title"] == f"Winter ({made.pk})"


def test_reopening_reopens_and_closing_completes(world):
    made = world.new_session()
    for stage_id in ("build", "test"):
        world.stages.run_stage(made.pk, stage_id)
        world.stages.perform(made.pk, stage_id, "complete", force=True, reason="enough")
    world.meet()
    assert (world.session().status, world.issue["state"]) == ("COMPLETED", "closed")
    world.github.change(1, "ann", state="open")
    world.meet()
    assert world.session().status == "ACTIVE"
    assert world.github.label_names(1) == ["vcflow", "vcflow:in-progress"]
    world.github.change(1, "ann", state="closed", state_reason="completed")
    world.meet()
    assert world.session().status == "COMPLETED"
    assert world.github.label_names(1) == ["vcflow", "vcflow:completed"]
    assert events_of(made)[-1].submitted_by == "github:ann"
    assert world.conflicts() == []


def test_closing_as_not_planned_aborts(world):
    world.new_session()
    world.github.change(1, "ann", state="closed", state_reason="not_planned")
    world.meet()
    assert world.session().status == "ABORTED"
    assert world.conflicts() == []


@pytest.mark.parametrize("replaces", [False, True])
def test_a_label_sets_the_status(world, replaces):
    world.new_session()
    if replaces:
        world.github.change(1, "ann", labels=["vcflow", "vcflow:on-hold"])
    else:
        world.github.label(1, "vcflow:on-hold")
    world.meet()
    assert world.session().status == "PAUSED"
    assert sorted(world.github.label_names(1)) == ["vcflow", "vcflow:on-hold"]
    world.github.change(1, "ann", labels=["vcflow:in-progress"])
    world.meet()
    assert world.session().status == "ACTIVE"


def test_a_status_label_that_was_taken_off_comes_back(world):
    world.new_session()
    world.github.change(1, "ann", labels=["urgent"])
    world.meet()
    assert world.session().status == "ACTIVE"
    assert sorted(world.github.label_names(1)) == ["urgent", "vcflow", "vcflow:in-progress"]


def test_several_wishes_at_once_are_done_in_an_order_that_allows_them(world):
    made = world.new_session()
    world.sessions.pause_session(made.pk)
    world.meet()
    world.github.tick(1, "build/write")
    world.github.change(1, "ann", title="New", labels=["vcflow:in-progress"])
    world.meet()
    assert (world.session().name, world.session().status, world.ticks()) == ("New", "ACTIVE", ["write"])
    world.github.tick(1, "build/check")
    world.github.label(1, "vcflow:on-hold")
    world.meet()
    assert (world.session().status, world.ticks()) == ("PAUSED", ["write", "check"])
    assert world.conflicts() == []


def test_a_refused_wish_is_told_and_the_issue_shows_again_what_is_true(world):
    made = world.new_session()
    world.github.tick(1, "test/run")
    world.github.change(1, "ann", state="closed", state_reason="completed")
    before = world.session().version
    world.meet()
    assert world.session().version == before
    assert (world.issue["state"], "[x]" in world.issue["body"]) == ("open", False)
    assert world.conflicts() == [("item:test/run", "refused"), ("status", "refused")]
    (said,) = world.github.said(1)
    assert "could not change the item run of the stage test: The stage test has not begun" in said
    assert "could not change the status" in said
    row = Conflict.objects.get(field="status")
    assert (row.ours, row.theirs, row.session_id) == ("IN_PROGRESS", "COMPLETED", made.pk)
    assert row.reason
    world.meet()
    assert len(world.github.said(1)) == 1


def test_a_wish_that_is_refused_twice_is_told_twice_and_listed_once(world):
    world.new_session()
    for _time in range(2):
        world.github.tick(1, "test/run")
        world.meet()
    assert len(world.github.said(1)) == 2
    assert world.conflicts() == [("item:test/run", "refused")]


def test_a_refused_wish_that_came_true_later_is_listed_no_more(world):
    made = world.new_session()
    world.github.tick(1, "test/run")
    world.meet()
    world.stages.perform(made.pk, "build", "complete", force=True, reason="enough")
    world.stages.run_stage(made.pk, "test")
    world.meet()
    world.github.tick(1, "test/run")
    world.meet()
    assert world.ticks("test") == ["run"]
    assert world.conflicts() == []


def test_what_both_changed_apart_waits_for_a_person(world):
    made = world.new_session()
    world.sessions.update_session(made.pk, {"name": "Ours"})
    world.github.change(1, "ann", title="Theirs")
    world.meet()
    assert world.conflicts() == [("title", "both-changed")]
    assert (world.session().name, world.issue["title"]) == ("Ours", "Theirs")
    world.sessions.pause_session(made.pk)
    world.github.change(1, "ann", title="Theirs anew")
    world.meet()
    assert (world.session().name, world.issue["title"]) == ("Ours", "Theirs anew")
    assert "vcflow:on-hold" in world.github.label_names(1)  # other fields go on
    row = Conflict.objects.get()
    assert (row.base, row.ours, row.theirs) == ("Spring", "Ours", "Theirs anew")


@pytest.mark.parametrize(("keep", "name"), [("ours", "Ours"), ("theirs", "Theirs")])
def test_a_settled_conflict_leaves_both_sides_equal(world, keep, name):
    made = world.new_session()
    world.sessions.update_session(made.pk, {"name": "Ours"})
    world.github.change(1, "ann", title="Theirs")
    world.meet()
    conflicts.settle(world.actor, Conflict.objects.get().pk, keep)
    world.meet()
    assert (world.session().name, world.issue["title"]) == (name, f"{name} ({made.pk})")
    assert world.conflicts() == []


def test_what_is_settled_for_us_is_not_pulled_when_our_side_went_back(world):
    made = world.new_session()
    world.sessions.pause_session(made.pk)
    world.github.label(1, "vcflow:failed")
    world.meet()
    assert world.conflicts() == [("status", "both-changed")]
    world.sessions.resume_session(made.pk)  # as it was in common before
    world.meet()
    assert world.session().status == "ACTIVE"
    conflicts.settle(world.actor, Conflict.objects.get().pk, "ours")
    world.meet()
    assert world.session().status == "ACTIVE"
    assert sorted(world.github.label_names(1)) == ["vcflow", "vcflow:in-progress"]


def test_a_conflict_ends_by_itself_when_both_sides_come_to_say_the_same(world):
    made = world.new_session()
    world.sessions.update_session(made.pk, {"name": "Ours"})
    world.github.change(1, "ann", title="Theirs")
    world.meet()
    world.sessions.update_session(made.pk, {"name": "Theirs"})
    world.meet()
    assert world.conflicts() == []
    row = Conflict.objects.get()
    assert (row.settlement, row.settled_by) == ("", "")


def test_both_changed_alike_is_no_conflict(world):
    made = world.new_session()
    world.stages.complete_item(f"{made.pk}.build.1", "write")
    world.github.tick(1, "build/write")
    world.sessions.pause_session(made.pk)
    world.github.label(1, "vcflow:on-hold")
    world.meet()
    assert world.conflicts() == []
    assert (world.session().status, world.ticks()) == ("PAUSED", ["write"])


def test_what_the_webhook_s_token_did_not_allow_is_refused(world):
    world.subscription.delete()
    grant = Grant("ci", frozenset([READ, WORK, WEBHOOK]))
    world.subscription = world.subscribe(Actor(world.actor.user, "api", grant=grant))
    world.new_session()
    world.github.tick(1, "build/write")
    world.github.change(1, "ann", state="closed", state_reason="not_planned")
    world.meet()
    assert (world.session().status, world.ticks(), world.issue["state"]) == ("ACTIVE", ["write"], "open")
    assert world.conflicts() == [("status", "refused")]
    assert "decide" in world.github.said(1)[0]


def test_a_disabled_owner_steers_nothing(world):
    made = world.new_session()
    world.github.tick(1, "build/write")
    world.listen()
    get_user_model().objects.filter(username="mei").update(is_active=False)
    world.deliver()
    assert "item.done" not in event_types(made)


def test_a_new_attempt_takes_the_ticks_back(world):
    made = world.new_session()
    world.github.tick(1, "build/write")
    world.meet()
    world.stages.perform(made.pk, "build", "complete", force=True, reason="enough")
    world.stages.perform(made.pk, "build", "retry")
    world.meet()
    assert "[x]" not in world.issue["body"]
    assert world.ticks() == []


def test_a_name_with_a_mask_is_refused_and_nothing_gets_lost(world):
    key = "ghp_" + "a1B2" * 9
    made = world.new_session(f"Deploy {key}")
    world.github.change(1, "ann", title=world.issue["title"].replace("Deploy", "Build") + " now")
    world.meet()
    assert world.session().name == f"Deploy {key}"
    assert world.conflicts() == [("title", "refused")]
    assert world.issue["title"].startswith("Deploy ")
    assert made.pk in world.issue["title"]


def test_messages_that_come_twice_or_late_do_nothing_more(world):
    world.new_session()
    world.github.tick(1, "build/write")
    hooks = list(world.github.take_hooks())
    world.github.hooks = [*hooks, *hooks]
    world.meet()
    events = SessionEvent.objects.count()
    deliveries = Delivery.objects.count()
    world.github.hooks = hooks
    world.meet()
    assert (SessionEvent.objects.count(), Delivery.objects.count()) == (events, deliveries)
