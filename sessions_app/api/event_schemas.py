"""Events, bulk verbs and the caller in the API's documentation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sessions_app import bulk
from sessions_app.api.documents import Schema, array, nullable, obj, ref, register
from sessions_app.api.filters import PARAMETERS
from sessions_app.api.session_schemas import FORCE, JSON_OBJECT, NULLABLE_TIME, REASON, SESSION, TIME
from sessions_app.permissions import SCOPES, Role
from sessions_app.states import Level, SessionStatus

LEVELS = [level.name for level in Level]

EVENT: dict[str, Schema] = {
    "session_id": {"type": "string"},
    "seq": {"type": "integer", "minimum": 1, "description": "Its number in its session, without gaps."},
    "type": {"type": "string", "description": "Such as `session.paused` or `item.done`."},
    "level": {"type": "string", "enum": LEVELS},
    "stage_instance_id": nullable("string", description="The attempt it is about; null: the session."),
    "actor": {"type": "string", "description": "For whom it was done."},
    "door": {"type": "string", "description": "`cli`, `api`, `python`, …"},
    "submitted_by": nullable("string", description="Who or what handed it in for the actor."),
    "reason": {"type": "string"},
    "changes": {**JSON_OBJECT, "description": "Per field `before` and `after`; secrets are masked."},
    "cause": nullable("integer", description="The number of the event that it follows from."),
    "created_at": TIME,
}

ROLE = {"type": "string", "enum": [role.name.lower() for role in Role if role > Role.STRANGER]}

_WHY_NOT: dict[str, Schema] = {
    "code": nullable("string"),
    "detail": nullable("string", description="Why not, in the caller's language."),
    "fix": nullable("string"),
}


def _report(row: str, outcomes: Iterable[str], about: str) -> Schema:
    return obj(
        {
            "dry_run": {"type": "boolean"},
            "verb": {"type": "string", "enum": list(bulk.VERBS)},
            "matched": {"type": "integer", "minimum": 0, "maximum": bulk.MOST},
            "counts": obj({key: {"type": "integer", "minimum": 1} for key in outcomes}, required=()),
            "results": array(ref(row), maxItems=bulk.MOST),
        },
        about=about,
    )


def _filter() -> Schema:
    """The list's filters under their names; ``status`` may be one or several."""
    properties: dict[str, Any] = {parameter.name: parameter.type for parameter in PARAMETERS}
    return obj(properties, required=(), about="The filters of `GET /sessions/`, by the same names.")


register(
    {
        "Event": obj(EVENT, about="One thing that happened to a session or to one of its stages."),
        "EventPage": obj({"results": array(ref("Event")), "next": nullable("string", format="uri")}),
        "FeedEvent": obj({**EVENT, "cursor": {"type": "string", "description": "Opaque; stands behind this event."}}),
        "Feed": obj(
            {
                "results": array(ref("FeedEvent")),
                "cursor": {"type": "string", "description": "Opaque; to go on with, also when nothing came."},
                "more": {"type": "boolean", "description": "True: there is more already, ask again at once."},
            },
        ),
        "BulkFilter": _filter(),
        "BulkRequest": obj(
            {
                "verb": {"type": "string", "enum": list(bulk.VERBS)},
                "ids": {
                    "type": "array",
                    "items": {"type": "string"},
                    "minItems": 1,
                    "maxItems": bulk.MOST,
                    "description": "Whole ids; together with a filter, those of them that it selects.",
                },
                "filter": ref("BulkFilter"),
                "reason": REASON,
                "force": FORCE,
                "dry_run": {"type": "boolean", "description": "True: only say what would happen."},
            },
            required=("verb", "dry_run"),
        ),
        "BulkTrial": obj(
            {
                "id": {"type": "string"},
                "name": nullable("string", description="null: there is no such session for the caller."),
                "status": {"type": ["string", "null"], "enum": [*SessionStatus.values, None]},
                "would": {"type": "string", "enum": [*bulk.VERBS, *bulk.OUTCOMES[1:]]},
                **_WHY_NOT,
            }
        ),
        "BulkResult": obj(
            {
                "id": {"type": "string"},
                "outcome": {"type": "string", "enum": list(bulk.OUTCOMES)},
                "version": nullable("integer", description="The session's afterwards; null if it was not done."),
                **_WHY_NOT,
            }
        ),
        "BulkPreview": _report("BulkTrial", [*bulk.VERBS, *bulk.OUTCOMES[1:]], "What a bulk verb would do."),
        "BulkReport": _report("BulkResult", bulk.OUTCOMES, "What a bulk verb did."),
        "BulkAnswer": {"anyOf": [ref("BulkPreview"), ref("BulkReport")]},
        "CurrentSession": obj(
            {
                **SESSION,
                "chosen_by": {
                    "type": "string",
                    "enum": ["switched", "only-active"],
                    "description": "It was switched to, or it is the caller's only active one.",
                },
            }
        ),
        "Me": obj(
            {
                "user": {"type": "string"},
                "is_admin": {"type": "boolean"},
                "may_define": {
                    "type": "boolean",
                    "description": "Whether the user may publish, retire and delete workflows; a token needs the scope"
                    " `define` besides.",
                },
                "teams": array(obj({"name": {"type": "string"}, "role": ROLE})),
                "token": {"anyOf": [ref("OwnToken"), {"type": "null"}]},
            },
            about="Who asks, and what they are.",
        ),
        "OwnToken": obj(
            {
                "id": {"type": "string", "description": "The public beginning of the token."},
                "name": {"type": "string"},
                "scopes": array({"type": "string", "enum": list(SCOPES)}),
                "team": nullable("string", description="It reaches this team's sessions alone."),
                "workflow": nullable("string", description="It reaches this workflow's sessions alone."),
                "agent": {"type": "boolean"},
                "expires_at": NULLABLE_TIME,
            },
            about="The token that was used.",
        ),
    }
)
