"""``/sessions/{id}/at/``: a session as it was."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import lookup
from sessions_app.api.moments import moment_fix, read_moment
from sessions_app.api.operations import Answer, operation, query
from sessions_app.api.sessions import SESSION_ID
from sessions_app.api.views import ApiViewSet
from sessions_app.exceptions import InvalidInput
from sessions_app.history import after_event, at_time
from sessions_app.language import gettext as _
from stages_app.api import then_schemas
from stages_app.then import then_json


class SessionThen(ApiViewSet):
    """What a session was."""

    @operation(
        "getSessionThen",
        "Read a session as it was",
        "The session with its stages after one of its events, or at a time, computed from its log. Events keep no"
        " secrets, and nothing can be done in the past: `allowed_actions` are empty. Give one of the two parameters.",
        tag="sessions",
        parameters=[
            SESSION_ID,
            query("event", {"type": "integer", "minimum": 1}, "After the event with this `seq`."),
            query("time", {"type": "string", "format": "date-time"}, "At this time."),
        ],
        answer=Answer("SessionThen", "What it was.", then_schemas.EXAMPLE),
        errors=[404],
    )
    def retrieve(self, request: Request, session_id: str) -> Response:
        """Read it."""
        event, time = request.query_params.get("event"), request.query_params.get("time")
        flow_session = lookup.get_session(self.actor, session_id)
        if bool(event) == bool(time):
            raise InvalidInput(
                _("Say as of when: by an event or by a time."),
                fix=_("Give one of the parameters event and time."),
                field="time" if event else "event",
            )
        if event:
            return Response(then_json(flow_session, after_event(flow_session, _number(event))))
        try:
            moment = read_moment(time or "")
        except ValueError:
            raise InvalidInput(_("The time can't be read."), fix=moment_fix(), field="time") from None
        return Response(then_json(flow_session, at_time(flow_session, moment)))


def _number(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    raise InvalidInput(
        _("The parameter event must be the number of an event."),
        fix=_("Give a number, such as that of an event in the session's log."),
        field="event",
    )
