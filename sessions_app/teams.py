"""Teams (Django's groups) that sessions are put into, and whom a session is handed to."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User

from sessions_app.access import rights_of
from sessions_app.actors import Actor, get_user
from sessions_app.change import Change, Changes
from sessions_app.exceptions import InvalidInput, NotAllowed, NotFound
from sessions_app.language import gettext as _
from sessions_app.permissions import OPERATE_PERMISSION, Role
from sessions_app.rights import APP
from sessions_app.text import is_reference

TRANSFERABLE = ("owner", "team")
"""What of a session is set by its owner or an administrator alone."""


def team_of_new_session(actor: Actor, name: str | None, workflow_id: str) -> Group | None:
    """The team of a session that the actor makes; a token's own when none is named."""
    grant = actor.grant
    if grant and grant.workflow_id not in (None, workflow_id):
        raise _outside(actor, _("The token {token} reaches the sessions of the workflow {bound} alone."), workflow_id)
    if name is not None:
        return find_team(actor, name)
    if grant is None or grant.team_id is None:
        return None
    own = Group.objects.filter(pk=grant.team_id).first()
    if own is None:
        raise _team_not_found(str(grant.team_id))
    return _usable(actor, own)


def find_team(actor: Actor, name: str) -> Group:
    """The team of that name, which the actor may put sessions into; one they aren't in doesn't exist for them."""
    team = Group.objects.filter(name=name).first() if is_reference(name) else None
    if team is None:
        raise _team_not_found(name)
    return _usable(actor, team)


def _usable(actor: Actor, team: Group) -> Group:
    role = rights_of(actor).role_in(team.pk)
    if role == Role.STRANGER:
        raise _team_not_found(team.name)
    if actor.grant and actor.grant.team_id not in (None, team.pk):
        raise _outside(actor, _("The token {token} reaches the sessions of one team alone, not {other}."), team.name)
    if role < Role.OPERATOR:
        raise NotAllowed(
            _("{user} only looks on in the team {team}.").format(user=actor.username, team=team.name),
            fix=_("Ask an administrator to give {user} or the team the permission {permission}.").format(
                user=actor.username, permission=f"{APP}.{OPERATE_PERMISSION}"
            ),
            team=team.name,
        )
    return team


def transfer(change: Change, moves: dict[str, Any]) -> Changes:
    """Give the session to another owner (a username) or team (a name, or None for none); says what changed, as names.

    Who may not transfer it must have been refused before: this tells which users and teams there are.
    """
    flow_session = change.flow_session
    changes: dict[str, tuple[Any, Any]] = {}
    if "owner" in moves:
        owner = _new_owner(moves["owner"])
        if owner.pk != flow_session.owner_id:
            changes["owner"] = (flow_session.owner.get_username(), owner.get_username())
            change.set(owner_id=owner.pk)
    if "team" in moves:
        before = flow_session.team
        after = None if moves["team"] is None else find_team(change.actor, moves["team"])
        _refuse_to_leave(change.actor, after)
        if before != after:
            changes["team"] = (before and before.name, after and after.name)
            change.set(team_id=after and after.pk)
    return changes


def team_name(name: object, _name: str) -> str | None:
    """The name of a team, or None; whether there is one is seen inside the change."""
    if name is None or (isinstance(name, str) and is_reference(name)):
        return name
    raise _team_not_found(str(name))


def _new_owner(username: object) -> User:
    user = get_user(username)
    if not user.is_active:
        raise InvalidInput(
            _("The user {user} is disabled.").format(user=username),
            fix=_("Name somebody whose account is enabled."),
            user=str(username),
        )
    return user


def _refuse_to_leave(actor: Actor, team: Group | None) -> None:
    if team is None and actor.grant and actor.grant.team_id is not None:
        raise _outside(actor, _("The token {token} can't take a session out of its team."))


def _outside(actor: Actor, message: str, other: str = "") -> NotAllowed:
    assert actor.grant is not None
    return NotAllowed(
        message.format(token=actor.grant.name, bound=actor.grant.workflow_id, other=other),
        fix=_("Use a token without this bound."),
        code="outside-token",
        token=actor.grant.name,
    )


def _team_not_found(name: str) -> NotFound:
    return NotFound(
        _("There is no team {team}.").format(team=name or "''"),
        fix=_("Name one that you are in; an administrator makes teams at /admin/auth/group/."),
        kind="team",
        team=name,
    )
