"""``/me/``, ``/sessions/current/`` and ``/sessions/{id}/switch/``: the caller, and what they are at."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import access
from sessions_app.api import event_examples, examples
from sessions_app.api.conditions import etag
from sessions_app.api.operations import Answer, operation, path_id
from sessions_app.api.views import ApiViewSet
from sessions_app.current import choose_session
from sessions_app.models import ApiToken, FlowSession
from sessions_app.representation import session_json
from sessions_app.switching import Switched, SwitchManager
from sessions_app.tokens import token_json

OWN_TOKEN = ("id", "name", "scopes", "team", "workflow", "agent", "expires_at")


class Me(ApiViewSet):
    """Who asks."""

    @operation(
        "getMe",
        "Who am I",
        "The caller, their teams with the role there, and what the token that was used allows.",
        tag="me",
        answer=Answer("Me", "The caller.", event_examples.ME),
    )
    def retrieve(self, request: Request) -> Response:
        """The caller."""
        rights = access.rights_of(self.actor)
        teams = Group.objects.filter(user=self.actor.user).order_by("name")
        return Response(
            {
                "user": self.actor.username,
                "is_admin": rights.is_admin,
                "may_define": rights.may_define,
                "teams": [{"name": team.name, "role": rights.role_in(team.pk).name.lower()} for team in teams],
                "token": _own_token(request.auth),
            }
        )


class CurrentSession(ApiViewSet):
    """The session that the caller is at."""

    @operation(
        "getCurrentSession",
        "Read the current session",
        "The session that the caller switched to, else the only active one that they own. None: 404"
        " `no-active-session`; several: 409 `ambiguous` with the candidates.",
        tag="sessions",
        answer=Answer("CurrentSession", "The session.", {**examples.SESSION, "chosen_by": "switched"}),
        errors=[404, 409],
    )
    def retrieve(self, request: Request) -> Response:
        """Which it is."""
        # The variable of the server's own environment is nobody's choice.
        chosen = choose_session(self.actor, environ={})
        body = {**self._session(chosen.flow_session), "chosen_by": chosen.rule}
        return Response(body, headers={"ETag": etag(chosen.flow_session.version)})

    @operation(
        "switchSession",
        "Switch to a session",
        "Makes a session that has not ended the caller's current one, for the command line too.",
        tag="sessions",
        parameters=[path_id("session_id", "The session's whole id.", "dev-user-auth-7k3q")],
        answer=Answer("SessionChange", "The session.", {**examples.SESSION_CHANGE, **examples.SESSION}),
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def switch(self, request: Request, session_id: str) -> Response:
        """Make it the current one."""
        return self.change(SwitchManager, lambda manager: manager.switch(session_id), self._switched)

    def _switched(self, switched: Switched) -> dict[str, Any]:
        return {**self._session(switched.flow_session), "changed": switched.changed}

    def _session(self, flow_session: FlowSession) -> dict[str, Any]:
        return {**session_json(flow_session), "allowed_actions": access.allowed_actions(self.actor, flow_session)}


def _own_token(token: object) -> dict[str, Any] | None:
    if not isinstance(token, ApiToken):
        return None
    shown = token_json(token)
    return {name: shown[name] for name in OWN_TOKEN}
