"""What was interrupted, and what continues it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.documents import array, nullable, obj, ref, register
from sessions_app.api.operations import Answer, operation, query
from sessions_app.api.selection import read_flag, read_number
from sessions_app.api.session_schemas import TIME
from sessions_app.api.views import ApiViewSet
from sessions_app.commands import command_line
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.states import SessionStatus
from stages_app.api import examples
from stages_app.api.seen import PROGRAM
from stages_app.next_steps import NextStep
from stages_app.recovery import MOST, REASONS, Interruption, interruption_json, interruptions
from stages_app.states import StageStatus

_TEXT = {"type": "string"}

register(
    {
        "Interruption": obj(
            {
                "why": {"type": "string", "enum": list(REASONS)},
                "about": {"type": "string", "description": "The same in the caller's language."},
                "session_id": _TEXT,
                "session_name": _TEXT,
                "workflow_id": _TEXT,
                "session_status": {"type": "string", "enum": SessionStatus.values},
                "stage_id": nullable("string", description="null: it is about the session itself."),
                "stage_instance_id": nullable("string"),
                "stage_status": nullable("string", enum=[*StageStatus.values, None]),
                "since": TIME,
                "who": nullable("string", description="Who did it, held it, or whose turn it is."),
                "reason": nullable("string", description="What was given as the reason."),
                "command": {"type": "string", "description": "What continues it, or shows it to who may do no more."},
                "method": {"type": "string", "enum": ["GET", "POST"]},
                "path": {"type": "string", "description": "The address of the same, from the first slash on."},
                "body": nullable("object", additionalProperties=True),
            },
            about="Where an open session stands still.",
        ),
        "Recovery": obj(
            {
                "results": array(ref("Interruption"), description="Worst first; of a kind those of longest standing."),
                "more": {"type": "boolean", "description": "There are more than these."},
            }
        ),
    }
)


class Recovery(ApiViewSet):
    """What was interrupted."""

    @operation(
        "listInterruptions",
        "List what was interrupted",
        "Where the open sessions that the caller may see stand still: a lease that ran out, a failure, a pause, a stage"
        " that is overdue or waits for somebody, or nothing being worked on; each with the command and the request that"
        " continue it.",
        tag="sessions",
        parameters=[
            query("workflow", {"type": "string", "minLength": 1, "maxLength": 64}, "Of this workflow."),
            query("mine", {"type": "boolean", "default": False}, "Of the caller's own sessions."),
            query("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": 50}, "How many at most."),
        ],
        answer=Answer("Recovery", "The interruptions.", examples.RECOVERY),
    )
    def list(self, request: Request) -> Response:
        """What was interrupted."""
        found = interruptions(
            self.actor,
            workflow_id=request.query_params.get("workflow"),
            mine=read_flag(request, "mine"),
            limit=_limit(request),
        )
        return Response({"results": [_seen(row, step) for row, step in found.rows], "more": found.more})


def _limit(request: Request) -> int:
    limit = read_number(request, "limit")
    if limit is None:
        return 50
    if not 1 <= limit <= MOST:
        raise InvalidInput(
            _("The limit can't be {limit}.").format(limit=limit),
            fix=_("Give a number from 1 to {most}.").format(most=MOST),
            field="limit",
        )
    return limit


def _seen(row: Interruption, step: NextStep) -> dict[str, Any]:
    return {
        **interruption_json(row),
        "command": command_line(PROGRAM, *step.words),
        "method": "GET" if step.post.body is None else "POST",
        "path": reverse(step.post.address, args=step.post.ids),
        "body": step.post.body,
    }
