"""Stages in the API's documentation."""

from __future__ import annotations

from sessions_app.api.documents import Schema, array, nullable, obj, ref, register
from sessions_app.api.session_schemas import CHANGED, FORCE, JSON_OBJECT, NAME, NULLABLE_TIME, REASON, TIME
from sessions_app.definitions.schema import MOST_LEASE_SECONDS
from sessions_app.text import NAME_LENGTH
from stages_app.items import ITEM_LENGTH, ITEMS_AT_MOST
from stages_app.leases import HOLDER_LENGTH
from stages_app.machine import STAGE_RULES, WITH_SESSION_ONLY
from stages_app.states import StageStatus

VERBS = [verb for verb in STAGE_RULES if verb not in WITH_SESSION_ONLY]
STAGE_REFERENCE = {
    "type": "string",
    "minLength": 1,
    "maxLength": NAME_LENGTH,
    "description": "The stage's id, or a unique beginning of its id or name.",
}
AD_HOC = {
    "type": "boolean",
    "default": False,
    "description": "The workflow doesn't have this stage: make it for this session alone.",
}
VERSION = {"type": "integer", "minimum": 1, "description": "The number of the session's last event; the `ETag`."}
ASSIGNEE = nullable("string", minLength=1, maxLength=150, description="A username, or null for nobody.")
DELIVERABLES = {**JSON_OBJECT, "description": "Values by the id or the name of the deliverable."}

STAGE: dict[str, Schema] = {
    "id": {"type": "string", "description": "Of this attempt: session, stage and the attempt's number."},
    "session_id": {"type": "string"},
    "stage_id": {"type": "string"},
    "name": {"type": "string"},
    "attempt": {"type": "integer", "minimum": 0},
    "status": {"type": "string", "enum": StageStatus.values},
    "ad_hoc": {"type": "boolean", "description": "The workflow doesn't have this stage."},
    "started_at": NULLABLE_TIME,
    "completed_at": NULLABLE_TIME,
    "overdue": {"type": "boolean", "description": "It is active for longer than its timeout."},
    "assignee": nullable("string", description="A username."),
    "lease": {"anyOf": [ref("Lease"), {"type": "null"}], "description": "Who claimed it; null: nobody."},
    "context": JSON_OBJECT,
    "config": JSON_OBJECT,
    "metadata": JSON_OBJECT,
    "deliverables": JSON_OBJECT,
    "missing_deliverables": array({"type": "string"}, description="The ids of the required ones not handed in yet."),
    "completed_items": array({"type": "string"}, description="The ids of the ticked items."),
    "items": array(ref("StageItem")),
    "allowed_actions": array({"type": "string", "enum": VERBS}, description="The verbs that the caller may use."),
}

LEASE: dict[str, Schema] = {
    "holder": {"type": "string", "description": "A username, or the label that was given."},
    "expires_at": TIME,
    "expired": {"type": "boolean", "description": "Its time ran out, and nobody has done anything since."},
}
OWN_LEASE: dict[str, Schema] = {
    **LEASE,
    "token": {"type": "integer", "minimum": 1, "description": "What `Vcflow-Lease` has to say; for the holder alone."},
}

ITEM: dict[str, Schema] = {
    "id": {"type": "string"},
    "number": {"type": "integer", "minimum": 1},
    "text": {"type": "string"},
    "required": {"type": "boolean"},
    "added": {"type": "boolean", "description": "Added to this session; the workflow doesn't have it."},
    "done": {"type": "boolean"},
    "done_at": NULLABLE_TIME,
    "done_by": nullable("string", description="A username."),
}

RUN: dict[str, Schema] = {
    "stage": STAGE_REFERENCE,
    "name": NAME,
    "force": FORCE,
    "reason": REASON,
    "ad_hoc": AD_HOC,
}

register(
    {
        "Stage": obj(STAGE, about="One attempt at a stage."),
        "StageRow": {**obj(STAGE, required=()), "description": "One attempt; `fields` leaves keys out."},
        "StagePage": obj({"results": array(ref("StageRow")), "next": nullable("string", format="uri")}),
        "StageItem": obj(ITEM),
        "SessionStage": obj(
            {
                **STAGE,
                "id": nullable("string", description="Of the last attempt; null before the first one."),
                "status": nullable("string", enum=[*StageStatus.values, None]),
                "required": {"type": "boolean"},
                "earlier_attempts": array(ref("Stage")),
            },
            about="A stage of a session: its last attempt, or what the workflow says of it before the first one.",
        ),
        "StageChange": obj(
            {**STAGE, "session": ref("Session"), "version": VERSION, **CHANGED}, about="An attempt after a change."
        ),
        "Lease": obj(LEASE, about="Whoever claimed a stage holds it until then."),
        "OwnLease": obj(OWN_LEASE, about="A lease as its holder sees it."),
        "ClaimChange": obj(
            {**STAGE, "lease": ref("OwnLease"), "session": ref("Session"), "version": VERSION, **CHANGED},
            about="An attempt after it was claimed.",
        ),
        "Heartbeat": obj(
            {
                "session_id": {"type": "string"},
                "stage_id": {"type": "string"},
                "stage_instance_id": {"type": "string"},
                "lease": ref("OwnLease"),
            }
        ),
        "Claim": obj(
            {
                "seconds": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MOST_LEASE_SECONDS,
                    "description": "How long it lasts without a heartbeat; by default the workflow's, else 900.",
                },
                "holder": {
                    "type": "string",
                    "maxLength": HOLDER_LENGTH,
                    "description": "A label for people, such as which agent it is; by default the username.",
                },
                "take": {
                    "type": "boolean",
                    "default": False,
                    "description": "Even from somebody whose time isn't over; needs a reason and the scope `decide`.",
                },
                "reason": REASON,
            },
            required=(),
        ),
        "ItemChange": obj(
            {
                **ITEM,
                "stage_id": {"type": "string"},
                "stage_instance_id": {"type": "string"},
                "session": ref("Session"),
                "version": VERSION,
                **CHANGED,
            },
            about="An item after it was added.",
        ),
        "StageUpdate": {
            **obj(
                {
                    "name": NAME,
                    "assignee": ASSIGNEE,
                    "context": JSON_OBJECT,
                    "config": JSON_OBJECT,
                    "metadata": JSON_OBJECT,
                },
                required=(),
            ),
            "minProperties": 1,
        },
        "Assignment": obj({"assignee": ASSIGNEE}),
        "StageCompletion": obj({"deliverables": DELIVERABLES, "force": FORCE, "reason": REASON}, required=()),
        "NewItem": obj(
            {
                "text": {"type": "string", "minLength": 1, "maxLength": ITEM_LENGTH},
                "required": {"type": "boolean", "default": True},
            },
            required=("text",),
        ),
        "ItemReferences": obj(
            {
                "items": array(
                    {
                        "type": ["string", "integer"],
                        "minLength": 1,
                        "maxLength": ITEM_LENGTH,
                        "minimum": 1,
                        "maximum": 9999,
                    },
                    minItems=1,
                    maxItems=ITEMS_AT_MOST,
                    description="Each an item's id, its number or a unique beginning of its text.",
                )
            }
        ),
        "Deliverables": obj({"deliverables": {**DELIVERABLES, "minProperties": 1}}),
        "NewStage": obj(
            {
                "stage_id": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 64,
                    "description": "One of the workflow's, or a new one for this session alone.",
                },
                "name": NAME,
                "config": JSON_OBJECT,
            },
            required=("stage_id",),
        ),
        "Run": obj(RUN, required=("stage",)),
        "RunInNewSession": obj(
            {
                "workflow_id": {"type": "string", "minLength": 1, "maxLength": 64},
                **RUN,
                "name": {**NAME, "description": "Of the new session."},
            },
            required=("workflow_id", "stage"),
        ),
    }
)
