"""The people and the sessions that the walk over the matrix meets; built once for a whole module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.actors import Actor
from sessions_app.models import FlowSession, SavedView, WorkflowVersion
from sessions_app.saved_views import save_view
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager, switch_active_session
from sessions_app.tokens import create_token
from stages_app.services import StageInstanceManager
from status_bridge import conflicts, messages, outbox, subscriptions
from status_bridge.models import Conflict, ConflictKind, Subscription
from tests.access.matrix import SIGNED_IN
from tests.factories import permission as permission_named
from tests.factories import publish_workflow, snapshot, stage, team, user

SECRET = "hunter-two"
ALL_SCOPES = ("read", "work", "decide", "define", "export", "webhook", "admin")

PEOPLE = {
    "disabled": "gone",
    "local": "local",
    "stranger": "zhao",
    "definer": "chen",
    "viewer": "li",
    "operator": "wang",
    "owner": "mei",
    "admin": "root",
}
"""Who has which role on the sessions.

The stranger operates another team, was an operator of this one once, and was at one of its sessions
then.  The definer may publish workflows and is nothing else.  The owner only looks on in the team.
The disabled one would be an administrator.
"""

Names = Mapping[str, str]


class World:
    """``scenes`` maps the name of a session's state to the ids in it; ``names`` are those of everything else."""

    def __init__(self) -> None:
        self.scenes: dict[str, dict[str, str]] = {}
        self.names: dict[str, str] = {}
        self._tokens: dict[tuple[Any, ...], tuple[str, str]] = {}
        self._cookies: dict[str, str] = {}
        self._handler = APIClient().handler
        self._people()
        self._workflows()
        self._sessions()
        self._scene_of_the_past()
        self._everything_else()

    def copy(self) -> World:
        """The same, with a list of its own of the tokens that were made."""
        copied = copy(self)
        copied._tokens = dict(self._tokens)
        return copied

    def user(self, role: str) -> User:
        return User.objects.get(username=PEOPLE[role])

    def client(self, role: str, make: Callable[[], Client] = APIClient) -> Client:
        """A new client, signed in with a browser's cookie unless anonymous."""
        made = self._sharing(make())
        if role == "anonymous":
            return made
        if role not in self._cookies:
            made.force_login(self.user(role))
            self._cookies[role] = made.cookies[settings.SESSION_COOKIE_NAME].value
        made.cookies[settings.SESSION_COOKIE_NAME] = self._cookies[role]
        return made

    def token_client(
        self, role: str, scopes: Iterable[str] = ALL_SCOPES, *, other_team: bool = False, other_workflow: bool = False
    ) -> APIClient:
        """A client with a token; perhaps of another team or workflow than the sessions'."""
        client = self._sharing(APIClient())
        bounds = {"team": "others"} if other_team else {"workflow": "docs"} if other_workflow else {}
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {self.token(role, scopes, **bounds)[1]}")
        return client

    def _sharing(self, client: Client) -> Client:
        """The client with the one handler of all: to load the middleware takes longer than a request."""
        client.handler = self._handler
        return client

    def token(self, role: str, scopes: Iterable[str] = ALL_SCOPES, **bounds: str) -> tuple[str, str]:
        """The id and the text of a token; made when it is first asked for."""
        key = (role, tuple(scopes), *bounds.values())
        if key not in self._tokens:
            name = f"token {len(self._tokens)}"
            row, text = create_token(self.actor(role), name, scopes=key[1], **bounds)
            self._tokens[key] = row.token_key, text
        return self._tokens[key]

    def actor(self, role: str) -> Actor:
        """Somebody to whom nothing is refused while the world is made."""
        return Actor(self.user(role), "python", is_trusted=True)

    def names_for(self, role: str, scene: str) -> dict[str, str]:
        """What a request may name: the scene's ids, everything else, and the asker's own."""
        own = {} if role in ("anonymous", "local") else {"own_token": self.token(role)[0]}
        of_scene = self.scenes[scene]
        entry = {"status_id": f"flow-{of_scene['session_id']}"} if "session_id" in of_scene else {}
        return {**self.names, **of_scene, **entry, **own, "username": PEOPLE.get(role, "nobody")}

    def session_ids(self) -> set[str]:
        return {names["session_id"] for names in self.scenes.values() if "session_id" in names}

    def _people(self) -> None:
        team("platform")
        user("mei", watches=["platform"])
        user("li", watches=["platform"])
        for name, teams in {"wang": ["platform"], "zhao": ["others", "platform"]}.items():
            user(name, watches=teams).user_permissions.add(permission_named("operate_sessions"))
        user("gao")
        user("chen").user_permissions.add(permission_named("define_workflows"))
        user("root", is_superuser=True)
        user("gone", is_superuser=True)

    def _workflows(self) -> None:
        publish_workflow(stage("build", items=["write", "check?"], deliverables=["spec?"]), stage("test"))
        publish_workflow("look", id="easy")
        publish_workflow(*[stage(name) for name in ("zhao", "wang", "mei", "root")], id="turns")
        for name in ("docs", "unused", "import", "moving"):
            publish_workflow("draft", id=name)
        self.scenes["unused"] = {"workflow_id": "unused"}

    def _scene(self, name: str, workflow: str = "dev", **options: Any) -> str:
        made = FlowSessionManager(self.actor("owner")).create_session(
            workflow, f"Plan {name}", team="platform", context={"password": SECRET}, **options
        )
        self.scenes[name] = {"session_id": made.pk}
        return made.pk

    def _stage(self, name: str, stage_id: str, *verbs: str, start: bool = True) -> str:
        key = self._scene(name)
        stages = StageInstanceManager(self.actor("owner"))
        made = stages.run_stage(key, stage_id) if start else stages.create_stage(key, stage_id)
        for verb in verbs:
            stages.perform(key, stage_id, verb)
        self.scenes[name] |= {"stage_id": stage_id, "stage_instance_id": made.pk}
        return made.pk

    def _sessions(self) -> None:
        sessions = FlowSessionManager(self.actor("owner"))
        self._scene("idle")
        self.scenes["idle"] |= {"stage_id": "build"}
        self._scene("pending", start=False)
        self._almost_complete()
        sessions.pause_session(self._scene("paused"))
        sessions.complete_session(self._scene("completed"), force=True, reason="enough")
        building = self._stage("building", "build")
        stages = StageInstanceManager(self.actor("owner"))
        stages.complete_item(building, "check")
        stages.update_instance(building, {"context": {"password": SECRET}})
        self._stage("testing", "test")
        held = stages.claim_instance(self._stage("held", "build"), seconds=86_400, holder="agent 7")
        self.scenes["held"]["lease"] = str(held.lease_token)
        self._stage("stage paused", "build", "pause")
        self._stage("stage failed", "build", "fail")
        self._stage("stage ready", "build", start=False)
        self._outdated()
        self._keep()
        self._bury()

    def _almost_complete(self) -> None:
        """A session with nothing left to do, which was completed by its last stage and taken up again."""
        key = self._scene("easy", "easy")
        stages = StageInstanceManager(self.actor("owner"))
        stages.complete_instance(stages.run_stage(key, "look").pk)
        FlowSessionManager(self.actor("owner")).reopen_session(key, reason="a case was missed")

    def _outdated(self) -> None:
        """A session of a version that is not the newest any more."""
        self._scene("outdated", "moving")
        self.scenes["outdated"] |= {"workflow_id": "moving"}
        publish_workflow("draft", "print", id="moving")

    def _keep(self) -> None:
        """A savepoint, since which the session's name is another."""
        key = self._scene("kept")
        made = SavepointManager(self.actor("owner")).create_savepoint(key, "before it")
        FlowSessionManager(self.actor("owner")).update_session(key, {"name": "Plan kept since"})
        self.scenes["kept"] |= {"savepoint_id": made.pk, "number": str(made.seq)}

    def _bury(self) -> None:
        sessions = FlowSessionManager(self.actor("owner"))
        buried = sessions.create_session("dev", "Buried", team="platform")
        self.names["tombstone_id"] = sessions.delete_session(buried.pk).pk

    def _scene_of_the_past(self) -> None:
        """Who has left the team was given a stage in it, and was at a session, before."""
        key = self._scene("turns", "turns")
        stages = StageInstanceManager(self.actor("owner"))
        for name in ("zhao", "wang", "mei", "root"):
            stages.assign_stage(key, name, name)
        for role in ("local", "stranger", "viewer", "operator", "owner", "admin"):
            switch_active_session(self.scenes["idle"]["session_id"], self.actor(role))
        self.user("stranger").groups.remove(team("platform"))

    def _everything_else(self) -> None:
        building = FlowSession.objects.get(pk=self.scenes["building"]["session_id"])
        self.names |= {
            "team": "platform",
            "workflow_id": "dev",
            "number": "1",
            "version_id": WorkflowVersion.objects.get(workflow="dev").pk,
            "count": str(FlowSession.objects.filter(workflow="dev").count()),
            "token_id": self.token("owner", ["read"])[0],
            "event_id": str(building.events.get(seq=1).pk),
            "group_id": str(team("others").pk),
            "user_id": str(self.user("viewer").pk),
            "view_id": self._view(),
        }
        self._webhook()
        for role in SIGNED_IN:
            self.token(role)
            self.client(role)
        self._disable()
        if connection.vendor == "postgresql":
            # The feed tells what was committed, and a test's transaction never is.
            with connection.cursor() as cursor:
                cursor.execute("UPDATE session_events SET transaction_id = 1")

    def _view(self) -> str:
        """The owner's; its id is as long as one that nobody has."""
        made = save_view(self.actor("owner"), "Theirs", "whose=mine")
        SavedView.objects.filter(pk=made.pk).update(id=5 * 10**6 + made.pk)
        return str(5 * 10**6 + made.pk)

    def _webhook(self) -> None:
        """The owner's, with a message that waits; it is told of nothing that anybody does here."""
        made, _secret = subscriptions.create(
            self.actor("owner"), name="board", url="https://board.example.com/", events=["session.deleted"]
        )
        Subscription.objects.filter(pk=made.pk).update(url="https://127.0.0.1/")  # which nobody may call
        outbox.enqueue(made, [messages.ping(made.pk)], made.created_at)
        self.names |= {"webhook_id": made.pk, "delivery_id": str(made.deliveries.get().pk)}
        session_id, values = self.scenes["building"]["session_id"], ("Plan", "Plan building", "Theirs")
        noted = conflicts.found(made.pk, session_id, "title", ConflictKind.BOTH_CHANGED, values)
        self.names["conflict_id"] = str(5 * 10**6 + noted.pk)  # as long as one that nobody has
        Conflict.objects.filter(pk=noted.pk).update(id=self.names["conflict_id"])

    def _disable(self) -> None:
        """Who signed in and has a token is disabled only then."""
        self.token("disabled")
        self.client("disabled")
        User.objects.filter(username=PEOPLE["disabled"]).update(is_active=False)


@contextmanager
def taken_back() -> Iterator[None]:
    """What is done inside leaves no trace: a savepoint, for the product's own transactions are outermost ones."""
    savepoint = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(savepoint)


def stored() -> dict[str, list[dict[str, Any]]]:
    """All tables, but for when a token was used last, which every request with it notes."""
    rows = snapshot()
    for token in rows["sessions_app.ApiToken"]:
        del token["last_used_at"]
    return rows


def filled(template: Any, names: Names) -> Any:
    """``template`` with every ``{name}`` in its texts replaced."""
    if isinstance(template, str):
        for name, value in names.items():
            template = template.replace(f"{{{name}}}", value)
        return template
    if isinstance(template, Mapping):
        return {key: filled(value, names) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [filled(value, names) for value in template]
    return template


def unknown(names: Names) -> dict[str, str]:
    """The same names as of things that don't exist, as long as the true ones."""
    changed = dict(names)
    if "session_id" in names:
        session_id = names["session_id"]
        changed["session_id"] = f"{session_id[:-4]}0000"
        changed["status_id"] = f"flow-{changed['session_id']}"
    if "savepoint_id" in names:
        changed["savepoint_id"] = names["savepoint_id"].replace(session_id, changed["session_id"])
    if "stage_instance_id" in names:
        changed["stage_instance_id"] = names["stage_instance_id"].replace(session_id, changed["session_id"])
    changed["token_id"] = f"{names['token_id'][:-4]}zzzz"
    changed["team"] = "platf0rm"
    changed["tombstone_id"] = f"{names['tombstone_id'][:-4]}0000"
    changed["event_id"] = str(10**6 + int(names["event_id"]))
    changed["view_id"] = str(10**6 + int(names["view_id"]))
    changed["conflict_id"] = str(10**6 + int(names["conflict_id"]))
    changed["webhook_id"] = f"{names['webhook_id'][:-4]}zzzz"
    changed["delivery_id"] = str(10**6 + int(names["delivery_id"]))
    return changed


def renamed(text: str, names: Names, others: Names) -> str:
    """``text`` with what ``others`` are called called as in ``names``."""
    for name, value in others.items():
        if value != names[name]:
            text = text.replace(value, names[name])
    return text
