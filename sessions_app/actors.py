"""Who acts: a user, the door they came through, and who handed the request in for them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from sessions_app import storage
from sessions_app.exceptions import NotAllowed, NotFound
from sessions_app.language import gettext as _
from sessions_app.text import is_reference

LOCAL_USERNAME = "local"
"""The user that the local command line and Python programs act as when they name nobody."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: ``door`` is ``cli``, ``api``, ``admin``, ``python``, …"""

    user: User
    door: str
    submitted_by: str = ""

    @property
    def username(self) -> str:
        return self.user.get_username()


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
    return Actor(local_user(), door)


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
    user = get_user(username)
    if not user.is_active:
        raise NotAllowed(
            _("The user {user} is disabled.").format(user=username),
            fix=_("Ask an administrator to enable the account."),
            user=username,
        )
    return Actor(user, submitted_by.door, submitted_by=submitted_by.username)
