"""How each request of the matrix is made, and how one sees that it was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sessions_app.models import ApiToken, CurrentSession, FlowSession, WorkflowDefinition
from status_bridge.models import Conflict, Delivery, Subscription
from tests.access.world import SECRET, Names

Done = Callable[[Names], bool]

SESSION = "/api/v1/sessions/{session_id}/"
STAGE = "/api/v1/stages/{stage_instance_id}/"
STATUS = "/api/v1/status/{status_id}/"
SAVEPOINT = "/api/v1/savepoints/{savepoint_id}/"
CONFLICT = "/api/v1/status/conflicts/{conflict_id}/"
STAGE_OF_SESSION = f"{SESSION}stages/{{stage_id}}/"

WEBHOOK = "/api/v1/webhooks/{webhook_id}/"
DELIVERY = f"{WEBHOOK}deliveries/{{delivery_id}}/"

HOOK = {"name": "mine", "url": "https://board.example.com/"}
FILE = "vcflow: 1\nid: fresh\nname: Fresh\nstages: [{id: draft, name: Draft}]\n"


class Play(NamedTuple):
    """A request: in which scene, with what, and its effect.

    ``does`` is the type of an event that it writes, ``shows`` a text in its answer, ``done``
    looks into the tables.  One without any of these is judged by its status alone.
    """

    scene: str = "idle"
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] | None = None
    does: str = ""
    shows: str = ""
    done: Done | None = None
    headers: Mapping[str, str] | None = None


FORCE = {"force": True, "reason": "enough"}
WHY = {"reason": "so"}


def is_gone(names: Names) -> bool:
    return not FlowSession.objects.filter(pk=names["session_id"]).exists()


def is_current(names: Names) -> bool:
    return CurrentSession.objects.filter(user__username=names["username"], session=names["session_id"]).exists()


def is_revoked(names: Names) -> bool:
    return ApiToken.objects.get(token_key=names["token_id"]).state == "revoked"


def workflow_is_gone(workflow_id: str) -> Done:
    return lambda _names: not WorkflowDefinition.objects.filter(pk=workflow_id).exists()


def is_retired(_names: Names) -> bool:
    return WorkflowDefinition.objects.filter(pk="unused", retired_at__isnull=False).exists()


def is_imported(_names: Names) -> bool:
    return WorkflowDefinition.objects.filter(pk="fresh").exists()


def has_webhook(names: Names) -> bool:
    return Subscription.objects.filter(owner__username=names["username"], name="mine").exists()


def is_renamed(names: Names) -> bool:
    return Subscription.objects.get(pk=names["webhook_id"]).name == "other"


def is_unsubscribed(names: Names) -> bool:
    return not Subscription.objects.filter(pk=names["webhook_id"]).exists()


def is_pinged(names: Names) -> bool:
    return Delivery.objects.filter(subscription=names["webhook_id"], state="DELIVERED").exists()


def is_settled(names: Names) -> bool:
    return Conflict.objects.filter(pk=names["conflict_id"], settlement="theirs").exists()


def is_passed_over(names: Names) -> bool:
    return Delivery.objects.get(pk=names["delivery_id"]).state == "SKIPPED"


def is_sent_again(names: Names) -> bool:
    return Delivery.objects.filter(replay_of=names["delivery_id"]).exists()


def has_token(username: str) -> Done:
    return lambda names: ApiToken.objects.filter(
        user__username=username.format(**names), name="mine", created_by__username=names["username"]
    ).exists()


def _bulk(verb: str, *, dry_run: bool = False, filtered: bool = False, **options: Any) -> dict[str, Any]:
    which = {"filter": {"search": "{session_id}"}} if filtered else {"ids": ["{session_id}"]}
    return {"verb": verb, "dry_run": dry_run, **which, **options}


_MOVE = {"dry_run": False, "sessions": ["{session_id}"]}

_READS = {
    "GET /api/v1/events/": Play(query={"limit": "200"}, shows='"session_id":"{session_id}"'),
    "GET /api/v1/events/feed/": Play(query={"limit": "200"}, shows='"session_id":"{session_id}"'),
    "GET /api/v1/inbox/": Play("turns", shows='"{session_id}.{username}.1"'),
    "GET /api/v1/me/": Play(shows='"user":"{username}"'),
    "GET /api/v1/sessions/": Play(shows='"id":"{session_id}"'),
    "GET /api/v1/sessions/current/": Play(shows='"id":"{session_id}"'),
    "GET /api/v1/savepoints/": Play("kept", query={"limit": "200"}, shows='"id":"{savepoint_id}"'),
    f"GET {SAVEPOINT}": Play("kept", shows='"id":"{savepoint_id}"'),
    f"GET {SAVEPOINT}diff/": Play("kept", shows='"before":"Plan kept"'),
    f"GET {SESSION}savepoints/": Play("kept", shows='"id":"{savepoint_id}"'),
    "GET /api/v1/stages/": Play("building", shows='"id":"{stage_instance_id}"'),
    f"GET {STAGE}": Play("building", shows='"id":"{stage_instance_id}"'),
    "GET /api/v1/recovery/": Play("paused", shows='"session_id":"{session_id}"'),
    f"GET {SESSION}": Play(shows='"id":"{session_id}"'),
    f"GET {SESSION}bundle/": Play(shows='"kind":"session"'),
    f"GET {SESSION}context/": Play(shows='"id":"{session_id}"'),
    f"GET {SESSION}at/": Play(query={"event": "1"}, shows='"seq":1'),
    f"GET {SESSION}diagram/": Play(shows="Build"),
    f"GET {SESSION}logs/": Play(shows="session.created"),
    f"GET {SESSION}next/": Play(shows="{session_id}"),
    f"GET {SESSION}progress/": Play(shows='"session_id":"{session_id}"'),
    "GET /api/v1/stats/": Play(shows='"workflow_id":"dev"'),
    "GET /api/v1/stats/{workflow_id}/": Play(shows='"workflow_id":"dev"'),
    "GET /api/v1/status/": Play(query={"limit": "200"}, shows='"session_id":"{session_id}"'),
    "GET /api/v1/status/conflicts/": Play("building", shows='"session_id":"{session_id}"'),
    f"GET {CONFLICT}": Play("building", shows='"session_id":"{session_id}"'),
    "GET /api/v1/status/overview/": Play(shows='"workflow_id":"dev"'),
    f"GET {STATUS}": Play(shows='"id":"{status_id}"'),
    "GET /api/v1/tokens/": Play(shows='"id":"{own_token}"'),
    "GET /api/v1/workflows/": Play(shows='"id":"dev"'),
    "GET /api/v1/workflows/{workflow_id}/": Play(shows='"id":"dev"'),
    "GET /api/v1/workflows/{workflow_id}/diagram/": Play(shows="Build"),
    "GET /api/v1/workflows/{workflow_id}/export/": Play(shows="id: dev"),
    "GET /api/v1/workflows/{workflow_id}/versions/": Play(shows='"number":1'),
    "GET /api/v1/workflows/{workflow_id}/versions/{number}/": Play(shows='"workflow_id":"dev"'),
}

_READS_IN_CASES = {
    ("GET /api/v1/sessions/", "with stages"): Play(query={"expand": "stages"}, shows='"stages":[{"id":'),
    ("GET /api/v1/sessions/", "search"): Play(query={"search": "{session_id}"}, shows='"id":"{session_id}"'),
    (f"GET {SESSION}", "reveal"): Play(query={"reveal": "true"}, shows=SECRET),
    (f"GET {SAVEPOINT}", "reveal"): Play("kept", query={"reveal": "true"}, shows=SECRET),
    (f"GET {SAVEPOINT}diff/", "reveal"): Play("kept", query={"reveal": "true"}, shows='"before":"Plan kept"'),
    (f"GET {SESSION}bundle/", "reveal"): Play(query={"reveal": "true"}, shows=SECRET),
    (f"GET {SESSION}context/", "reveal"): Play(query={"reveal": "true"}, shows=SECRET),
    (f"GET {STAGE}", "reveal"): Play("building", query={"reveal": "true"}, shows=SECRET),
    ("GET /api/v1/status/", "search"): Play(query={"search": "{session_id}"}, shows='"id":"{status_id}"'),
    ("GET /api/v1/tokens/", "everybody's"): Play(query={"all": "true"}, shows='"id":"{token_id}"'),
    ("GET /api/v1/tokens/{token_id}/", "the owner's"): Play(shows='"id":"{token_id}"'),
    ("GET /api/v1/workflows/{workflow_id}/versions/", "how many sessions"): Play(shows='"sessions":{count}'),
    ("GET /api/v1/stats/{workflow_id}/", "what ended"): Play(shows='"completed":1'),
    ("GET /api/v1/workflows/import/", "a workflow of that name"): Play(shows='"id":"import"'),
}

_OF_SESSIONS = {
    "abort": Play(does="session.aborted"),
    "complete": Play("easy", does="session.completed"),
    "fail": Play(body=WHY, does="session.failed"),
    "note": Play(body={"text": "seen"}, does="session.noted"),
    "pause": Play(does="session.paused"),
    "reopen": Play("completed", body=WHY, does="session.reopened"),
    "resume": Play("paused", does="session.resumed"),
    "run": Play(body={"stage": "build"}, does="stage.started"),
    "stages": Play(body={"stage_id": "build"}, does="stage.created"),
    "start": Play("pending", does="session.started"),
    "switch": Play("building", done=is_current),
}

_OF_STAGES = {
    "complete": Play("testing", does="stage.completed"),
    "fail": Play("building", does="stage.failed"),
    "pause": Play("building", does="stage.paused"),
    "resume": Play("stage paused", does="stage.resumed"),
    "retry": Play("stage failed", does="stage.retried"),
    "skip": Play("building", body=WHY, does="stage.skipped"),
    "start": Play("stage ready", does="stage.started"),
}

_BY_FORCE = {
    "complete": Play("building", body=FORCE, does="stage.completed"),
    "start": Play("stage ready", body=FORCE, does="stage.started"),
}

_CHANGES = {
    "POST /api/v1/sessions/": Play(body={"workflow_id": "dev"}, does="session.created"),
    "POST /api/v1/sessions/run/": Play(body={"workflow_id": "dev", "stage": "build"}, does="stage.started"),
    f"DELETE {SESSION}": Play(done=is_gone),
    f"PATCH {STAGE}": Play("building", body={"name": "Other"}, does="stage.updated"),
    f"POST {STAGE_OF_SESSION}assign/": Play(body={"assignee": "wang"}, does="stage.assigned"),
    f"POST {STAGE}deliverables/": Play("building", body={"deliverables": {"spec": "x"}}, does="deliverable.added"),
    f"POST {STAGE}items/": Play("building", body={"text": "More"}, does="item.added"),
    f"POST {STAGE}items/done/": Play("building", body={"items": ["write"]}, does="item.done"),
    f"POST {STAGE}items/undo/": Play("building", body={"items": ["check"]}, does="item.reopened"),
    f"POST {SESSION}savepoints/": Play(body={"note": "so"}, does="savepoint.created"),
    f"POST {SAVEPOINT}restore/": Play("kept", does="session.restored"),
    f"POST {SAVEPOINT}fork/": Play("kept", does="session.forked"),
    f"POST {STATUS}sync/": Play(shows='"changes":{}'),
    "POST /api/v1/tokens/": Play(body={"name": "mine", "scopes": ["admin"]}, done=has_token("{username}")),
    "DELETE /api/v1/workflows/{workflow_id}/": Play("unused", done=workflow_is_gone("unused")),
    "POST /api/v1/workflows/{workflow_id}/retire/": Play("unused", done=is_retired),
    "POST /api/v1/workflows/import/": Play(body={"files": [{"name": "fresh.yaml", "content": FILE}]}, done=is_imported),
    **{f"POST {SESSION}{verb}/": play for verb, play in _OF_SESSIONS.items()},
    **{f"POST {STAGE}{verb}/": play for verb, play in _OF_STAGES.items()},
    **{f"POST {STAGE_OF_SESSION}{verb}/": play for verb, play in _OF_STAGES.items()},
}

_WEBHOOKS = {
    ("GET /api/v1/webhooks/", "the owner's"): Play(shows='"id":"{webhook_id}"'),
    ("POST /api/v1/webhooks/", ""): Play(body=HOOK, done=has_webhook),
    ("POST /api/v1/webhooks/", "in the team"): Play(body={**HOOK, "team": "{team}"}, done=has_webhook),
    ("POST /api/v1/webhooks/", "of all sessions"): Play(body={**HOOK, "reach": "all"}, done=has_webhook),
    (f"GET {WEBHOOK}", "the owner's"): Play(shows='"id":"{webhook_id}"'),
    (f"PATCH {WEBHOOK}", "the owner's"): Play(body={"name": "other"}, done=is_renamed),
    (f"DELETE {WEBHOOK}", "the owner's"): Play(done=is_unsubscribed),
    (f"POST {WEBHOOK}rotate/", "the owner's"): Play(shows='"secret":"whsec_'),
    (f"POST {WEBHOOK}ping/", "the owner's"): Play(done=is_pinged),
    (f"POST {WEBHOOK}resume/", "the owner's"): Play(shows='"resumed":1'),
    (f"POST {WEBHOOK}replay/", "the owner's"): Play(body={"since": "2020-01-01T00:00:00Z"}, shows='"replayed":'),
    (f"GET {WEBHOOK}deliveries/", "the owner's"): Play(shows='"webhook_id":"{webhook_id}"'),
    (f"GET {DELIVERY}", "the owner's"): Play(shows='"webhook_id":"{webhook_id}"'),
    (f"POST {DELIVERY}skip/", "the owner's"): Play(body=WHY, done=is_passed_over),
}

_HOLDER = {"Vcflow-Lease": "{lease}"}
_OF_LEASES = {
    ("claim", ""): Play("building", body={"seconds": 60}, does="stage.claimed"),
    ("claim", "taken"): Play("held", body={"take": True, **WHY}, does="stage.claimed"),
    ("heartbeat", ""): Play("held", headers=_HOLDER, shows='"token":{lease}'),
    ("release", ""): Play("held", headers=_HOLDER, does="stage.released"),
}

_BULK = "POST /api/v1/sessions/bulk/"
_MIGRATE = "POST /api/v1/workflows/{workflow_id}/migrate/"

_CHANGES_IN_CASES = {
    ("POST /api/v1/sessions/", "in the team"): Play(
        body={"workflow_id": "dev", "team": "{team}"}, does="session.created"
    ),
    (f"POST {SAVEPOINT}restore/", "dry run"): Play("kept", body={"dry_run": True}, shows='"name":"Plan kept"'),
    (f"POST {SAVEPOINT}fork/", "dry run"): Play("kept", body={"dry_run": True}, shows='"dry_run":true'),
    ("POST /api/v1/sessions/run/", "by force"): Play(
        body={"workflow_id": "dev", "stage": "build", **FORCE}, does="stage.started"
    ),
    (_BULK, "ids"): Play(body=_bulk("pause"), does="session.paused"),
    (_BULK, "ids; dry run"): Play(body=_bulk("pause", dry_run=True), shows='"would":"pause"'),
    (_BULK, "filter"): Play(body=_bulk("pause", filtered=True), does="session.paused"),
    (_BULK, "filter; dry run"): Play(body=_bulk("pause", dry_run=True, filtered=True), shows='"would":"pause"'),
    (_BULK, "complete by force"): Play(body=_bulk("complete", **FORCE), does="session.completed"),
    (_BULK, "delete"): Play(body=_bulk("delete"), done=is_gone),
    (_MIGRATE, "a session"): Play("outdated", body=_MOVE, does="session.migrated"),
    (_MIGRATE, "a session; dry run"): Play("outdated", body={**_MOVE, "dry_run": True}, shows='"safe"'),
    (_MIGRATE, "all; dry run"): Play("outdated", body={"dry_run": True}, shows='"id":"{session_id}"'),
    (f"PATCH {SESSION}", "name"): Play(body={"name": "Other"}, does="session.updated"),
    (f"PATCH {SESSION}", "owner"): Play(body={"owner": "wang"}, does="session.updated"),
    (f"PATCH {SESSION}", "team"): Play(body={"team": None}, does="session.updated"),
    (f"PATCH {SESSION}", "name and owner"): Play(body={"name": "Other", "owner": "wang"}, does="session.updated"),
    (f"POST {SESSION}complete/", "by force"): Play(body=FORCE, does="session.completed"),
    (f"POST {SESSION}run/", "by force"): Play(body={"stage": "build", **FORCE}, does="stage.started"),
    **{(f"POST {STAGE}{verb}/", "by force"): play for verb, play in _BY_FORCE.items()},
    **{(f"POST {STAGE_OF_SESSION}{verb}/", "by force"): play for verb, play in _BY_FORCE.items()},
    (f"POST {CONFLICT}settle/", ""): Play("building", body={"keep": "theirs"}, does="session.updated", done=is_settled),
    (f"PATCH {STATUS}", "on hold"): Play(body={"status": "ON_HOLD"}, does="session.paused"),
    (f"PATCH {STATUS}", "canceled"): Play(body={"status": "CANCELED"}, does="session.aborted"),
    (f"PATCH {STATUS}", "completed by force"): Play(body={"status": "COMPLETED", **FORCE}, does="session.completed"),
    ("POST /api/v1/tokens/", "for somebody else"): Play(
        body={"name": "mine", "user": "gao", "scopes": ["admin"]}, done=has_token("gao")
    ),
    ("DELETE /api/v1/tokens/{token_id}/", "the owner's"): Play(done=is_revoked),
    ("POST /api/v1/workflows/import/", "dry run"): Play(
        body={"files": [{"name": "fresh.yaml", "content": FILE}], "dry_run": True}, shows='"id":"fresh"'
    ),
    ("DELETE /api/v1/workflows/import/", "a workflow of that name"): Play(done=workflow_is_gone("import")),
}

PLAYS: Mapping[tuple[str, str], Play] = {
    **{(request, ""): play for request, play in {**_READS, **_CHANGES}.items()},
    **_READS_IN_CASES,
    **_CHANGES_IN_CASES,
    **_WEBHOOKS,
    **{
        (f"POST {place}{act}/", case): play
        for place in (STAGE, STAGE_OF_SESSION)
        for (act, case), play in _OF_LEASES.items()
    },
}
"""By the request and the case of the matrix's row."""
