"""``/status/conflicts/``: where a session and its task in a tracker disagree: list, read, settle."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.operations import CURSOR, LIMIT, Answer, operation, path_id, query
from sessions_app.api.pagination import Pages
from sessions_app.api.selection import read_flag
from sessions_app.api.views import ApiViewSet, page_body
from status_bridge import conflicts
from status_bridge.api import conflict_schemas

TAG = "status"
CONFLICT_ID = path_id("conflict_id", "The conflict's number.", "7")

PAGES = Pages({"id": "id"}, default="-id")


class Conflicts(ApiViewSet):
    """Conflicts with trackers."""

    @operation(
        "listConflicts",
        "List conflicts",
        "Fields on which a session and its task in a tracker disagree, of the sessions that the caller may see, the"
        " newest first; only those that nobody has settled, unless `all` is asked for.",
        tag=TAG,
        parameters=[
            query("session", {"type": "string", "minLength": 1, "maxLength": 120}, "Of this session."),
            query("all", {"type": "boolean", "default": False}, "Those that are settled too."),
            LIMIT,
            CURSOR,
        ],
        answer=Answer("ConflictPage", "A page.", {"results": [conflict_schemas.EXAMPLE], "next": None}),
    )
    def list(self, request: Request) -> Response:
        """One page."""
        session_id = request.query_params.get("session")
        found = conflicts.list_conflicts(self.actor, session_id=session_id, all_of_them=read_flag(request, "all"))
        page = PAGES.page(found, request)
        return Response(page_body([conflicts.conflict_json(row) for row in page.rows], request, page.next_query))

    @operation(
        "getConflict",
        "Read a conflict",
        "What both sides say, and what they said last in common.",
        tag=TAG,
        parameters=[CONFLICT_ID],
        answer=Answer("Conflict", "The conflict.", conflict_schemas.EXAMPLE),
        errors=[404],
    )
    def retrieve(self, request: Request, conflict_id: str) -> Response:
        """Read one."""
        return Response(conflicts.conflict_json(conflicts.find_conflict(self.actor, conflict_id)))

    @operation(
        "settleConflict",
        "Settle a conflict",
        "Says whose value holds. `theirs` is done to the session at once, by its verb and through its guards: what"
        " these refuse changes nothing. `ours` is written to the task by a worker. Needs what updating the session"
        " needs, and for `theirs` what the verb needs. To settle again alike changes nothing, so there is no"
        " `Idempotency-Key` here.",
        tag=TAG,
        parameters=[CONFLICT_ID],
        body="Settlement",
        body_example={"keep": "ours", "reason": "The name stands in the contract"},
        answer=Answer("SettledConflict", "The conflict.", {**conflict_schemas.SETTLED, "changed": True}),
        is_change=True,
        is_keyed=False,
        errors=[404],
    )
    def settle(self, request: Request, conflict_id: str) -> Response:
        """Settle one."""
        given = dict(request.data)
        row, changed = conflicts.settle(self.actor, conflict_id, given["keep"], reason=given.get("reason", ""))
        return Response({**conflicts.conflict_json(row), "changed": changed})
