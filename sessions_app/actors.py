"""Who acts: a user, the door they came through, and who handed the request in for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from sessions_app import storage
from sessions_app.exceptions import NotAllowed, NotFound
from sessions_app.language import gettext as _
from sessions_app.rights import Rights, read_rights
from sessions_app.text import is_reference

LOCAL_USERNAME = "local"
"""The user that the local command line and Python programs act as when they name nobody."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows at most: some scopes, and perhaps the sessions of one team or workflow alone.

    ``digest`` is the token's hash, by which its row is found.
    """

    name: str
    scopes: frozenset[str]
    team_id: int | None = None
    workflow_id: str | None = None
    expires_at: datetime | None = None
    digest: str | None = field(default=None, compare=False, repr=False)

    def reaches(self, team_id: int | None, workflow_id: str) -> bool:
        """Whether it lets through to the sessions of that team and workflow."""
        return self.team_id in (None, team_id) and self.workflow_id in (None, workflow_id)


@dataclass(frozen=True)
class Actor:
    """Who does something: ``door`` is ``cli``, ``api``, ``admin``, ``python``, …

    ``is_trusted``: whoever holds the data itself, the local command line and Python programs;
    nothing is refused to them.  ``grant`` is set when a token was used.
    """

    user: User
    door: str
    submitted_by: str = ""
    is_trusted: bool = False
    grant: Grant | None = None

    @property
    def username(self) -> str:
        return self.user.get_username()

    @property
    def bounds(self) -> tuple[int | None, str | None]:
        """The ids of the team and of the workflow that the token is bound to; None where it isn't."""
        return (self.grant.team_id, self.grant.workflow_id) if self.grant else (None, None)

    @property
    def is_disabled(self) -> bool:
        """Whether the user's account was disabled; who is trusted needs none."""
        return not self.is_trusted and not self.user.is_active

    @cached_property
    def rights(self) -> Rights:
        """What the user is to sessions and teams, as it was when it was first asked."""
        return read_rights(self.user, self.grant, is_trusted=self.is_trusted)


def local_user() -> User:
    """The local user; made when it is missing, without a password."""
    with storage.translated():
        user, created = get_user_model().objects.get_or_create(username=LOCAL_USERNAME, defaults={"is_active": True})
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
    return user


def local_actor(door: str = "python") -> Actor:
    """Whoever sits at this machine."""
    return Actor(local_user(), door, is_trusted=True)


def get_user(username: object) -> User:
    """The user with that name."""
    user = get_user_model().objects.filter(username=username).first() if is_reference(username) else None
    if user is None:
        raise NotFound(
            _("There is no user {user}.").format(user=username or "''"),
            fix=_("Name one who exists; an administrator adds users at /admin/auth/user/."),
            user=str(username),
        )
    return user


def act_as(username: str, submitted_by: Actor) -> Actor:
    """``username`` acting through the same door, with ``submitted_by`` on record."""
    actor = Actor(get_user(username), submitted_by.door, submitted_by=submitted_by.username)
    refuse_disabled(actor)
    return actor


def refuse_disabled(actor: Actor) -> None:
    """Who was disabled does nothing."""
    if actor.is_disabled:
        raise NotAllowed(
            _("The user {user} is disabled.").format(user=actor.username),
            fix=_("Ask an administrator to enable the account."),
            user=actor.username,
        )
