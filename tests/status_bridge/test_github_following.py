"""The issue follows its session."""

import pytest

from stages_app.models import StageItem
from status_bridge.models import Delivery
from tests.factories import publish_workflow, stage, user
from tests.status_bridge.github_world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def test_a_session_gets_one_issue_that_shows_it(world):
    made = world.new_session("Spring paper")
    assert world.issue["title"] == f"Spring paper ({made.pk})"
    assert world.issue["state"] == "open"
    assert world.github.label_names(1) == ["vcflow", "vcflow:in-progress"]
    body = world.issue["body"]
    assert body.startswith(f"<!-- vcflow:{made.pk} -->\n**Development** · Active · 0 %")
    assert "- ▶ **Build**: in progress\n  - [ ] Do write <!-- vcflow:item:build/write -->\n" in body
    assert "- ○ **Test**: to do\n  - [ ] Do run <!-- vcflow:item:test/run -->\n" in body
    assert world.link().external_id == "1"
    assert world.link().external_url == world.issue["html_url"]


def test_what_happens_to_the_session_shows(world):
    made = world.new_session()
    world.stages.complete_item(f"{made.pk}.build.1", "write")
    world.deliver()
    assert "- [x] Do write" in world.issue["body"]
    world.sessions.pause_session(made.pk)
    world.sessions.update_session(made.pk, {"name": "Autumn"})
    world.deliver()
    assert world.github.label_names(1) == ["vcflow", "vcflow:on-hold"]
    assert world.issue["title"] == f"Autumn ({made.pk})"
    assert "- ‖ **Build**: on hold" in world.issue["body"]


@pytest.mark.parametrize(
    ("verb", "options", "reason", "label"),
    [
        ("complete", {"force": True, "reason": "enough"}, "completed", "vcflow:completed"),
        ("abort", {}, "not_planned", "vcflow:canceled"),
    ],
)
def test_an_ended_session_closes_its_issue(world, verb, options, reason, label):
    made = world.new_session()
    getattr(world.sessions, f"{verb}_session")(made.pk, **options)
    world.deliver()
    assert (world.issue["state"], world.issue["state_reason"]) == ("closed", reason)
    assert world.github.label_names(1) == ["vcflow", label]
    world.meet()
    assert world.session().status in ("COMPLETED", "ABORTED")


def test_a_reopened_session_opens_its_issue_and_one_that_is_then_aborted_is_closed_for_another_reason(world):
    made = world.new_session()
    world.sessions.complete_session(made.pk, force=True, reason="enough")
    world.deliver()
    world.sessions.reopen_session(made.pk, reason="not enough")
    world.deliver()
    assert world.issue["state"] == "open"
    world.sessions.complete_session(made.pk, force=True, reason="enough")
    world.deliver()
    world.sessions.reopen_session(made.pk, reason="not enough")
    world.sessions.abort_session(made.pk)
    world.meet()
    assert (world.issue["state"], world.issue["state_reason"]) == ("closed", "not_planned")
    assert world.session().status == "ABORTED"


def test_a_session_that_ended_before_it_had_an_issue_gets_a_closed_one(world):
    made = world.sessions.create_session(world.workflow, "Short")
    world.sessions.complete_session(made.pk, force=True, reason="enough")
    world.meet()
    assert (world.issue["state"], world.issue["state_reason"]) == ("closed", "completed")
    assert world.session().status == "COMPLETED"


def test_where_nothing_differs_nothing_is_written(world):
    made = world.new_session()
    world.meet()
    world.github.asked.clear()
    before = dict(world.issue)
    world.sessions.note_session(made.pk, "seen")
    world.deliver()
    assert world.github.asked == ["GET /issues/1"]
    assert world.issue == before


def test_many_events_are_told_by_one_look(world):
    made = world.new_session()
    world.github.asked.clear()
    for name in "abc":
        world.sessions.update_session(made.pk, {"name": name})
    world.deliver()
    assert world.github.asked == ["GET /issues/1", "PATCH /issues/1"]
    assert sorted(Delivery.objects.values_list("state", flat=True))[-2:] == ["SKIPPED", "SKIPPED"]


def test_our_own_echo_ends(world):
    made = world.new_session()
    world.sessions.pause_session(made.pk)
    world.deliver()
    world.github.asked.clear()
    world.meet()
    assert set(world.github.asked) == {"GET /issues/1"}
    assert world.session().version == world.sessions.get_session(made.pk).version


def test_what_people_write_around_our_part_stays(world):
    made = world.new_session()
    body = world.issue["body"].replace("\n", "\r\n")
    world.github.change(1, "ann", body=f"Above, by @ann.\r\n\r\n{body}\r\n\r\nBelow: #12")
    world.sessions.pause_session(made.pk)
    world.meet()
    assert world.issue["body"].startswith("Above, by @ann.\n\n<!-- vcflow:")
    assert world.issue["body"].endswith("-->\n\nBelow: #12")
    assert world.issue["body"].count("**Build**") == 1


def test_our_part_comes_back_when_it_was_taken_away_or_changed(world):
    made = world.new_session()
    block = world.issue["body"]
    world.github.change(1, "ann", body="All mine now")
    world.meet()
    assert world.issue["body"] == f"All mine now\n\n{block}"
    world.github.change(1, "ann", body=world.issue["body"].replace("Do write", "Do nothing"))
    world.meet()
    assert world.issue["body"] == f"All mine now\n\n{block}"
    assert world.ticks() == []
    assert world.session().version == world.sessions.get_session(made.pk).version


def test_labels_of_others_stay(world):
    made = world.new_session()
    world.github.label(1, "urgent")
    world.sessions.pause_session(made.pk)
    world.meet()
    assert world.github.label_names(1) == ["vcflow", "urgent", "vcflow:on-hold"]


def test_a_token_that_may_not_label_doesn_t_make_it_write_for_ever(world):
    world.github.can_label = False
    made = world.new_session()
    world.meet()
    world.github.asked.clear()
    world.sessions.note_session(made.pk, "seen")
    world.meet()
    assert world.github.asked == ["GET /issues/1"]


def test_a_deleted_session_has_a_last_word_and_its_issue_is_closed(world):
    made = world.new_session()
    world.meet()
    world.sessions.delete_session(made.pk)
    world.meet()
    assert (world.issue["state"], world.issue["state_reason"]) == ("closed", "not_planned")
    (said,) = world.github.said(1)
    assert f"The session {made.pk} was deleted" in said
    world.github.asked.clear()
    world.github.change(1, "ann", state="open")
    world.meet()
    assert world.github.asked == []


def test_a_session_deleted_before_it_had_an_issue_gets_none(world):
    made = world.sessions.create_session(world.workflow, "Short")
    world.sessions.delete_session(made.pk)
    world.meet()
    assert world.github.issues == {}
    assert world.waiting() == 0


def test_secrets_mentions_and_references_do_not_get_out(world):
    key = "ghp_" + "a1B2" * 9
    made = world.new_session(f"Ask @bob about #12 and {key} <b>")
    world.stages.add_item(f"{made.pk}.build.1", f"see https://github.com/a/b/issues/3 [x](y) {key} --> <!-- @eve")
    world.meet()
    told = world.issue["title"] + world.issue["body"]
    for bad in ("@bob", "#12", key, "https://", "@eve", "--> <!-- @"):
        assert bad not in told
    assert "@\u200bbob" in told
    assert world.session().name.startswith("Ask @bob")
    assert world.waiting() == 0


def test_a_long_list_ends_where_github_takes_no_more(world):
    items = [f"{number}-{'x' * 50}" for number in range(450)]
    world.workflow = publish_workflow(stage("build", items=items))
    made = world.new_session()
    assert len(world.issue["body"]) <= 65_536
    assert "\n- …\n" in world.issue["body"]
    world.meet()
    last = items[-1]
    world.stages.complete_item(f"{made.pk}.build.1", last)
    world.meet()
    assert world.ticks() == [last]


def test_a_session_that_goes_elsewhere_is_no_longer_touched(world):
    made = world.new_session()
    world.sessions.update_session(made.pk, {"owner": user("zhao").username})
    world.github.asked.clear()
    world.github.tick(1, "build/write")
    world.meet()
    assert world.github.asked == []
    assert StageItem.objects.filter(is_done=True).count() == 0
