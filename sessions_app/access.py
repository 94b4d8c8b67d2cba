"""Who may see a session and do something to it: asked here by every door, and nowhere else.

What is not seen doesn't exist for the one who asks; what is seen but not allowed is
refused with what is missing.  The tables are in :mod:`sessions_app.permissions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessions_app import machine
from sessions_app.actors import Actor, refuse_disabled
from sessions_app.exceptions import NotAllowed, NotFound
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.permissions import DEFINE_PERMISSION, GENERAL_ACTIONS, OPERATE_PERMISSION, SESSION_ACTIONS, Need, Role
from sessions_app.rights import APP, Rights

if TYPE_CHECKING:
    from sessions_app.models import FlowSession

__all__ = [
    "Rights",
    "allowed_actions",
    "is_visible",
    "may",
    "may_as",
    "need_of",
    "require",
    "require_general",
    "require_scope",
    "require_visible",
    "rights_of",
    "role_name",
    "session_not_found",
]

_ROLE_NAMES = {
    Role.STRANGER: noop("a stranger"),
    Role.VIEWER: noop("a viewer"),
    Role.OPERATOR: noop("an operator"),
    Role.OWNER: noop("its owner"),
    Role.ADMIN: noop("an administrator"),
}


def role_name(role: Role) -> str:
    """The role in a sentence."""
    return _(_ROLE_NAMES[role])


def rights_of(actor: Actor) -> Rights:
    """What the actor is to sessions and teams; raises NotAllowed for a disabled user."""
    refuse_disabled(actor)
    return actor.rights


def is_visible(actor: Actor, flow_session: FlowSession) -> bool:
    """Whether the session exists for the actor."""
    return rights_of(actor).role_on(flow_session) > Role.STRANGER


def may(actor: Actor, action: str | Need, flow_session: FlowSession) -> bool:
    """Whether the actor may do ``action`` (of ``SESSION_ACTIONS``, or what it needs) to the session, in any state."""
    return not actor.is_disabled and may_as(actor, actor.rights.role_on(flow_session), action)


def may_as(actor: Actor, role: Role, action: str | Need) -> bool:
    """The same for an actor who has that role on the session."""
    need = need_of(action)
    return not actor.is_disabled and _has_scope(actor, need.scope) and role >= max(need.role, Role.VIEWER)


def allowed_actions(actor: Actor, flow_session: FlowSession) -> list[str]:
    """The verbs that lead on from the session's state and that the actor may do."""
    role = Role.STRANGER if actor.is_disabled else actor.rights.role_on(flow_session)
    verbs = machine.allowed_verbs(machine.SESSION_RULES, flow_session.status)
    return [verb for verb in verbs if may_as(actor, role, verb)]


def require_visible(actor: Actor, flow_session: FlowSession) -> None:
    """Raise the error of an unknown session unless the actor sees this one."""
    if not is_visible(actor, flow_session):
        raise session_not_found(flow_session.pk)


def require(actor: Actor, action: str | Need, flow_session: FlowSession) -> None:
    """Raise unless the actor sees the session and may do ``action`` to it: see :func:`may`."""
    need = need_of(action)
    role = rights_of(actor).role_on(flow_session)
    if role == Role.STRANGER:
        raise session_not_found(flow_session.pk)
    if role < need.role:
        raise _role_missing(actor, flow_session, role, need.role)
    require_scope(actor, need.scope)


def require_general(actor: Actor, action: str) -> None:
    """Raise unless the actor may do ``action`` of ``GENERAL_ACTIONS``."""
    refuse_disabled(actor)
    require_scope(actor, GENERAL_ACTIONS[action].scope)
    if action == "define" and not actor.rights.may_define:
        raise NotAllowed(
            _("{user} may not publish, retire or delete workflows.").format(user=actor.username),
            fix=_("Ask an administrator for the permission {permission}.").format(
                permission=f"{APP}.{DEFINE_PERMISSION}"
            ),
            user=actor.username,
        )


def require_scope(actor: Actor, scope: str) -> None:
    """Raise unless the actor's token, if one is used, has the scope."""
    if actor.grant and scope not in actor.grant.scopes:
        raise NotAllowed(
            _("The token {token} doesn't have the scope {scope}.").format(token=actor.grant.name, scope=scope),
            fix=_("Use a token that has the scope {scope}.").format(scope=scope),
            code="missing-scope",
            token=actor.grant.name,
            scope=scope,
        )


def need_of(action: str | Need) -> Need:
    """What ``action`` of ``SESSION_ACTIONS`` needs; a need stands for itself."""
    return SESSION_ACTIONS[action] if isinstance(action, str) else action


def session_not_found(reference: str) -> NotFound:
    """The error for a session that isn't there, or not for the one who asks."""
    return NotFound(
        _("There is no session {reference}.").format(reference=reference or "''"),
        fix=_("List the sessions and use one of their ids."),
        kind="session",
        reference=reference,
    )


def _has_scope(actor: Actor, scope: str) -> bool:
    return actor.grant is None or scope in actor.grant.scopes


def _role_missing(actor: Actor, flow_session: FlowSession, role: Role, needed: Role) -> NotAllowed:
    return NotAllowed(
        _("The session {id} needs {needed} for this; {user} is {role}.").format(
            needed=role_name(needed), id=flow_session.pk, user=actor.username, role=role_name(role)
        ),
        fix=_mend(actor, needed),
        session_id=flow_session.pk,
        role=role.name.lower(),
        needs_role=needed.name.lower(),
    )


def _mend(actor: Actor, needed: Role) -> str:
    if needed == Role.OPERATOR:
        return _("Ask an administrator to give {user} or the team the permission {permission}.").format(
            user=actor.username, permission=f"{APP}.{OPERATE_PERMISSION}"
        )
    return _("Ask the owner of the session or an administrator.")
