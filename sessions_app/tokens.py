"""Tokens for programs: making, listing and revoking them.

A token acts as its user; its scopes and bounds only take away from what the user may do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from sessions_app import access, storage
from sessions_app.actors import Actor, get_user, refuse_disabled
from sessions_app.exceptions import Ambiguous, Conflict, InvalidInput, NotAllowed, NotFound
from sessions_app.language import gettext as _
from sessions_app.models import ApiToken, WorkflowDefinition
from sessions_app.permissions import AGENT_SCOPES, READ, SCOPES, WORK
from sessions_app.publishing import workflow_not_found
from sessions_app.text import clean_name, is_reference

NAME_LENGTH = 100
DEFAULT_SCOPES = (READ, WORK)
DEFAULT_LIFETIME = timedelta(days=90)
LONGEST_LIFETIME = timedelta(days=365)
AGENT_LIFETIME = timedelta(hours=24)

_LIFETIME = re.compile(r"([0-9]{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def create_token(
    actor: Actor,
    name: str,
    *,
    user: str | None = None,
    scopes: Iterable[str] | None = None,
    team: str | None = None,
    workflow: str | None = None,
    agent: bool = False,
    lifetime: timedelta | None = None,
) -> tuple[ApiToken, str]:
    """Make a token; its text is given here and never again.

    ``user`` is a username (the actor's own when left out), ``team`` a group's name, ``workflow``
    a workflow's id.  Raises InvalidInput, NotAllowed, NotFound, and Conflict for a name in use.
    """
    access.require_general(actor, "tokens")
    name = clean_name(name, _("name"), limit=NAME_LENGTH)
    owner = _owner(actor, user)
    values = {
        "name": name,
        "scopes": _scopes(actor, scopes, agent=agent),
        "team_id": _team_id(actor, owner, team),
        "workflow_id": _workflow_id(actor, workflow),
        "is_agent": agent,
        "created_by": actor.user,
    }
    expiry = _lifetime(actor, lifetime, agent=agent)
    with storage.translated(), transaction.atomic(durable=True):
        made_with = _lock_own_token(actor)
        # Whoever makes a token for the same user at the same moment waits here.
        get_user_model().objects.select_for_update().get(pk=owner.pk)
        _refuse_name_in_use(owner, name)
        row, text = ApiToken.objects.create(user=owner, expiry=expiry, made_with=made_with, **values)
    return row, text


def list_tokens(actor: Actor, *, all_users: bool = False) -> QuerySet[ApiToken]:
    """The actor's own tokens, newest first, those that ended too; an administrator may see everybody's."""
    access.require_general(actor, "tokens")
    found: QuerySet[ApiToken] = ApiToken.objects.select_related("user", "team")
    if not all_users:
        return found.filter(user=actor.user)
    if not actor.rights.is_admin:
        raise NotAllowed(
            _("Only an administrator sees everybody's tokens."), fix=_("List your own, or ask an administrator.")
        )
    return found


def revoke_token(actor: Actor, token_id: str, *, abbreviated: bool = False) -> tuple[ApiToken, bool]:
    """End a token at once, and all that were made with it; False: it was revoked before.

    ``abbreviated`` allows a unique beginning of the id.
    """
    row = find_token(actor, token_id, abbreviated=abbreviated)
    with storage.translated(), transaction.atomic(durable=True):
        changed = _revoke([row.pk])
        row.refresh_from_db(fields=["revoked_at"])
    return row, bool(changed)


def find_token(actor: Actor, token_id: str, *, abbreviated: bool = False) -> ApiToken:
    """The token of that id among those that the actor may see."""
    seen = list_tokens(actor, all_users=actor.rights.is_admin)
    if not is_reference(token_id) or not token_id:
        raise _token_not_found(token_id)
    condition = Q(token_key__startswith=token_id) if abbreviated else Q(token_key=token_id)
    with storage.translated():
        found = list(seen.filter(condition)[:2])
    if not found:
        raise _token_not_found(token_id)
    if len(found) > 1:
        raise Ambiguous(
            _("{reference} fits several tokens.").format(reference=token_id),
            fix=_("Name one by its whole id."),
            kind="token",
            reference=token_id,
            candidates=[{"id": row.token_key, "name": row.name} for row in found],
        )
    return found[0]


def token_json(row: ApiToken) -> dict[str, Any]:
    """A token as JSON data; neither its text nor its hash is in it."""
    return {
        "id": row.token_key,
        "name": row.name,
        "user": row.user.get_username(),
        "scopes": row.scopes,
        "team": row.team.name if row.team else None,
        "workflow": row.workflow_id,
        "agent": row.is_agent,
        "created_at": row.created,
        "expires_at": row.expiry,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
        "state": row.state,
    }


def _revoke(digests: list[str]) -> int:
    """Revoke those, then what was made with them, and so on; says how many of ``digests`` were valid until now."""
    changed: list[int] = []
    while digests:
        changed.append(ApiToken.objects.filter(pk__in=digests, revoked_at=None).update(revoked_at=timezone.now()))
        digests = list(ApiToken.objects.filter(made_with__in=digests).order_by().values_list("pk", flat=True))
    return changed[0]


def _lock_own_token(actor: Actor) -> ApiToken | None:
    """The token that the actor uses, which nobody revokes meanwhile; one that was revoked makes no other."""
    if actor.grant is None or actor.grant.digest is None:
        return None
    own: ApiToken | None = ApiToken.objects.select_for_update().filter(pk=actor.grant.digest, revoked_at=None).first()
    if own is None:
        raise NotAllowed(_("The token {id} was revoked.").format(id=actor.grant.name), fix=_("Make a new one."))
    return own


def parse_lifetime(text: str) -> timedelta:
    """What ``30d``, ``12h``, ``90m`` or ``2w`` means."""
    found = _LIFETIME.fullmatch(text.strip())
    if not found:
        raise InvalidInput(
            _("{text} is no length of time.").format(text=text or "''"),
            fix=_("Give a number and a unit: 30m, 12h, 30d or 4w."),
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _owner(actor: Actor, username: str | None) -> User:
    if username is None or username == actor.username:
        owner = actor.user
    elif actor.rights.is_admin:
        owner = get_user(username)
    else:
        raise NotAllowed(
            _("Only an administrator makes tokens for others."),
            fix=_("Make one for yourself, or ask an administrator."),
        )
    refuse_disabled(Actor(owner, actor.door))
    return owner


def _scopes(actor: Actor, scopes: Iterable[str] | None, *, agent: bool) -> list[str]:
    """The scopes in their usual order; what was not asked for is as little as serves."""
    held = actor.grant.scopes if actor.grant else frozenset(SCOPES)
    wanted = held & set(DEFAULT_SCOPES) if scopes is None else _known_scopes(scopes)
    if not wanted:
        raise InvalidInput(
            _("A token without a scope would be of no use."),
            fix=_("Give at least one of: {names}.").format(names=", ".join(SCOPES)),
        )
    if agent and wanted - set(AGENT_SCOPES):
        raise InvalidInput(
            _("A token for an agent can't have the scope {scope}.").format(scope=min(wanted - set(AGENT_SCOPES))),
            fix=_("Give at most: {names}.").format(names=", ".join(AGENT_SCOPES)),
        )
    if wanted - held:
        raise _wider(_("the scope {scope}").format(scope=min(wanted - held)))
    return [scope for scope in SCOPES if scope in wanted]


def _known_scopes(scopes: Iterable[str]) -> frozenset[str]:
    if isinstance(scopes, str) or not hasattr(scopes, "__iter__"):
        raise InvalidInput(_("The scopes must be a list."), fix=_("Give them as a list of texts."))
    wanted = list(scopes)
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        raise InvalidInput(
            _("There is no scope {scope}.").format(scope=unknown[0] or "''"),
            fix=_("Use one of: {names}.").format(names=", ".join(SCOPES)),
        )
    return frozenset(wanted)


def _team_id(actor: Actor, owner: User, name: str | None) -> int | None:
    bound = actor.grant.team_id if actor.grant else None
    if name is None:
        return bound
    group = Group.objects.filter(name=name).first() if is_reference(name) else None
    if group is None or not (owner.is_superuser or owner.groups.filter(pk=group.pk).exists()):
        raise NotFound(
            _("There is no team {team} that {user} is in.").format(team=name or "''", user=owner.get_username()),
            fix=_("Name one of the user's teams; an administrator puts people into them at /admin/auth/user/."),
            kind="team",
            reference=name,
        )
    if bound not in (None, group.pk):
        raise _wider(_("the team {team}").format(team=name))
    return group.pk


def _workflow_id(actor: Actor, workflow_id: str | None) -> str | None:
    bound = actor.grant.workflow_id if actor.grant else None
    if workflow_id is None:
        return bound
    if not is_reference(workflow_id) or not WorkflowDefinition.objects.filter(pk=workflow_id).exists():
        raise workflow_not_found(workflow_id)
    if bound not in (None, workflow_id):
        raise _wider(_("the workflow {workflow}").format(workflow=workflow_id))
    return workflow_id


def _lifetime(actor: Actor, lifetime: timedelta | None, *, agent: bool) -> timedelta:
    """How long from now; a token that was made with a token doesn't outlive it."""
    most = AGENT_LIFETIME if agent else LONGEST_LIFETIME
    if lifetime is not None and not timedelta() < lifetime <= most:
        raise InvalidInput(
            _("A token can't be valid for {given}.").format(given=lifetime),
            fix=_("Give more than nothing and at most {hours} hours.").format(hours=most // timedelta(hours=1)),
        )
    left = _left(actor.grant.expires_at if actor.grant else None)
    if lifetime is None:
        return min(AGENT_LIFETIME if agent else DEFAULT_LIFETIME, left)
    if lifetime > left:
        raise _wider(_("a longer life"))
    return lifetime


def _left(expires_at: datetime | None) -> timedelta:
    return timedelta.max if expires_at is None else expires_at - timezone.now()


def _refuse_name_in_use(owner: User, name: str) -> None:
    is_live = Q(revoked_at=None) & (Q(expiry=None) | Q(expiry__gt=timezone.now()))
    if ApiToken.objects.filter(is_live, user=owner, name=name).exists():
        raise Conflict(
            _("{user} has a token named {name} already.").format(user=owner.get_username(), name=name),
            fix=_("Choose another name, or revoke that one first."),
            code="token-name-taken",
            name=name,
        )


def _wider(what: str) -> NotAllowed:
    return NotAllowed(
        _("The token that was used can't give {what} to another.").format(what=what),
        fix=_("Sign in to make that token, or ask for less."),
        code="wider-token",
    )


def _token_not_found(token_id: object) -> NotFound:
    return NotFound(
        _("There is no token {reference}.").format(reference=token_id or "''"),
        fix=_("List the tokens and use one of their ids."),
        kind="token",
        reference=str(token_id),
    )
