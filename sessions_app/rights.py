"""What a user is to sessions and teams: read at most once per actor, in two queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Exists, OuterRef

from sessions_app import storage
from sessions_app.permissions import DEFINE_PERMISSION, OPERATE_PERMISSION, Role

if TYPE_CHECKING:
    from sessions_app.actors import Grant
    from sessions_app.models import FlowSession

APP = "sessions_app"


@dataclass(frozen=True, slots=True)
class Rights:
    """``teams`` maps the ids of the user's teams to the role there; ``grant`` bounds it all."""

    user_id: int
    is_admin: bool
    may_define: bool
    teams: Mapping[int, Role] = field(default_factory=dict)
    grant: Grant | None = None

    def role_in(self, team_id: int | None) -> Role:
        """What the user is in a team."""
        if self.is_admin:
            return Role.ADMIN
        return Role.STRANGER if team_id is None else self.teams.get(team_id, Role.STRANGER)

    def role_on(self, flow_session: FlowSession) -> Role:
        """What the user is to a session; STRANGER where the token doesn't reach."""
        if self.grant and not self.grant.reaches(flow_session.team_id, flow_session.workflow_id):
            return Role.STRANGER
        if not self.is_admin and flow_session.owner_id == self.user_id:
            return Role.OWNER
        return self.role_in(flow_session.team_id)


def read_rights(user: User, grant: Grant | None = None, *, is_trusted: bool = False) -> Rights:
    """The user's rights; no query for those who may do everything."""
    if is_trusted or user.is_superuser:
        return Rights(user.pk, is_admin=True, may_define=True, grant=grant)
    with storage.translated():
        own = set(_own_permissions(user))
        teams = list(_teams(user))
    return Rights(
        user.pk,
        is_admin=False,
        may_define=DEFINE_PERMISSION in own or any(defines for _team, _operates, defines in teams),
        teams={
            team_id: Role.OPERATOR if operates or OPERATE_PERMISSION in own else Role.VIEWER
            for team_id, operates, _defines in teams
        },
        grant=grant,
    )


def _own_permissions(user: User) -> list[str]:
    permissions = Permission.objects.filter(user=user, content_type__app_label=APP)
    return list(permissions.order_by().values_list("codename", flat=True))


def _teams(user: User) -> list[tuple[int, bool, bool]]:
    """Each team's id, and whether it has the permissions to operate and to define."""
    groups = Group.objects.filter(user=user).order_by()
    return list(
        groups.annotate(operates=_has(OPERATE_PERMISSION), defines=_has(DEFINE_PERMISSION)).values_list(
            "pk", "operates", "defines"
        )
    )


def _has(codename: str) -> Exists:
    return Exists(Permission.objects.filter(group=OuterRef("pk"), content_type__app_label=APP, codename=codename))
