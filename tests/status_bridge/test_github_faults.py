"""What goes wrong between GitHub and us: nothing is made twice, nothing gets lost, and it is told what is wrong."""

from datetime import timedelta

import pytest
from django.utils import timezone

from status_bridge import conflicts, tracking_making
from status_bridge.models import Conflict, Delivery, Link, Subscription
from status_bridge.net import Answer, Unreachable
from status_bridge.sinks import github_api
from status_bridge.sinks.github_api import GitHub
from tests.status_bridge.fake_github import TOKEN
from tests.status_bridge.github_world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


@pytest.fixture
def no_grace(monkeypatch):
    monkeypatch.setattr(tracking_making, "GRACE", timedelta())


def failure(world):
    """The reason of the message that waits, and whether the whole receiver is held."""
    waiting = Delivery.objects.filter(state="WAITING").latest("id")
    return waiting.error, Subscription.objects.get(pk=world.subscription.pk).failures > 0


def answering(status, headers=None, body=b"{}"):
    return lambda *_args, **_options: Answer(status, headers or {}, body, 0.01)


@pytest.mark.parametrize("fault", ["never sent", "answer lost", "500 before", "500 after", "too many"])
def test_an_issue_is_made_once_whatever_became_of_the_first_request(world, fault, no_grace):
    world.github.planned = [fault]
    world.new_session()
    assert world.waiting() == 2
    world.meet()
    assert len(world.github.issues) == 1
    assert world.link().external_id == "1"
    assert world.github.asked[1].startswith("GET /issues" if fault != "too many" else "POST /issues")


def test_an_issue_that_doesn_t_appear_is_not_made_again_at_once(world):
    world.github.planned = ["never sent"]
    world.new_session()
    world.deliver()
    assert world.github.asked == ["POST /issues", "GET /issues"]
    assert "may still be on its way" in failure(world)[0]
    Link.objects.update(updated_at=world.link().updated_at - timedelta(minutes=1))
    world.meet()
    assert len(world.github.issues) == 1


def test_an_issue_that_somebody_made_to_look_like_ours_is_not_taken(world, no_grace):
    world.github.planned = ["never sent"]
    made = world.new_session()
    fake = {"title": "x", "body": f"<!-- vcflow:{made.pk} -->\n- [x] a <!-- vcflow:item:build/write -->"}
    world.github._create(fake)
    world.meet()
    assert world.link().external_id == "2"
    assert world.ticks() == []


@pytest.mark.parametrize("fault", ["never sent", "answer lost", "500 before", "500 after", "too many"])
@pytest.mark.parametrize("request_number", [0, 1, 2, 3])
def test_a_push_that_broke_off_is_ended_and_is_no_wish_of_theirs(world, fault, request_number):
    made = world.new_session("Spring")
    world.meet()
    world.sessions.pause_session(made.pk)
    world.github.planned = [*[""] * request_number, fault]
    world.deliver()
    world.sessions.resume_session(made.pk)
    world.sessions.update_session(made.pk, {"name": "Autumn"})
    world.meet()
    assert (world.session().status, world.conflicts()) == ("ACTIVE", [])
    assert world.github.label_names(1) == ["vcflow", "vcflow:in-progress"]
    assert world.issue["title"] == f"Autumn ({made.pk})"


@pytest.mark.parametrize("fault", ["answer lost", "500 after", "never sent"])
def test_what_is_refused_is_said_once_though_the_answer_got_lost(world, fault):
    world.new_session()
    world.meet()
    world.github.tick(1, "test/run")
    world.github.planned = ["", "", "", fault]
    world.meet()
    assert len(world.github.said(1)) == 1


def test_an_older_state_than_known_is_not_taken_for_a_wish(world):
    made = world.new_session()
    world.sessions.pause_session(made.pk)
    world.deliver()
    world.github.planned = ["stale"]
    world.github.take_hooks()
    world.sessions.note_session(made.pk, "seen")
    world.deliver()
    assert "older state" in failure(world)[0]
    assert world.session().status == "PAUSED"
    world.meet()
    assert world.session().status == "PAUSED"


@pytest.mark.parametrize(
    ("answer", "words", "is_held"),
    [
        (answering(401), "doesn't know the token", True),
        (answering(403), "read and write issues", True),
        (answering(404), "no repository octo/house", True),
        (answering(301), "has moved", True),
        (answering(410), "issues turned off", True),
        (answering(429), "too many requests", True),
        (answering(502), "HTTP 502", True),
        (answering(422), "HTTP 422", False),
        (answering(200, body=b"<html>"), "can't be read", True),
        (answering(200, body=b"[]"), "can't be read", True),
    ],
)
def test_what_is_wrong_is_said_without_the_token(world, answer, words, is_held):
    world.github.request = answer
    world.new_session()
    reason, was_held = failure(world)
    assert words in reason
    assert was_held == is_held
    assert TOKEN not in reason


@pytest.mark.parametrize(
    ("headers", "least"),
    [
        ({"retry-after": "90"}, 90),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999"}, 86_400),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, 0),
    ],
)
def test_github_s_limits_are_kept(world, headers, least):
    world.github.request = answering(403, headers)
    world.new_session()
    held = Subscription.objects.get().hold_until - timezone.now()
    assert timedelta(seconds=0.7 * least) < held <= timedelta(seconds=max(1.25 * least, 60))


def test_a_message_has_an_end_to_its_time(world, monkeypatch):
    monkeypatch.setattr(github_api, "TIME", 0.9)
    world.new_session()
    assert world.github.asked == []
    assert failure(world) == ("GitHub answers too slowly.", False)


@pytest.mark.parametrize("status", [404, 410, 301])
def test_an_issue_that_is_gone_is_told_and_not_made_again(world, status):
    made = world.new_session()
    world.github.gone[1] = status
    world.sessions.pause_session(made.pk)
    world.meet()
    assert world.conflicts() == [("task", "both-changed")]
    reason = Conflict.objects.get().reason
    assert "#1" in reason
    assert ("moved" in reason) == (status == 301)
    world.github.asked.clear()
    world.sessions.resume_session(made.pk)
    world.meet()
    assert world.github.asked == []
    assert world.waiting() == 0


@pytest.mark.parametrize(("keep", "issues"), [("ours", 2), ("theirs", 1)])
def test_a_person_says_whether_a_new_issue_is_made(world, keep, issues):
    made = world.new_session()
    world.github.gone[1] = 410
    world.sessions.pause_session(made.pk)
    world.meet()
    conflicts.settle(world.actor, Conflict.objects.get().pk, keep)
    world.meet()
    assert (len(world.github.issues), world.conflicts()) == (issues, [])
    if keep == "ours":
        assert world.link().external_id == "2"
        assert world.github.label_names(2) == ["vcflow", "vcflow:on-hold"]


def test_a_repository_whose_issues_are_off_holds_everything(world):
    made = world.new_session()
    world.github.has_issues = False
    world.sessions.pause_session(made.pk)
    world.deliver()
    assert "issues turned off" in failure(world)[0]
    assert world.conflicts() == []


def test_a_crash_between_creating_and_storing_makes_no_second_issue(world, no_grace):
    create = GitHub.create_issue

    def crash(self, values):
        create(self, values)
        raise RuntimeError("killed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GitHub, "create_issue", crash)
        world.new_session()
    assert world.link().claimed_at is not None
    world.meet()
    assert len(world.github.issues) == 1
    assert world.link().external_id == "1"


def test_two_workers_at_one_task_do_not_both_make_it(world):
    """The second comes while the first waits for GitHub, because the lease of the first ended."""
    inner = []

    def meanwhile():
        if not inner:
            inner.append(True)
            world.deliver()

    world.github.between = meanwhile
    world.new_session()
    world.github.between = lambda: None
    world.meet()
    assert len(world.github.issues) == 1


def test_no_answer_is_the_receivers_fault(world):
    def silent(*_args, **_options):
        raise Unreachable("api.github.com did not answer.", code="timeout")

    world.github.request = silent
    world.new_session()
    assert failure(world) == ("api.github.com did not answer.", True)


def test_another_repository_gets_issues_of_its_own(world):
    """The webhook's address was changed: what has the same number there is somebody else's."""
    made = world.new_session()
    world.github.issues[1]["body"] = "An issue of other people"
    Subscription.objects.update(url="https://api.github.com/repos/octo/house")
    world.subscription.refresh_from_db()
    world.sessions.pause_session(made.pk)
    world.meet()
    assert world.github.issues[1]["body"] == "An issue of other people"
    assert world.link().external_id == "2"
    assert world.github.label_names(2) == ["vcflow", "vcflow:on-hold"]


def test_a_repository_that_was_renamed_keeps_its_issues(world):
    made = world.new_session()
    Subscription.objects.update(url="https://api.github.com/repos/octo/house")
    world.subscription.refresh_from_db()
    world.sessions.pause_session(made.pk)
    world.meet()
    assert len(world.github.issues) == 1
    assert world.github.label_names(1) == ["vcflow", "vcflow:on-hold"]


def test_a_deleted_session_leaves_the_issue_of_another_repository_alone(world):
    made = world.new_session()
    Subscription.objects.update(url="https://api.github.com/repos/octo/house")
    world.sessions.delete_session(made.pk)
    world.github.asked.clear()
    world.deliver()
    assert world.github.asked == []


def test_a_locked_issue_holds_nothing_up(world):
    world.new_session()
    world.github.is_locked = True
    world.github.tick(1, "test/run")
    world.meet()
    assert world.github.said(1) == []
    assert world.conflicts() == [("item:test/run", "refused")]
    assert "[x]" not in world.issue["body"]
