"""A session, a subscription of the kind ``github``, the fake GitHub, and a worker that is called by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_app.actors import Actor
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from status_bridge import delivery, incoming, subscriptions
from status_bridge.delivery import deliver_due
from status_bridge.models import Conflict, Delivery, Lane, Link, Subscription
from status_bridge.subscription_secrets import target_of
from tests.factories import publish_workflow, stage
from tests.status_bridge.fake_github import REPOSITORY, SECRET, TOKEN, FakeGitHub

STAGES = (stage("build", items=["write", "check"]), stage("test", items=["run"]))


class World:
    """mei's sessions and the issues of the repository."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, github: FakeGitHub | None = None) -> None:
        self.github = github or FakeGitHub()
        monkeypatch.setattr(delivery, "target_of", lambda row: replace(target_of(row), request=self.github.request))
        user, _is_new = get_user_model().objects.get_or_create(username="mei")
        self.actor = Actor(user, "python")
        self.sessions = FlowSessionManager(self.actor)
        self.stages = StageInstanceManager(self.actor)
        self.subscription = self.subscribe()
        self.workflow = publish_workflow(*STAGES)

    def subscribe(self, actor: Actor | None = None, **given: Any) -> Subscription:
        """A subscription for the repository."""
        secrets = {"token": TOKEN, "webhook_secret": SECRET}
        options = {"name": "issues", "url": f"https://github.com/{REPOSITORY}", "kind": "github", "secrets": secrets}
        row, _secret = subscriptions.create(actor or self.actor, **{**options, **given})
        return row

    def new_session(self, name: str = "Spring", *, work: bool = True) -> FlowSession:
        """A session whose first stage is being worked on, and its issue."""
        made = self.sessions.create_session(self.workflow, name)
        if work:
            self.stages.run_stage(made.pk, "build")
        self.deliver()
        return made

    def deliver(self) -> int:
        """What a worker does that nobody keeps waiting."""
        Subscription.objects.update(hold_until=None, parked_at=None)
        Lane.objects.filter(due_at__isnull=False).update(due_at=timezone.now(), lease_until=None, lease_token="")
        return deliver_due()

    def listen(self) -> None:
        """What GitHub's webhook says comes in."""
        for hook in self.github.take_hooks():
            incoming.take_in(self.subscription.pk, hook.arrival)

    def meet(self) -> None:
        """Both sides hear of each other until nothing is left to be said."""
        for _round in range(20):
            self.listen()
            self.deliver()
            if not self.github.hooks and not self.waiting():
                return
        raise AssertionError("they never come to rest")

    def waiting(self) -> int:
        return Delivery.objects.filter(state="WAITING").count()

    def session(self) -> FlowSession:
        return FlowSession.objects.get()

    def ticks(self, stage_id: str = "build") -> list[str]:
        return self.stages.locate_instance(self.session().pk, stage_id).completed_items

    def link(self) -> Link:
        return Link.objects.get()

    def conflicts(self) -> list[tuple[str, str]]:
        """The field and the kind of each that is open."""
        return [(row.field, row.kind) for row in Conflict.objects.open().order_by("pk")]

    @property
    def issue(self) -> dict[str, Any]:
        (issue,) = self.github.issues.values()
        return issue
