"""``/workflows/{id}/migrate/``: open sessions brought to another version, a hundred at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import bulk
from sessions_app.access import require_scope
from sessions_app.api.conditions import idempotency_key
from sessions_app.api.documents import array, nullable, obj, ref, register
from sessions_app.api.operations import Answer, operation
from sessions_app.api.problems import for_strangers
from sessions_app.api.session_schemas import REASON
from sessions_app.api.views import ApiViewSet
from sessions_app.api.workflows import TAG, WORKFLOW_ID
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.migrating import OUTCOMES, STEP, Plan, Result, make_plan, migrate_all, sort_sessions
from sessions_app.migration_batches import Tally, behind, in_time, named_sessions, rows, step
from sessions_app.permissions import READ, SESSION_ACTIONS
from sessions_app.text import is_reference

_ID = {"type": "string", "minLength": 1, "maxLength": 120}
_STAGE = {"type": "string", "minLength": 1, "maxLength": 64}

register(
    {
        "MigrationRequest": obj(
            {
                "to": {"type": "integer", "minimum": 1, "description": "Which version; without it the newest."},
                "mapping": {
                    "type": "object",
                    "additionalProperties": _STAGE,
                    "maxProperties": 200,
                    "description": "Which stage an old one is now, by its id; `-` keeps it as an ad hoc stage.",
                },
                "sessions": array(
                    _ID,
                    minItems=1,
                    maxItems=STEP,
                    description="Whole ids; without them the open sessions on other versions, by their ids.",
                ),
                "cursor": {**_ID, "description": "The `cursor` of the answer before; not with `sessions`."},
                "reason": REASON,
                "dry_run": {"type": "boolean", "description": "True: only say what would become of each."},
            },
            required=("dry_run",),
        ),
        "MigrationReason": obj(
            {
                "code": {"type": "string", "description": "Stable; see the page on migrating."},
                "detail": {"type": "string"},
                "fix": {"type": "string"},
                "stage_id": nullable("string"),
                "proposal": nullable("string", description="What the stage seems to be called now; `-`: nothing is."),
            },
            about="Why a session can't move as it is.",
        ),
        "MigrationResult": obj(
            {
                "id": {"type": "string"},
                "outcome": {"type": "string", "enum": list(OUTCOMES)},
                "from_version": {"type": "integer", "minimum": 1},
                "version": nullable(
                    "integer", description="The number of the session's event; null: nothing was done."
                ),
                "savepoint": nullable("string", description="The one to restore for going back."),
                "reasons": array(ref("MigrationReason")),
                "warnings": array({"type": "string"}),
            }
        ),
        "Migration": obj(
            {
                "workflow_id": {"type": "string"},
                "to": {"type": "integer", "minimum": 1},
                "dry_run": {"type": "boolean"},
                "counts": {
                    "type": "object",
                    "additionalProperties": {"type": "integer", "minimum": 1},
                    "description": "How many of this answer's sessions have each outcome.",
                },
                "proposals": {
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                    "description": "A mapping for the stages that need one, as it is proposed.",
                },
                "results": array(ref("MigrationResult")),
                "cursor": nullable("string", description="To go on with; null: all were looked at."),
                "remaining": {"type": "integer", "minimum": 0, "description": "How many stand behind the cursor."},
            }
        ),
    }
)

EXAMPLE = {
    "workflow_id": "release",
    "to": 3,
    "dry_run": True,
    "counts": {"safe": 1, "needs-mapping": 1},
    "proposals": {"coding": "implementation"},
    "results": [
        {
            "id": "release-1-4-7k3q",
            "outcome": "safe",
            "from_version": 2,
            "version": None,
            "savepoint": None,
            "reasons": [],
            "warnings": [],
        },
        {
            "id": "release-1-5-9m2x",
            "outcome": "needs-mapping",
            "from_version": 2,
            "version": None,
            "savepoint": None,
            "reasons": [
                {
                    "code": "stage-gone",
                    "detail": "The stage coding has begun, and version 3 doesn't have it.",
                    "fix": "Say which stage it is now, or keep it as an ad hoc one; proposed: coding=implementation.",
                    "stage_id": "coding",
                    "proposal": "implementation",
                }
            ],
            "warnings": [],
        },
    ],
    "cursor": None,
    "remaining": 0,
}


class Migrations(ApiViewSet):
    """A workflow's sessions and its versions."""

    @operation(
        "migrateSessions",
        "Migrate open sessions",
        "Brings sessions to another version of their workflow, at most 100 with one request: those named, or the open"
        " ones on other versions that the caller sees; `cursor` goes on where the last answer ended. Each session is"
        " changed by itself, and what is refused for one leaves the others alone. Before each a savepoint is kept:"
        " to restore it is to go back. With `dry_run` nothing is changed, and each outcome is what would become of the"
        " session. `Idempotency-Key` keeps which sessions were chosen and what was done to each. After 15 seconds no"
        " further session is begun.",
        tag=TAG,
        parameters=[WORKFLOW_ID],
        body="MigrationRequest",
        body_example={"to": 3, "mapping": {"coding": "implementation"}, "dry_run": True},
        answer=Answer("Migration", "What became of each, or would.", EXAMPLE),
        is_change=True,
        errors=[404],
    )
    def create(self, request: Request, workflow_id: str) -> Response:
        """Try it or do it."""
        given = dict(request.data)
        for scope in (READ, SESSION_ACTIONS["migrate"].scope):
            require_scope(self.actor, scope)
        _refuse_unclear(given)
        plan = make_plan(workflow_id, given.get("to"), given.get("mapping"))
        tally = Tally(plan, dry_run=given["dry_run"])
        key = None if tally.dry_run else idempotency_key(request)
        chosen = partial(self._chosen, plan, given)
        ids = chosen() if key is None else bulk.choose_once(self.actor, key, self._fingerprint(), chosen)
        for result in self._results(plan, given, ids, key):
            tally.add(result)
        return Response(tally.as_dict(**self._rest(plan, given, ids[: tally.counts.total()], ids)))

    def _chosen(self, plan: Plan, given: Mapping[str, Any]) -> list[str]:
        if "sessions" in given:
            return named_sessions(self.actor, plan, given["sessions"])
        return step(self.actor, plan, given.get("cursor", ""), STEP)

    def _results(self, plan: Plan, given: Mapping[str, Any], ids: list[str], key: str | None) -> Iterable[Result]:
        flow_sessions = rows(self.actor, ids)
        if given["dry_run"]:
            return sort_sessions(self.actor, plan, flow_sessions)
        options = {"reason": given.get("reason", ""), "key": key}
        return in_time(migrate_all(self.actor, plan, flow_sessions, **options, tell=for_strangers))

    def _rest(self, plan: Plan, given: Mapping[str, Any], done: list[str], ids: list[str]) -> dict[str, Any]:
        """Where to go on: behind the last session of this answer; behind those that were named stands nothing."""
        if "sessions" in given:
            return {"remaining": len(ids) - len(done)}
        remaining = behind(self.actor, plan, done[-1]).count() if done else 0
        return {"cursor": done[-1] if remaining else None, "remaining": remaining}


def _refuse_unclear(given: Mapping[str, Any]) -> None:
    if "cursor" not in given:
        return
    if "sessions" in given:
        raise InvalidInput(
            _("Sessions that are named have no cursor."), fix=_("Give one of the two alone."), field="cursor"
        )
    if not is_reference(given["cursor"]):
        raise InvalidInput(
            _("This is no cursor of an answer before."), fix=_("Use the one of the last answer."), field="cursor"
        )
