"""Whose turn a stage is: the assignee must be able to work on its session."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from sessions_app.change import Change
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession
from sessions_app.permissions import OPERATE_PERMISSION, Role
from sessions_app.rights import APP, read_rights


def checked(change: Change, changes: dict[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    """The changes of an attempt with its assignee, if that is among them, as names; one who can't work is refused."""
    if "assignee_id" not in changes:
        return changes
    before, after = changes["assignee_id"]
    users = get_user_model().objects.in_bulk([key for key in (before, after) if key is not None])
    if after is not None:
        _refuse_unable(users[after], change.flow_session)
    names = {key: user.get_username() for key, user in users.items()}
    others = {name: pair for name, pair in changes.items() if name != "assignee_id"}
    return {**others, "assignee": (names.get(before), names.get(after))}


def can_work(user: User, flow_session: FlowSession) -> bool:
    """Whether a stage of the session can be theirs."""
    return user.is_active and read_rights(user).role_on(flow_session) >= Role.OPERATOR


def _refuse_unable(user: User, flow_session: FlowSession) -> None:
    if can_work(user, flow_session):
        return
    raise InvalidInput(
        _("{user} can't work on the session {id}.").format(user=user.get_username(), id=flow_session.pk),
        fix=_how_to_enable(user, flow_session),
        code="assignee-cannot-work",
        session_id=flow_session.pk,
        user=user.get_username(),
    )


def _how_to_enable(user: User, flow_session: FlowSession) -> str:
    if not user.is_active:
        return _("Name somebody whose account is enabled.")
    if flow_session.team is None:
        return _("Put the session into a team whose operators {user} is among.").format(user=user.get_username())
    return _("An administrator adds {user} to the team {team}, with the permission {permission}.").format(
        user=user.get_username(), team=flow_session.team.name, permission=f"{APP}.{OPERATE_PERMISSION}"
    )
