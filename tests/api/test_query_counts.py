"""How many queries each operation of the API takes: as many with one row of everything as with three."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from sessions_app.actors import Actor, local_actor
from sessions_app.models import FlowSession
from sessions_app.permissions import SCOPES
from sessions_app.publishing import publish
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from sessions_app.tokens import create_token
from stages_app.services import StageInstanceManager
from status_bridge import conflicts, outbox, subscriptions
from status_bridge.messages import Message
from status_bridge.models import ConflictKind, Subscription
from tests.api.conftest import member
from tests.factories import definition, stage

pytestmark = pytest.mark.django_db

URL = "https://board.example.com/"
FILE = "vcflow: 1\nid: docs\nname: Documents\nstages:\n  - id: draft\n    name: Draft\n"
WHY = {"reason": "enough"}
FORCED = {"force": True, "reason": "enough"}
SESSION, STAGE = "/api/v1/sessions/{session}/", "/api/v1/stages/{stage}/"
WEBHOOKS, WEBHOOK = "/api/v1/webhooks/", "/api/v1/webhooks/{webhook}/"
DELIVERY = WEBHOOK + "deliveries/{delivery}/"
OF_SESSION = SESSION + "stages/s0/"


class Change(NamedTuple):
    """A request, what was done before to the session and its stage, and the queries it takes at one row and at three.

    A stage that goes with its session takes a few more; nothing else may.
    """

    queries: tuple[int, int]
    request: str
    body: Mapping[str, Any] | None = None
    session: tuple[str, ...] = ()
    stage: tuple[str, ...] = ("run",)


READS = {
    "listEvents": (4, "/api/v1/events/"),
    "followEvents": (5, "/api/v1/events/feed/"),
    "listInbox": (4, "/api/v1/inbox/"),
    "getMe": (4, "/api/v1/me/"),
    "listSessions": (9, "/api/v1/sessions/?expand=stages"),
    "getSession": (10, SESSION),
    "getSessionBundle": (13, SESSION + "bundle/"),
    "getSessionContext": (12, SESSION + "context/"),
    "getSessionThen": (5, SESSION + "at/?event=1"),
    "drawSession": (4, SESSION + "diagram/"),
    "getSessionLog": (5, SESSION + "logs/"),
    "listNextSteps": (6, SESSION + "next/"),
    "getSessionProgress": (10, SESSION + "progress/"),
    "getCurrentSession": (5, "/api/v1/sessions/current/"),
    "listSavepoints": (4, "/api/v1/savepoints/"),
    "listSessionSavepoints": (5, "/api/v1/sessions/{kept}/savepoints/"),
    "getSavepoint": (4, "/api/v1/savepoints/{savepoint}/"),
    "diffSavepoint": (6, "/api/v1/savepoints/{savepoint}/diff/"),
    "listStages": (5, "/api/v1/stages/"),
    "listInterruptions": (13, "/api/v1/recovery/"),
    "getStage": (6, STAGE),
    "getStatistics": (8, "/api/v1/stats/"),
    "getWorkflowStatistics": (10, "/api/v1/stats/dev/?version=1"),
    "listStatusEntries": (4, "/api/v1/status/"),
    "getStatusEntry": (6, "/api/v1/status/flow-{session}/"),
    "listConflicts": (4, "/api/v1/status/conflicts/"),
    "getConflict": (4, "/api/v1/status/conflicts/{conflict}/"),
    "getStatusOverview": (13, "/api/v1/status/overview/"),
    "listTokens": (2, "/api/v1/tokens/"),
    "getToken": (4, "/api/v1/tokens/{token}/"),
    "listWebhooks": (4, WEBHOOKS),
    "getWebhook": (4, WEBHOOK),
    "listDeliveries": (5, WEBHOOK + "deliveries/"),
    "getDelivery": (5, DELIVERY),
    "listWorkflows": (2, "/api/v1/workflows/"),
    "getWorkflow": (3, "/api/v1/workflows/dev/"),
    "drawWorkflow": (3, "/api/v1/workflows/dev/diagram/"),
    "exportWorkflow": (3, "/api/v1/workflows/dev/export/"),
    "listWorkflowVersions": (6, "/api/v1/workflows/dev/versions/"),
    "getWorkflowVersion": (3, "/api/v1/workflows/dev/versions/1/"),
}
"""By operation: its queries, and its address."""

CHANGES = {
    "createSession": Change((16, 16), "POST /api/v1/sessions/", {"workflow_id": "dev"}),
    "updateSession": Change((11, 11), "PATCH " + SESSION, {"context": {"branch": "x"}}),
    "deleteSession": Change((18, 18), "DELETE " + SESSION),
    "startSession": Change((11, 11), f"POST {SESSION}start/", session=("pending",), stage=()),
    "pauseSession": Change((13, 15), f"POST {SESSION}pause/"),
    "resumeSession": Change((13, 15), f"POST {SESSION}resume/", session=("pause",)),
    "completeSession": Change((21, 23), f"POST {SESSION}complete/", FORCED),
    "reopenSession": Change((11, 11), f"POST {SESSION}reopen/", WHY, session=("complete",)),
    "failSession": Change((16, 18), f"POST {SESSION}fail/", WHY),
    "abortSession": Change((18, 20), f"POST {SESSION}abort/"),
    "noteSession": Change((11, 11), f"POST {SESSION}note/", {"text": "so"}),
    "switchSession": Change((10, 10), f"POST {SESSION}switch/"),
    "bulkSessions": Change(
        (14, 16), "POST /api/v1/sessions/bulk/", {"verb": "pause", "dry_run": False, "ids": ["{session}"]}
    ),
    "migrateSessions": Change(
        (10, 10), "POST /api/v1/workflows/dev/migrate/", {"dry_run": False, "sessions": ["{session}"]}
    ),
    "createSavepoint": Change((13, 13), f"POST {SESSION}savepoints/"),
    "restoreSavepoint": Change((19, 19), "POST /api/v1/savepoints/{savepoint}/restore/"),
    "forkSavepoint": Change((25, 25), "POST /api/v1/savepoints/{savepoint}/fork/"),
    "runStage": Change((17, 17), f"POST {SESSION}run/", {"stage": "s0"}, stage=()),
    "runStageInNewSession": Change((19, 19), "POST /api/v1/sessions/run/", {"workflow_id": "dev", "stage": "s0"}),
    "createStage": Change((15, 15), f"POST {SESSION}stages/", {"stage_id": "s0"}, stage=()),
    "assignStage": Change((14, 14), f"POST {OF_SESSION}assign/", {"assignee": "mei"}),
    "startStageOfSession": Change((14, 14), f"POST {OF_SESSION}start/", stage=("create",)),
    "pauseStageOfSession": Change((15, 15), f"POST {OF_SESSION}pause/"),
    "resumeStageOfSession": Change((15, 15), f"POST {OF_SESSION}resume/", stage=("run", "pause")),
    "completeStageOfSession": Change((23, 22), f"POST {OF_SESSION}complete/", FORCED),
    "failStageOfSession": Change((18, 18), f"POST {OF_SESSION}fail/"),
    "skipStageOfSession": Change((23, 22), f"POST {OF_SESSION}skip/", WHY),
    "retryStageOfSession": Change((18, 18), f"POST {OF_SESSION}retry/", stage=("run", "fail")),
    "updateStage": Change((15, 15), "PATCH " + STAGE, {"context": {"branch": "x"}}),
    "startStage": Change((14, 14), f"POST {STAGE}start/", stage=("create",)),
    "pauseStage": Change((15, 15), f"POST {STAGE}pause/"),
    "resumeStage": Change((15, 15), f"POST {STAGE}resume/", stage=("run", "pause")),
    "completeStage": Change((23, 22), f"POST {STAGE}complete/", FORCED),
    "failStage": Change((18, 18), f"POST {STAGE}fail/"),
    "skipStage": Change((23, 22), f"POST {STAGE}skip/", WHY),
    "retryStage": Change((18, 18), f"POST {STAGE}retry/", stage=("run", "fail")),
    "claimStage": Change((15, 15), f"POST {STAGE}claim/", {}),
    "claimStageOfSession": Change((15, 15), f"POST {OF_SESSION}claim/", {}),
    "heartbeatStage": Change((5, 5), f"POST {STAGE}heartbeat/", stage=("run", "claim")),
    "heartbeatStageOfSession": Change((6, 6), f"POST {OF_SESSION}heartbeat/", stage=("run", "claim")),
    "releaseStage": Change((15, 15), f"POST {STAGE}release/", stage=("run", "claim")),
    "releaseStageOfSession": Change((15, 15), f"POST {OF_SESSION}release/", stage=("run", "claim")),
    "addItem": Change((14, 14), f"POST {STAGE}items/", {"text": "More"}),
    "tickItems": Change((16, 16), f"POST {STAGE}items/done/", {"items": ["i0"]}),
    "untickItems": Change((16, 16), f"POST {STAGE}items/undo/", {"items": ["i0"]}, stage=("run", "tick")),
    "addDeliverables": Change((15, 15), f"POST {STAGE}deliverables/", {"deliverables": {"report": "x"}}),
    "requestStatus": Change((16, 18), "PATCH /api/v1/status/flow-{session}/", {"status": "ON_HOLD"}),
    "settleConflict": Change((11, 11), "POST /api/v1/status/conflicts/{conflict}/settle/", {"keep": "ours"}),
    "syncStatusEntry": Change((15, 15), "POST /api/v1/status/flow-{session}/sync/"),
    "createToken": Change((7, 7), "POST /api/v1/tokens/", {"name": "new"}),
    "revokeToken": Change((9, 9), "DELETE /api/v1/tokens/{token}/"),
    "createWebhook": Change((9, 9), "POST " + WEBHOOKS, {"name": "new", "url": "https://x.example/"}),
    "updateWebhook": Change((9, 9), "PATCH " + WEBHOOK, {"name": "new"}),
    "deleteWebhook": Change((17, 17), "DELETE " + WEBHOOK),
    "rotateWebhookSecret": Change((10, 10), f"POST {WEBHOOK}rotate/"),
    "pingWebhook": Change((7, 7), f"POST {WEBHOOK}ping/"),
    "resumeWebhook": Change((12, 12), f"POST {WEBHOOK}resume/"),
    "replayDeliveries": Change((11, 11), f"POST {WEBHOOK}replay/", {"since": "2020-01-01T00:00:00Z"}),
    "skipDelivery": Change((17, 16), f"POST {DELIVERY}skip/", WHY),
    "importWorkflows": Change(
        (14, 14), "POST /api/v1/workflows/import/", {"files": [{"name": "d.yaml", "content": FILE}]}
    ),
    "retireWorkflow": Change((8, 8), "POST /api/v1/workflows/unused-0/retire/"),
    "deleteWorkflow": Change((16, 16), "DELETE /api/v1/workflows/unused-0/"),
}

SIGNED = {"takeIncoming"}
"""Without a signature nothing is read: test_webhooks_incoming.py signs."""


class World:
    """``size`` of everything, and mei, who owns it and asks with a token."""

    def __init__(self, size: int, *, session: tuple[str, ...] = (), stage_verbs: tuple[str, ...] = ("run",)) -> None:
        items = [f"i{number}" for number in range(size)]
        stages = [stage(f"s{number}", items=items, deliverables=["report?"]) for number in range(size)]
        for number in range(size):
            publish(local_actor(), definition(f"stage-{number}", id=f"unused-{number}"))
            publish(local_actor(), definition(*stages, name=f"Version {number}", parallel=True))
        user = member("mei")
        user.user_permissions.add(Permission.objects.get(codename="define_workflows"))
        self.actor = Actor(user, "python", is_trusted=True)
        self.manager, self.stages = FlowSessionManager(self.actor), StageInstanceManager(self.actor)
        self.headers: dict[str, str] = {}
        made = [self._session(size, session, stage_verbs) for _number in range(size)]
        tokens = [create_token(self.actor, f"t{number}", scopes=list(SCOPES)) for number in range(size)]
        self.names = {"session": made[0].pk, "stage": f"{made[0].pk}.s0.1", "token": tokens[-1][0].token_key}
        self.names |= self._webhooks(size)
        self.names |= self._savepoints(size)
        self.names["conflict"] = str(self._conflicts([flow_session.pk for flow_session in made]))
        self.client = APIClient()
        own = create_token(self.actor, "own", scopes=list(SCOPES))[1]
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {own}")
        assert self.client.get("/api/v1/me/").status_code == 200  # its use is noted once a minute

    def _savepoints(self, size: int) -> dict[str, str]:
        """Of a session of their own, which is called otherwise since."""
        kept = self._session(size, (), ("run",))
        made = [SavepointManager(self.actor).create_savepoint(kept.pk) for _number in range(size)]
        self.manager.update_session(kept.pk, {"name": "Since"})
        return {"kept": kept.pk, "savepoint": made[0].pk}

    def _webhooks(self, size: int) -> dict[str, str]:
        """Of a workflow in which nothing happens here; nobody answers at their address."""
        publish(local_actor(), definition("quiet", id="quiet"))
        for number in range(size):
            made, _secret = subscriptions.create(self.actor, name=f"w{number}", url=URL, workflow="quiet")
            Subscription.objects.filter(pk=made.pk).update(url="https://127.0.0.1/")
            told = [Message(f"m{place}", "session.noted", "", place, "{}") for place in range(2 * size)]
            outbox.enqueue(made, told, made.created_at)
            made.deliveries.filter(seq__lt=size).update(state="DELIVERED")
        return {"webhook": made.pk, "delivery": str(made.deliveries.latest("pk").pk)}

    def _conflicts(self, session_ids: list[str]) -> int:
        values = ("a", "b", "c")
        for session_id in session_ids:
            row = conflicts.found(self.names["webhook"], session_id, "title", ConflictKind.BOTH_CHANGED, values)
        return row.pk

    def _session(self, size: int, verbs: tuple[str, ...], stage_verbs: tuple[str, ...]) -> FlowSession:
        flow_session = self.manager.create_session("dev", start="pending" not in verbs)
        for number in range(size):
            for verb in stage_verbs:
                self._stage(flow_session.pk, f"s{number}", verb)
        for verb in set(verbs) - {"pending"}:
            options = FORCED if verb == "complete" else {}
            getattr(self.manager, f"{verb}_session")(flow_session.pk, **options)
        return flow_session

    def _stage(self, session_id: str, stage_id: str, verb: str) -> None:
        if verb == "run":
            made = self.stages.run_stage(session_id, stage_id)
            self.stages.update_instance(made.pk, {"assignee": "mei"})
        elif verb == "create":
            self.stages.create_instance(session_id, stage_id)
        elif verb == "claim":
            held = self.stages.claim_instance(f"{session_id}.{stage_id}.1")
            self.headers.setdefault("Vcflow-Lease", str(held.lease_token))  # that of the first stage of the first one
        elif verb == "tick":
            self.stages.complete_item(f"{session_id}.{stage_id}.1", "i0")
        else:
            self.stages.perform(session_id, stage_id, verb)

    def queries(self, method: str, address: str, body: Any = None) -> tuple[int, str]:
        """How many a request takes, and which they are."""
        path, data = address.format(**self.names), self._filled(body)
        with CaptureQueriesContext(connection) as captured:
            options = {"format": "json"} if method != "GET" else {}
            answer = getattr(self.client, method.lower())(path, data, headers=self.headers, **options)
        assert answer.status_code < 300, answer.content
        return len(captured), "\n".join([str(len(captured)), *(query["sql"] for query in captured)])

    def _filled(self, body: Any) -> Any:
        named = {"ids", "sessions"} & set(body) if isinstance(body, dict) else ()
        return (
            {**body, **{name: [each.format(**self.names) for each in body[name]] for name in named}} if named else body
        )


@pytest.fixture(autouse=True)
def _unlimited(settings):
    """Requests are not counted: a write now and then."""
    settings.VCFLOW_API_RATE = None


def operations(*methods: str) -> set[str]:
    document = SchemaGenerator().get_schema(request=None, public=True)
    return {
        told["operationId"] for way in document["paths"].values() for method, told in way.items() if method in methods
    }


def test_every_operation_has_its_number():
    assert operations("get") == set(READS)
    assert operations("post", "patch", "put", "delete") == {*CHANGES, *SIGNED}


def as_case(name):
    # On PostgreSQL the feed ends before the oldest open transaction, which must not be the test's own.
    return pytest.param(name, marks=[pytest.mark.django_db(transaction=name == "followEvents")])


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("name", [as_case(name) for name in READS])
def test_reading_takes_the_same_queries_at_any_length(name, size):
    expected, address = READS[name]
    world = World(size)
    if name == "getCurrentSession":
        world.client.post(f"{SESSION}switch/".format(**world.names))
    world.queries("GET", address)  # versions are remembered
    taken, statements = world.queries("GET", address)
    assert taken == expected, statements


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("size", [1, 3])
def test_change_takes_a_fixed_number_of_queries(name, size):
    change = CHANGES[name]
    world = World(size, session=change.session, stage_verbs=change.stage)
    method, address = change.request.split()
    taken, statements = world.queries(method, address, change.body)
    assert taken == change.queries[size == 3], statements
