"""``/sessions/``: list, create, read, change, delete, and every verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import lookup
from sessions_app.api import examples
from sessions_app.api.conditions import etag
from sessions_app.api.filters import PARAMETERS, filtered
from sessions_app.api.operations import (
    CURSOR,
    LIMIT,
    Answer,
    fields_parameter,
    operation,
    ordering,
    path_id,
    query,
)
from sessions_app.api.pagination import Pages
from sessions_app.api.seen import session_seen
from sessions_app.api.selection import read_choice, read_flag, selected_fields, slim
from sessions_app.api.session_schemas import PARTS
from sessions_app.api.views import ApiViewSet, page_body
from sessions_app.models import FlowSession, Tombstone
from sessions_app.parts import describe, describe_many
from sessions_app.querysets import FlowSessionQuerySet
from sessions_app.revealing import reveal
from sessions_app.services import FlowSessionManager
from sessions_app.text import TEXT_LENGTH

TAG = "sessions"
SESSION_ID = path_id("session_id", "The session's whole id.", "dev-user-auth-7k3q")
EXPAND = query(
    "expand",
    {"type": "string", "enum": ["none", "stages"], "default": "none"},
    "`stages` adds the stages of each session, and its status entry.",
)
REVEAL = query(
    "reveal",
    {"type": "boolean", "default": False},
    "Show masked secrets: for operators; a token needs the scope `export`.",
)

DELETION_REASON = query(
    "reason", {"type": "string", "maxLength": TEXT_LENGTH}, "Why; kept in the tombstone. A DELETE has no body."
)

PAGES = Pages(
    {"created_at": "created_at", "updated_at": "updated_at", "name": "name", "id": "id"}, default="-created_at"
)


class Sessions(ApiViewSet):
    """Runs of workflows."""

    @operation(
        "listSessions",
        "List sessions",
        "The sessions that the caller may see, newest first, by pages.",
        tag=TAG,
        parameters=[
            *PARAMETERS,
            EXPAND,
            fields_parameter("SessionRow"),
            ordering(PAGES.choices, PAGES.default),
            LIMIT,
            CURSOR,
        ],
        answer=Answer("SessionPage", "A page.", examples.SESSION_PAGE),
    )
    def list(self, request: Request) -> Response:
        """One page."""
        fields = selected_fields(request, "SessionRow")
        seen = FlowSession.objects.visible_to(self.actor)
        rows = filtered(seen, request.query_params).select_related("owner", "team")
        page = PAGES.page(rows, request, self._head, seen=seen)
        is_expanded = read_choice(request, "expand", ("stages", "none"), "none") == "stages"
        expand = is_expanded or bool(fields and fields & set(PARTS))
        parts = describe_many(page.rows, actor=self.actor) if expand else [{}] * len(page.rows)
        body = [slim({**self._session(row), **part}, fields) for row, part in zip(page.rows, parts, strict=True)]
        return Response(page_body(body, request, page.next_query))

    def _head(self, rows: FlowSessionQuerySet, count: int) -> FlowSessionQuerySet:
        return rows.head(self.actor, count)

    def _session(self, flow_session: FlowSession) -> dict[str, Any]:
        return session_seen(self.actor, flow_session)

    @operation(
        "createSession",
        "Create a session",
        "Starts a session of the workflow's newest version; the caller becomes its owner.",
        tag=TAG,
        body="NewSession",
        body_example={"workflow_id": "dev", "name": "User auth", "team": "platform"},
        answer=Answer("SessionChange", "The new session.", examples.SESSION_CHANGE, status=201),
        is_change=True,
        errors=[404],
    )
    def create(self, request: Request) -> Response:
        """Make one."""
        given = dict(request.data)
        workflow_id = given.pop("workflow_id")
        return self.change(
            FlowSessionManager,
            lambda manager: manager.create_session(workflow_id, given.pop("name", None), **given),
            self._session,
            status=201,
        )

    @operation(
        "getSession",
        "Read a session",
        "The session with its stages, their attempts and items. Its `ETag` is its version.",
        tag=TAG,
        parameters=[SESSION_ID, fields_parameter("SessionDetail"), REVEAL],
        answer=Answer("SessionDetail", "The session.", examples.SESSION_DETAIL),
        errors=[404],
    )
    def retrieve(self, request: Request, session_id: str) -> Response:
        """Read one."""
        fields, is_revealed = selected_fields(request, "SessionDetail"), read_flag(request, "reveal")
        flow_session = lookup.get_session(self.actor, session_id)
        if is_revealed:
            reveal(self.actor, flow_session)
        seen = session_seen(self.actor, flow_session, reveal=is_revealed)
        body = slim({**seen, **describe(flow_session, reveal=is_revealed, actor=self.actor)}, fields)
        return Response(body, headers={"ETag": etag(flow_session.version)})

    @operation(
        "updateSession",
        "Change a session",
        "Name, context, metadata, tags; objects are merged key by key and null removes a key. Owner and team are for"
        " the owner to change.",
        tag=TAG,
        parameters=[SESSION_ID],
        body="SessionUpdate",
        body_example={"context": {"branch": "feature/auth-2"}},
        answer=Answer("SessionChange", "The session as it is now.", examples.SESSION_CHANGE),
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def partial_update(self, request: Request, session_id: str) -> Response:
        """Change what it says."""
        given = dict(request.data)
        return self.change(FlowSessionManager, lambda manager: manager.update_session(session_id, given), self._session)

    @operation(
        "deleteSession",
        "Delete a session",
        "Removes the session with its stages and events; a tombstone stays, and its id is never used again.",
        tag=TAG,
        parameters=[SESSION_ID, DELETION_REASON],
        answer=Answer("Tombstone", "What is left of it.", examples.TOMBSTONE),
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def destroy(self, request: Request, session_id: str) -> Response:
        """Remove it."""
        reason = request.query_params.get("reason", "")
        return self.change(
            FlowSessionManager, lambda manager: manager.delete_session(session_id, reason=reason), _tombstone
        )


def _tombstone(tombstone: Tombstone) -> Mapping[str, Any]:
    return tombstone.as_dict()


def _verb(verb: str, summary: str, about: str, body: str) -> Callable[..., Response]:
    """The method of a verb, ``POST /sessions/{id}/<verb>/``: the manager's of that name, given the body's fields."""

    @operation(
        f"{verb}Session",
        summary,
        about,
        tag=TAG,
        parameters=[SESSION_ID],
        body=body,
        body_example={"text": "Waiting for the design"} if body == "Note" else {"reason": "Waiting for the design"},
        answer=Answer("SessionChange", "The session as it is now.", examples.SESSION_CHANGE),
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def method(self: Sessions, request: Request, session_id: str) -> Response:
        def perform(manager: FlowSessionManager) -> FlowSession:
            done: FlowSession = getattr(manager, f"{verb}_session")(session_id, **dict(request.data))
            return done

        return self.change(FlowSessionManager, perform, self._session)

    method.__name__ = verb
    return method


VERBS: Mapping[str, Callable[..., Response]] = {
    "start": _verb(
        "start",
        "Start a session",
        "PENDING to ACTIVE.",
        "Reason",
    ),
    "pause": _verb(
        "pause",
        "Pause a session",
        "ACTIVE to PAUSED; its active stages are paused with it.",
        "Reason",
    ),
    "resume": _verb(
        "resume",
        "Resume a session",
        "PAUSED or FAILED to ACTIVE; what its pause paused, or the failed stages' next attempts, go on.",
        "Reason",
    ),
    "complete": _verb(
        "complete",
        "Complete a session",
        "ACTIVE to COMPLETED, when every required stage is done, or with `force` and a reason.",
        "ForcedReason",
    ),
    "reopen": _verb(
        "reopen",
        "Reopen a session",
        "COMPLETED to ACTIVE; a reason is required.",
        "RequiredReason",
    ),
    "fail": _verb(
        "fail",
        "Fail a session",
        "ACTIVE or PAUSED to FAILED; its open stages fail with it. A reason is required.",
        "RequiredReason",
    ),
    "abort": _verb(
        "abort",
        "Abort a session",
        "Any state that has not ended to ABORTED; its open stages are aborted with it.",
        "Reason",
    ),
    "note": _verb(
        "note",
        "Write a note",
        "A note in the session's event log.",
        "Note",
    ),
}

for _name, _method in VERBS.items():
    setattr(Sessions, _name, _method)
