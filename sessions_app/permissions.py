"""Who may do what, as data: the role that an action needs, and the scope that a token needs for it.

Imports no Django.  ``docs/access.md`` is made from these tables; ``tests/access/matrix.csv``
says the same for every endpoint, independently, and a test walks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from sessions_app.scopes import (
    ADMINISTER,
    AGENT_SCOPES,
    DECIDE,
    DEFINE,
    EXPORT,
    READ,
    SCOPES,
    WEBHOOK,
    WORK,
)

__all__ = [
    "ADMINISTER",
    "AGENT_SCOPES",
    "DECIDE",
    "DEFINE",
    "DEFINE_PERMISSION",
    "EXPORT",
    "GENERAL_ACTIONS",
    "OPERATE_PERMISSION",
    "READ",
    "SCOPES",
    "SESSION_ACTIONS",
    "STAGE_ACTIONS",
    "WEBHOOK",
    "WORK",
    "Need",
    "Role",
]


class Role(IntEnum):
    """What somebody is to a session; each may do what the ones before may."""

    STRANGER = 0
    VIEWER = 1
    OPERATOR = 2
    OWNER = 3
    ADMIN = 4


class Need(NamedTuple):
    """The least role, and the scope."""

    role: Role
    scope: str


SESSION_ACTIONS: Mapping[str, Need] = {
    "read": Need(Role.VIEWER, READ),
    "export": Need(Role.VIEWER, EXPORT),
    "reveal": Need(Role.OPERATOR, EXPORT),
    "start": Need(Role.OPERATOR, WORK),
    "pause": Need(Role.OPERATOR, WORK),
    "resume": Need(Role.OPERATOR, WORK),
    "fail": Need(Role.OPERATOR, WORK),
    "note": Need(Role.OPERATOR, WORK),
    "update": Need(Role.OPERATOR, WORK),
    "switch": Need(Role.VIEWER, WORK),
    "savepoint": Need(Role.OPERATOR, WORK),
    "fork": Need(Role.OPERATOR, WORK),
    "complete": Need(Role.OPERATOR, DECIDE),
    "reopen": Need(Role.OPERATOR, DECIDE),
    "abort": Need(Role.OPERATOR, DECIDE),
    "force": Need(Role.OPERATOR, DECIDE),
    "restore": Need(Role.OPERATOR, DECIDE),
    "migrate": Need(Role.OPERATOR, DECIDE),
    "transfer": Need(Role.OWNER, DECIDE),
    "delete": Need(Role.OWNER, DECIDE),
}
"""What is done to a session.  ``reveal`` shows masked secrets, ``transfer`` sets owner and team,
``force`` is needed besides the verb that is forced."""

STAGE_ACTIONS: Mapping[str, Need] = {
    "read": Need(Role.VIEWER, READ),
    "create": Need(Role.OPERATOR, WORK),
    "start": Need(Role.OPERATOR, WORK),
    "pause": Need(Role.OPERATOR, WORK),
    "resume": Need(Role.OPERATOR, WORK),
    "complete": Need(Role.OPERATOR, WORK),
    "fail": Need(Role.OPERATOR, WORK),
    "retry": Need(Role.OPERATOR, WORK),
    "skip": Need(Role.OPERATOR, DECIDE),
    "update": Need(Role.OPERATOR, WORK),
    "items": Need(Role.OPERATOR, WORK),
    "deliverables": Need(Role.OPERATOR, WORK),
    "claim": Need(Role.OPERATOR, WORK),
    "heartbeat": Need(Role.OPERATOR, WORK),
    "release": Need(Role.OPERATOR, WORK),
    "take": Need(Role.OPERATOR, DECIDE),
}
"""What is done to a session's stage.  ``take`` is needed besides ``claim`` for one that somebody else holds."""

GENERAL_ACTIONS: Mapping[str, Need] = {
    "create-session": Need(Role.STRANGER, WORK),
    "read-workflows": Need(Role.STRANGER, READ),
    "export-workflows": Need(Role.STRANGER, EXPORT),
    "define": Need(Role.STRANGER, DEFINE),
    "tokens": Need(Role.STRANGER, ADMINISTER),
    "webhooks": Need(Role.STRANGER, WEBHOOK),
}
"""What concerns no session.  ``define`` (to publish, retire and delete workflows) needs the permission
``sessions_app.define_workflows`` besides; making a session in a team, or a webhook for a team, needs the role
OPERATOR in it, a webhook for all sessions ADMIN."""

OPERATE_PERMISSION = "operate_sessions"
"""Given to a group, its members are operators of that team's sessions; given to a user, in all their teams."""

DEFINE_PERMISSION = "define_workflows"
"""Given to a user or a group, they may publish, retire and delete workflows."""
