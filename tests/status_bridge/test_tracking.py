"""What every tracker shares: links, pictures, and meetings that others get in the way of."""

import pytest

from status_bridge.models import Link
from status_bridge.trackers import NotNow
from status_bridge.tracking_links import link_of, obtain_link, session_linked_to
from status_bridge.tracking_picture import picture_of
from status_bridge.tracking_verbs import in_order
from tests.factories import publish_workflow, stage, user
from tests.status_bridge.github_world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def test_of_two_who_write_a_link_the_second_is_told(world):
    first, second = (obtain_link(world.subscription.pk, "s") for _time in range(2))
    first.external_id, second.external_id = "1", "2"
    first.store()
    with pytest.raises(NotNow):
        second.store()
    assert link_of(world.subscription.pk, "s").external_id == "1"
    assert session_linked_to(world.subscription.pk, "1") == "s"
    assert session_linked_to(world.subscription.pk, "2") == ""


def test_a_link_in_which_nothing_changed_is_not_written(world):
    link = obtain_link(world.subscription.pk, "s")
    before = Link.objects.get().updated_at
    link.store()
    assert Link.objects.get().updated_at == before
    link.notes.sent["title"] = ["x"]
    link.store()
    assert Link.objects.get().updated_at > before
    assert link_of(world.subscription.pk, "s").notes.sent == {"title": ["x"]}


def test_a_session_that_moves_during_a_meeting_is_not_steered_by_what_was_read_before(world):
    made = world.new_session()
    world.meet()
    world.github.label(1, "vcflow:on-hold")
    world.listen()
    moves = iter([lambda: world.sessions.fail_session(made.pk, reason="broken")])
    world.github.between = lambda: next(moves, lambda: None)()
    world.deliver()
    world.meet()
    assert world.session().status == "FAILED"
    assert world.conflicts() == [("status", "both-changed")]


def test_what_waits_for_a_session_that_went_elsewhere_is_not_done(world):
    made = world.new_session()
    world.github.tick(1, "build/write")
    world.listen()
    world.sessions.update_session(made.pk, {"owner": user("zhao").username})
    world.github.asked.clear()
    world.deliver()
    assert world.github.asked == []
    assert world.waiting() == 0


def test_a_picture_has_the_last_attempts_and_what_has_not_begun(world):
    world.workflow = publish_workflow(stage("build", items=["write"]), stage("test", items=["run", "look"]))
    made = world.sessions.create_session(world.workflow, "a")
    world.stages.run_stage(made.pk, "build")
    world.stages.complete_item(f"{made.pk}.build.1", "write")
    world.stages.add_item(f"{made.pk}.build.1", "More")
    fields = picture_of(world.session()).fields
    assert fields == {
        "title": "a",
        "status": "IN_PROGRESS",
        "item:build/write": True,
        "item:build/more": False,
        "item:test/run": False,
        "item:test/look": False,
    }


@pytest.mark.parametrize(
    ("status", "order"),
    [
        ("IN_PROGRESS", ["title", "status", "item:a/b"]),
        ("COMPLETED", ["title", "item:a/b", "status"]),
        ("ON_HOLD", ["title", "item:a/b", "status"]),
    ],
)
def test_wishes_have_an_order(status, order):
    assert in_order({"item:a/b": True, "status": status, "title": "x"}) == order
