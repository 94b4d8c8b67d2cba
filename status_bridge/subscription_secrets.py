"""What a subscription keeps sealed: its secrets, and what a message from outside may do at most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from sessions_app.access import require_scope
from sessions_app.actors import LOCAL_USERNAME, Actor, Grant
from sessions_app.permissions import DECIDE, READ, WORK
from status_bridge import signing
from status_bridge.models import Reach, Subscription
from status_bridge.sealing import unseal
from status_bridge.sinks.base import Target, get_sink

STEERING = (WORK, DECIDE)
SCOPES = "scopes"
"""Of :data:`STEERING` what the token allowed that the webhook was made with; absent: all."""

KEPT = (*signing.KEPT, SCOPES)
"""Names that nobody gives."""


def target_of(subscription: Subscription) -> Target:
    """The subscription as its sink sees it, its secrets open."""
    return Target(
        id=subscription.pk,
        name=subscription.name,
        url=subscription.url,
        options=subscription.options,
        secrets=unseal(subscription.sealed),
        owner=subscription.owner,
    )


def owner_actor(subscription: Subscription, *, door: str = "webhook", submitted_by: str = "") -> Actor:
    """The owner, who does what messages from outside ask for, within the subscription's own bounds.

    Bound are its team, its workflow and the scopes of the token that it was made with; whose sessions
    it tells of (``outbox.reaches``) is to be asked besides.
    """
    scopes = unseal(subscription.sealed).get(SCOPES, STEERING)
    team_id = subscription.team_id if subscription.reach == Reach.TEAM else None
    grant = Grant(subscription.pk, frozenset([READ, *scopes]), team_id, subscription.workflow_id)
    return Actor(subscription.owner, door, submitted_by, is_trusted=is_local(subscription), grant=grant)


def is_local(subscription: Subscription) -> bool:
    """Whether it belongs to whoever sits at this machine, to whom nothing is refused."""
    return bool(subscription.owner.get_username() == LOCAL_USERNAME)


def first_secrets(actor: Actor, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a new subscription keeps: a secret is made where the kind signs and none was given."""
    secrets = {name: value for name, value in given.items() if value is not None}
    if get_sink(kind).makes_secret:
        secrets.setdefault("secret", signing.new_secret())
    bound = {SCOPES: [scope for scope in STEERING if scope in actor.grant.scopes]} if actor.grant else {}
    return {**secrets, **bound}


def changed_secrets(actor: Actor, kind: str, held: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept once the secrets given took their places; the one that signs goes on for a day.

    Whoever knows a secret can steer sessions with it, so a token needs the scopes for that.
    """
    for scope in held.get(SCOPES, STEERING):
        require_scope(actor, scope)
    secrets = dict(held)
    for name, value in given.items():
        if name == "secret" and value and held.get("secret") and get_sink(kind).makes_secret:
            secrets = signing.replaced(secrets, value, timezone.now()) if value != held["secret"] else secrets
        elif value is None:
            secrets.pop(name, None)
        else:
            secrets[name] = value
    return secrets


def given_part(held: Mapping[str, Any]) -> dict[str, Any]:
    """The secrets that people gave or were told, as a kind checks them."""
    return {name: value for name, value in held.items() if name not in KEPT}
