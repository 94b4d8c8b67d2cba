"""Where a session is: progress, what comes next, the page for coming back, a picture; and whose turn it is."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse, HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import lookup
from sessions_app.api import drawings
from sessions_app.api.conditions import etag, lease_token
from sessions_app.api.operations import Answer, operation, query
from sessions_app.api.seen import session_seen
from sessions_app.api.selection import read_choice, read_flag
from sessions_app.api.sessions import REVEAL, SESSION_ID
from sessions_app.api.views import ApiViewSet
from sessions_app.commands import command_line
from sessions_app.parts import describe
from sessions_app.revealing import reveal
from sessions_app.services import get_session_progress
from stages_app.api import examples
from stages_app.api.seen import PROGRAM, inbox_row_seen, step_seen
from stages_app.api.views import held_lease
from stages_app.brief import brief_data, brief_lines
from stages_app.inbox import inbox
from stages_app.next_steps import allowed_steps, place_json

_TAG = "sessions"
_MARKDOWN = "text/markdown"
_FORMS = ("json", "text")
_LEASE = held_lease("The `token` of the lease that the caller holds: the steps are those of its holder.")
_AS = query("as", {"type": "string", "enum": list(_FORMS), "default": "json"}, "As data, or as a page of Markdown.")


class Place(ApiViewSet):
    """Where a session is."""

    @operation(
        "getSessionProgress",
        "Read how far a session is",
        "Percent, the stages that are done, skipped and left, and each stage with its last attempt.",
        tag=_TAG,
        parameters=[SESSION_ID],
        answer=Answer("SessionProgress", "How far it is.", examples.PROGRESS),
        errors=[404],
    )
    def progress(self, request: Request, session_id: str) -> Response:
        """How far it is."""
        flow_session = lookup.get_session(self.actor, session_id)
        body = get_session_progress(session_id, self.actor)
        return Response(body, headers={"ETag": etag(flow_session.version)})

    @operation(
        "listNextSteps",
        "Read what comes next",
        "What the caller may do next, best first: why, as a command, and as a request. Values in angle brackets are for"
        " the caller to fill in. What somebody else holds is not offered: who it is and until when stands there"
        " instead.",
        tag=_TAG,
        parameters=[SESSION_ID, _LEASE],
        answer=Answer("NextSteps", "Where the session is, and what comes next.", examples.NEXT),
        errors=[404],
    )
    def next_steps(self, request: Request, session_id: str) -> Response:
        """What comes next."""
        flow_session = lookup.get_session(self.actor, session_id)
        steps = [step_seen(step) for step in allowed_steps(self.actor, flow_session, lease=lease_token(request))]
        return Response(place_json(flow_session, steps), headers={"ETag": etag(flow_session.version)})

    @operation(
        "getSessionContext",
        "Read the whole place",
        "For coming back to a session: its stages, workflow, notes, last events and next steps, as data or as one page"
        " of Markdown to read or to paste.",
        tag=_TAG,
        parameters=[SESSION_ID, _AS, REVEAL, _LEASE],
        answer=Answer("SessionBrief", "The whole place.", examples.BRIEF),
        other_answers=[
            Answer({"type": "string"}, "The whole place.", "# dev-user-auth-7k3q: ...", media_type=_MARKDOWN)
        ],
        errors=[404],
    )
    def context(self, request: Request, session_id: str) -> HttpResponseBase:
        """The page for coming back."""
        form, is_revealed = read_choice(request, "as", _FORMS, "json"), read_flag(request, "reveal")
        flow_session = lookup.get_session(self.actor, session_id)
        if is_revealed:
            reveal(self.actor, flow_session)
        seen = session_seen(self.actor, flow_session, reveal=is_revealed)
        data = {**seen, **describe(flow_session, reveal=is_revealed, actor=self.actor)}
        offered = allowed_steps(self.actor, flow_session, data["stages"], lease=lease_token(request))
        steps = [step_seen(step) for step in offered]
        headers = {"ETag": etag(flow_session.version)}
        if form == "json":
            return Response(brief_data(flow_session, data, steps), headers=headers)
        lines = brief_lines(flow_session, data, steps, partial(command_line, PROGRAM))
        return HttpResponse("\n".join([*lines, ""]), content_type=f"{_MARKDOWN}; charset=utf-8", headers=headers)

    @operation(
        "drawSession",
        "Draw a session",
        "The session's workflow as a picture that shows where each stage stands.",
        tag=_TAG,
        parameters=[SESSION_ID, drawings.AS],
        answer=drawings.ANSWER,
        other_answers=drawings.OTHER_ANSWERS,
        errors=[404],
    )
    def diagram(self, request: Request, session_id: str) -> HttpResponse:
        """The picture."""
        flow_session = lookup.get_session(self.actor, session_id)
        return drawings.picture(request, flow_session.published.definition, flow_session.stage_states)

    @operation(
        "listInbox",
        "List whose turn is the caller's",
        "The stages that are assigned to the caller and could be worked on now, in active sessions, oldest first, each"
        " with the command and the request that open it.",
        tag="stages",
        answer=Answer("Inbox", "The stages.", examples.INBOX),
    )
    def inbox(self, request: Request) -> Response:
        """Whose turn it is."""
        return Response({"results": [inbox_row_seen(row) for row in inbox(self.actor)]})
