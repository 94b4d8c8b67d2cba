"""Two months of a team's work, with the bundled workflows and names as a team would give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Permission, User
from django.utils import timezone

from sessions_app.actors import Actor, local_actor
from sessions_app.models import FlowSession
from sessions_app.permissions import OPERATE_PERMISSION
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from status_bridge import subscriptions
from status_bridge.models import WorkerBeat
from tests.e2e.clock import Clock, begun
from tests.factories import permission, user

PEOPLE = ("lin", "mei", "wang", "chen")
DELIVERED = {
    "story": ("Story", "docs/stories/42.md"),
    "spec": ("Specification", "docs/specs/42.md"),
    "code": ("Merge request", "https://git.example.com/shop/-/merge_requests/42"),
}

DONE = (
    ("dev", "Invoices as PDF", 52, 30),
    ("dev", "Sign in with a passkey", 44, 52),
    ("docs", "Handbook for new shops", 40, 20),
    ("dev", "Refunds in two steps", 37, 26),
    ("research", "Which search finds more", 33, 44),
    ("dev", "Faster start page", 27, 18),
    ("docs", "What changed in 4.2", 23, 9),
    ("dev", "Postcode check", 20, 33),
    ("design", "New basket", 16, 40),
    ("dev", "Delivery on a chosen day", 12, 21),
    ("docs", "How returns work", 8, 12),
    ("docs", "How vouchers work", 8, 10),
    ("dev", "Vouchers that expire", 6, 24),
    ("dev", "Vouchers as a present", 6, 20),
    ("dev", "Clearer delivery dates", 12, 12),
)
"""Workflow, name, how many days ago it began, how many hours it took."""


@dataclass
class Story:
    """The ids of what the world holds, by what they are called there."""

    sessions: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


def told() -> Story:
    """Tell it: everything is done through the services, by people, at its time."""
    story = Story()
    for number, done in enumerate(DONE):
        _played_through(story, PEOPLE[number % 3], *done)
    _paused(story)
    _failed(story)
    _stuck(story)
    _running(story)
    _waiting(story)
    _watched(story)
    return story


def staff(username: str, team: str, *, operates: bool = False) -> User:
    """Somebody of a team who may look at the admin's pages; whether they work on its sessions too."""
    made = user(username, is_staff=True, watches=[team])
    made.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    if operates:
        made.user_permissions.add(permission(OPERATE_PERMISSION))
    return made


class Hands:
    """Somebody at work on a session, through one door."""

    def __init__(self, username: str, door: str = "admin") -> None:
        self.actor = Actor(staff(username, "shop", operates=True), door)
        self.sessions = FlowSessionManager(self.actor)
        self.stages = StageInstanceManager(self.actor)

    def begin(self, workflow: str, name: str) -> str:
        """A new session of theirs, in the team; answers with its id."""
        return self.sessions.create_session(workflow, name, team="shop").pk

    def finish(self, session_id: str, stage_id: str, clock: Clock, hours: float) -> None:
        """Begin a stage, do all that is in it, and complete it."""
        attempt = self.stages.run_stage(session_id, stage_id)
        clock.wait(hours=hours / 2)
        for item in attempt.items.all():
            self.stages.complete_item(attempt.pk, item.item_id)
            clock.wait(minutes=7)
        clock.wait(hours=hours / 2)
        self.stages.complete_instance(attempt.pk, deliverables=_deliverables(attempt))


def _deliverables(attempt: Any) -> Mapping[str, Any]:
    stage = attempt.session.published.definition.stage(attempt.stage_id)
    return {each.id: DELIVERED.get(each.id, (each.id, f"docs/{each.id}.md"))[1] for each in stage.deliverables}


def _stages_of(session_id: str) -> list[str]:
    published = FlowSession.objects.get(pk=session_id).published
    return [stage.id for stage in published.definition.stages]


def _played_through(story: Story, who: str, workflow: str, name: str, days: float, hours: float) -> None:
    hands = Hands(who, "cli")
    with begun(days=days) as clock:
        session_id = hands.begin(workflow, name)
        stages = _stages_of(session_id)
        for number, stage_id in enumerate(stages):
            hands.finish(session_id, stage_id, clock, hours * (number + 1) / sum(range(1, len(stages) + 1)))
        hands.sessions.complete_session(session_id)
    story.sessions[name] = session_id


def _paused(story: Story) -> None:
    hands = Hands("lin")
    with begun(days=4) as clock:
        session_id = hands.begin("dev", "Gift cards")
        hands.finish(session_id, "story", clock, 3)
        clock.wait(hours=2)
        hands.stages.run_stage(session_id, "spec")
        clock.wait(hours=9)
        hands.sessions.pause_session(session_id, reason="Waiting for the bank's answer about refunds")
    story.sessions["paused"] = session_id


def _failed(story: Story) -> None:
    hands = Hands("wang", "api")
    with begun(days=2) as clock:
        session_id = hands.begin("docs", "Guide to the new API")
        hands.finish(session_id, "outline", clock, 2)
        hands.stages.run_stage(session_id, "draft")
        clock.wait(hours=5)
        hands.sessions.fail_session(session_id, reason="The examples no longer run against 4.2")
    with begun(days=1):
        aborted = hands.begin("research", "Voice search")
        hands.sessions.abort_session(aborted, reason="No budget this quarter")
    story.sessions |= {"failed": session_id, "aborted": aborted}


def _stuck(story: Story) -> None:
    hands = Hands("chen")
    with begun(days=9) as clock:
        session_id = hands.begin("dev", "Stock levels by branch")
        hands.finish(session_id, "story", clock, 4)
        hands.stages.run_stage(session_id, "spec")
    story.sessions["stuck"] = session_id


def _running(story: Story) -> None:
    """Two attempts, a pause, notes, an item of its own, by several hands: what the session's page is for."""
    lin, mei = Hands("lin"), Hands("mei", "cli")
    with begun(days=1, hours=22.5) as clock:
        session_id = lin.begin("dev", "Checkout with saved cards")
        lin.sessions.update_session(session_id, {"tags": ["checkout", "q4"], "context": {"ticket": "SHOP-4211"}})
        lin.finish(session_id, "story", clock, 3)
        clock.wait(hours=1)
        lin.finish(session_id, "spec", clock, 6)
        clock.wait(hours=3)
        first = mei.stages.run_stage(session_id, "coding")
        clock.wait(hours=5)
        mei.stages.complete_item(first.pk, "branch")
        mei.sessions.pause_session(session_id, reason="Waiting for access to the card vault")
        clock.wait(hours=14)
        mei.sessions.resume_session(session_id, reason="Access granted")
        clock.wait(hours=2)
        mei.stages.fail_instance(first.pk, reason="The vault's test keys expire after an hour")
        lin.sessions.note_session(session_id, "Asked the vault team for keys that last a day.")
        clock.wait(hours=4)
        second = lin.stages.perform(session_id, "coding", "retry", reason="Keys for a day arrived")
        lin.stages.run_stage(session_id, "coding")
        for item in ("branch", "happy-path", "errors"):
            clock.wait(hours=2)
            lin.stages.complete_item(second.pk, item)
        lin.stages.add_item(second.pk, "Ask support what customers expect when a card has expired", required=False)
        lin.stages.add_deliverables(second.pk, {"code": DELIVERED["code"][1]})
        lin.stages.assign_stage(session_id, "coding", "mei")
        lin.sessions.note_session(session_id, "The declined-card screen needs a second look from design.")
    story.sessions["running"] = session_id
    story.names |= {"first": first.pk, "second": second.pk}


def _waiting(story: Story) -> None:
    for who, workflow, name, hours in (
        ("lin", "design", "Receipt by e-mail", 7),
        ("mei", "research", "Do longer sessions buy more", 15),
        ("wang", "docs", "Opening hours at Christmas", 2),
    ):
        hands = Hands(who)
        with begun(hours=hours) as clock:
            session_id = hands.begin(workflow, name)
            hands.stages.run_stage(session_id, _stages_of(session_id)[0])
            clock.wait(hours=1)
        story.sessions[name] = session_id
    with begun(hours=1):
        story.sessions["pending"] = planned = _planned()
        StageInstanceManager(local_actor()).assign_stage(planned, "story", "lin")


def _planned() -> str:
    hands = Hands("lin")
    planned = hands.sessions.create_session("dev", "Split shipments", team="shop", start=False)
    hands.stages.create_instance(planned.pk, "story")
    return planned.pk


def _watched(story: Story) -> None:
    """A board that is told of everything, and a worker."""
    board, _secret = subscriptions.create(
        local_actor(), name="Team board", url="https://board.example.com/hooks", reach="all"
    )
    now = timezone.now()
    WorkerBeat.objects.create(
        id="0" * 32, host="worker-1", pid=812, engine="builtin", started_at=now, seen_at=now, delivered=418
    )
    story.names["webhook"] = board.pk
