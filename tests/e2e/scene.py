"""The story, and beside it all that is odd: hostile names, every state, whatever fails."""

from __future__ import annotations

from dataclasses import replace

from django.utils import timezone

from sessions_app.actors import Actor, local_actor
from sessions_app.models import SessionEvent, WorkflowVersion
from sessions_app.publishing import publish
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from sessions_app.tokens import create_token
from stages_app.services import StageInstanceManager
from status_bridge import conflicts, subscriptions
from status_bridge.models import Conflict, ConflictKind, Delivery, DeliveryState, Lane, Subscription
from tests.e2e.story import Story, staff, told
from tests.factories import definition, stage

HOSTILE = "<script>alert(1)</script> \u202ecod.exe"
LONG = "Donaudampfschifffahrt" * 9
"""A word of 189 letters."""
CHINESE = "用户认证功能：手机号与验证码登录"
SECRET = "hunter-two"


def empty() -> Story:
    """Nothing but what the first set-up makes."""
    return Story()


def rich() -> Story:
    """Everything that a page can meet."""
    story = told()
    _odd_workflows(story)
    _odd_sessions(story)
    _deliveries(story)
    _conflict(story)
    _tokens(story)
    _people()
    _gone(story)
    _ids(story)
    return story


def _odd_workflows(story: Story) -> None:
    first = definition(stage("build", items=["compile"]), "test", id="odd", name=HOSTILE)
    publish(local_actor(), first)
    changed = (
        stage("build", items=["compile", "sign?"], deliverables=["package"], timeout=60),
        stage("check", depends_on=["build"], name=LONG),
        stage("ship", name={"zh-hans": "发布", "en": "Ship it"}),
    )
    second = definition(*changed, id="odd", name=HOSTILE, transitions=[("build", "check"), ("check", "build")])
    publish(local_actor(), replace(second, description=HOSTILE))
    story.names["workflow"] = "odd"


def _odd_sessions(story: Story) -> None:
    sessions, stages = FlowSessionManager(), StageInstanceManager()
    chinese = sessions.create_session("dev", CHINESE).pk
    hostile = sessions.create_session("odd", HOSTILE, context={"note": HOSTILE, "password": SECRET}, tags=["红"]).pk
    attempt = stages.run_stage(hostile, "build")
    stages.add_item(attempt.pk, HOSTILE)
    stages.add_deliverables(attempt.pk, {"package": {"path": LONG, "sizes": [1, 2, {"password": SECRET}]}})
    sessions.note_session(hostile, f"{HOSTILE} {LONG}")
    stages.complete_instance(attempt.pk, force=True, reason=f"{HOSTILE}: later")
    stages.perform(hostile, "check", "skip", reason=LONG)
    long = sessions.create_session("odd", LONG).pk
    stages.run_stage(long, "build")
    story.sessions |= {"chinese": chinese, "hostile": hostile, "long": long}


def _deliveries(story: Story) -> None:
    """Messages that arrived, wait, and can't be delivered any more."""
    board = story.names["webhook"]
    rows = Delivery.objects.filter(subscription=board).order_by("-pk")
    arrived = {"state": DeliveryState.DELIVERED, "delivered_at": timezone.now(), "status_code": 204, "attempts": 1}
    Delivery.objects.filter(pk__in=rows.values("pk")[60:]).update(**arrived)
    bad, _secret = subscriptions.create(
        local_actor(), name=HOSTILE, url=f"https://example.com/{LONG}?token={SECRET}", reach="all"
    )
    FlowSessionManager().note_session(story.sessions["chinese"], "so far")
    reason = f"HTTP 500: {HOSTILE}"
    tried = {"attempts": 12, "status_code": 500, "error": reason, "answer": f"{HOSTILE} {LONG}"}
    Delivery.objects.filter(subscription=bad).update(state=DeliveryState.PARKED, **tried)
    Lane.objects.filter(subscription=bad).update(parked_at=timezone.now(), attempts=12, last_error=reason)
    Subscription.objects.filter(pk=bad.pk).update(parked_at=timezone.now(), failures=12, last_error=reason)
    story.names |= {"bad webhook": bad.pk, "delivery": str(Delivery.objects.filter(subscription=bad).latest("pk").pk)}


def _conflict(story: Story) -> None:
    values = ("Checkout", "Checkout with saved cards", HOSTILE)
    kind = ConflictKind.BOTH_CHANGED
    noted = conflicts.found(story.names["webhook"], story.sessions["running"], "title", kind, values, reason=HOSTILE)
    story.names["conflict"] = str(noted.pk)
    assert Conflict.objects.filter(settled_at=None).count() == 1


def _tokens(story: Story) -> None:
    made, _text = create_token(local_actor(), "nightly build", scopes=["read", "work"])
    create_token(local_actor(), f"agent {HOSTILE}", agent=True)
    story.names["token"] = made.token_key


def _people() -> None:
    """A viewer in the team, somebody of another team."""
    staff("viewer", "shop")
    staff("stranger", "others", operates=True)


def _gone(story: Story) -> None:
    sessions = FlowSessionManager(Actor(staff("lin", "shop", operates=True), "admin"))
    made = sessions.create_session("docs", HOSTILE)
    story.names["tombstone"] = sessions.delete_session(made.pk, reason=HOSTILE).pk


def _ids(story: Story) -> None:
    kept = SavepointManager().create_savepoint(story.sessions["running"], HOSTILE)
    StageInstanceManager().add_item(story.names["second"], HOSTILE)
    story.names["savepoint"] = str(kept.seq)
    running = SessionEvent.objects.filter(session=story.sessions["running"])
    story.names |= {
        "event": str(running.filter(type="session.paused").get().pk),
        "version": WorkflowVersion.objects.filter(workflow="odd").latest("pk").pk,
        "bundled version": WorkflowVersion.objects.get(workflow="dev").pk,
    }
