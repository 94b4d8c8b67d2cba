"""Subscriptions: who outside is told what.  Making, changing, finding and ending them."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from sessions_app import storage
from sessions_app.access import require_general
from sessions_app.actors import Actor
from sessions_app.exceptions import Ambiguous, Conflict, InvalidInput, NotAllowed, NotFound
from sessions_app.language import gettext as _
from sessions_app.masking import mask_text, shown, unmask
from sessions_app.permissions import Role
from sessions_app.text import clean_name, is_reference
from status_bridge import signing
from status_bridge.models import Delivery, Reach, Subscription
from status_bridge.sealing import seal, unseal
from status_bridge.sinks.base import get_sink
from status_bridge.subscription_events import clean_events
from status_bridge.subscription_input import clean_options, clean_reach, clean_secrets, clean_url, clean_workflow
from status_bridge.subscription_secrets import changed_secrets, first_secrets, given_part, is_local
from status_bridge.subscription_standing import with_standing

MOST_PER_OWNER = 50
UPDATABLE = ("name", "url", "events", "options", "secrets", "reach", "team", "workflow", "is_active")
DELETED_AT_ONCE = 1000


def why_not_allowed(subscription: Subscription) -> str:
    """Why its owner may not tell others of what it reaches, any more; empty: they may."""
    owner = Actor(subscription.owner, "webhook", is_trusted=is_local(subscription))
    if owner.is_disabled:
        return _("The user {user} is disabled.").format(user=owner.username)
    if subscription.reach == Reach.ALL and not owner.rights.is_admin:
        return _("{user} is no administrator, and it tells of all sessions.").format(user=owner.username)
    if subscription.reach == Reach.TEAM and owner.rights.role_in(subscription.team_id) < Role.OPERATOR:
        return _("{user} is no operator of its team.").format(user=owner.username)
    return ""


def refuse_not_allowed(subscription: Subscription) -> None:
    """Raise unless its owner may tell others of what it reaches."""
    reason = why_not_allowed(subscription)
    if reason:
        raise NotAllowed(reason, fix=_("Choose sessions that its owner may tell of."))


def create(
    actor: Actor,
    *,
    name: str,
    url: str,
    kind: str = "webhook",
    events: Iterable[str] = (),
    options: Mapping[str, Any] | None = None,
    secrets: Mapping[str, Any] | None = None,
    reach: str | None = None,
    team: str | None = None,
    workflow: str | None = None,
    is_active: bool = True,
) -> tuple[Subscription, str | None]:
    """Make a subscription; the secret that was made for it is given here and never again (None: it has none).

    ``team`` is a group's name, ``workflow`` a workflow's id or its beginning.  Raises InvalidInput,
    NotAllowed, NotFound, and Conflict when the actor has too many.
    """
    require_general(actor, "webhooks")
    sink = get_sink(kind)
    row = Subscription(
        id=_new_id(),
        name=clean_name(name, _("name")),
        kind=sink.kind,
        url=clean_url(url),
        events=clean_events(events),
        options=clean_options(options or {}, {}),
        owner=actor.user,
        workflow_id=clean_workflow(actor, workflow),
        is_active=bool(is_active),
        **clean_reach(actor, reach, team),
    )
    held = first_secrets(actor, kind, clean_secrets(secrets or {}))
    sink.check(row.url, row.options, given_part(held))
    row.sealed = seal(held)
    row.created_at = row.updated_at = timezone.now()
    with storage.translated(), transaction.atomic(durable=True):
        # Whoever makes one for the same user at the same moment waits here.
        get_user_model().objects.select_for_update().get(pk=actor.user.pk)
        _refuse_too_many(actor)
        Subscription.objects.bulk_create([row])
    return find(actor, row.pk), held["secret"] if sink.makes_secret else None


def update(actor: Actor, reference: str, *, abbreviated: bool = False, **given: Any) -> tuple[Subscription, bool]:
    """Change what is given of :data:`UPDATABLE`; options and secrets name by name, null removes.  False: it was so.

    ``reach`` and ``team`` are set together.  A secret that signs goes on beside the new one for a day.
    """
    unknown = sorted(str(name) for name in given if name not in UPDATABLE)
    if unknown:
        raise InvalidInput(
            _("These can't be updated: {names}.").format(names=shown(", ".join(unknown))),
            fix=_("Updatable: {names}.").format(names=", ".join(UPDATABLE)),
            names=unknown,
        )
    found = find(actor, reference, abbreviated=abbreviated)
    with storage.translated(), transaction.atomic(durable=True):
        row = _locked(actor, found.pk)
        changed = [name for name, value in _values(actor, row, given).items() if _set(row, name, value)]
        if changed:
            _check(row, changed)
            row.updated_at = timezone.now()
            row.save(update_fields=[*changed, "updated_at"])
    return find(actor, found.pk), bool(changed)


def rotate_secret(actor: Actor, reference: str, *, abbreviated: bool = False) -> tuple[Subscription, str]:
    """Make a new secret, which is given here and never again; the one before holds for 24 hours more."""
    found = find(actor, reference, abbreviated=abbreviated)
    if not get_sink(found.kind).makes_secret:
        raise InvalidInput(
            _("vcflow makes no secret for the kind {kind}.").format(kind=found.kind),
            fix=_("Give it the new one that you have, as <name>=<value>."),
            field="kind",
        )
    secret = signing.new_secret()
    row, _changed = update(actor, found.pk, secrets={"secret": secret})
    return row, secret


def delete(actor: Actor, reference: str, *, abbreviated: bool = False) -> Subscription:
    """Remove it with its log; what still waits is not sent."""
    row = find(actor, reference, abbreviated=abbreviated)
    with storage.translated():
        Subscription.objects.filter(pk=row.pk).update(is_active=False)
        # A long log goes in pieces: nobody waits for long meanwhile.
        while some := list(row.deliveries.order_by("pk").values_list("pk", flat=True)[:DELETED_AT_ONCE]):
            Delivery.objects.filter(pk__in=some).delete()
        Subscription.objects.filter(pk=row.pk).delete()
    return row


def list_subscriptions(actor: Actor) -> QuerySet[Subscription]:
    """Those that the actor may look after, newest first, with how they do."""
    require_general(actor, "webhooks")
    return with_standing(Subscription.objects.visible_to(actor))


def find(actor: Actor, reference: str, *, abbreviated: bool = False) -> Subscription:
    """The subscription of that id; ``abbreviated`` allows a unique beginning of it and a unique name."""
    seen = list_subscriptions(actor)
    if not reference or not is_reference(reference):
        raise not_found(reference)
    condition = Q(pk__startswith=reference) | Q(name=reference) if abbreviated else Q(pk=reference)
    with storage.translated():
        found = list(seen.filter(condition)[:10])
    exact = [row for row in found if row.pk == reference]
    if not found:
        raise not_found(reference)
    if len(found) > 1 and not exact:
        raise Ambiguous(
            _("{reference} fits several webhooks.").format(reference=shown(reference)),
            fix=_("Name one by its whole id."),
            kind="webhook",
            reference=shown(reference),
            candidates=[{"id": row.pk, "name": mask_text(row.name)} for row in found],
        )
    return (exact or found)[0]


def not_found(reference: object) -> NotFound:
    """The error for a subscription that isn't there, or not for the one who asks."""
    told = shown(str(reference))[:200]
    return NotFound(
        _("There is no webhook {reference}.").format(reference=told or "''"),
        fix=_("List the webhooks and use one of their ids."),
        kind="webhook",
        reference=told,
    )


def _new_id() -> str:
    return f"wh_{randomness.token_hex(8)}"


def _refuse_too_many(actor: Actor) -> None:
    if Subscription.objects.filter(owner=actor.user).count() >= MOST_PER_OWNER:
        raise Conflict(
            _("{user} has {most} webhooks, and more are not kept.").format(user=actor.username, most=MOST_PER_OWNER),
            fix=_("Delete one first."),
            code="too-many-webhooks",
        )


def _locked(actor: Actor, key: str) -> Subscription:
    row = Subscription.objects.visible_to(actor).select_for_update(no_key=True).filter(pk=key).first()
    if row is None:
        raise not_found(key)
    return row


def _values(actor: Actor, row: Subscription, given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that an update sets, cleaned."""
    values: dict[str, Any] = {}
    if "name" in given:
        values["name"] = clean_name(unmask(given["name"], row.name, "name"), _("name"))
    if "url" in given:
        values["url"] = clean_url(given["url"], row.url)
    if "events" in given:
        values["events"] = clean_events(given["events"])
    if "options" in given:
        values["options"] = clean_options(given["options"], row.options)
    if "is_active" in given:
        values["is_active"] = bool(given["is_active"])
    if "workflow" in given:
        values["workflow_id"] = clean_workflow(actor, given["workflow"])
    if "reach" in given or "team" in given:
        values |= clean_reach(actor, given.get("reach"), given.get("team"))
        _refuse_for_others(actor, row, values["reach"])
    if given.get("secrets"):
        values["sealed"] = _resealed(actor, row, clean_secrets(given["secrets"]))
    return values


def _refuse_for_others(actor: Actor, row: Subscription, reach: Reach) -> None:
    """Who looks after a team's may know no more of its owner's sessions than the team does."""
    if reach == Reach.OWN and actor.user != row.owner and not actor.rights.is_admin:
        raise NotAllowed(
            _("Only {user} and administrators have it tell of that user's own sessions.").format(
                user=row.owner.get_username()
            ),
            fix=_("Make a webhook of your own."),
        )


def _resealed(actor: Actor, row: Subscription, given: Mapping[str, Any]) -> str:
    held = unseal(row.sealed)
    after = changed_secrets(actor, row.kind, held, given)
    return row.sealed if after == held else seal(after)


def _set(row: Subscription, name: str, value: Any) -> bool:
    is_new = bool(getattr(row, name) != value)
    setattr(row, name, value)
    return is_new


def _check(row: Subscription, changed: Collection[str]) -> None:
    """Refuse what its kind can't work with, and what isn't its owner's to tell."""
    if {"url", "options", "sealed"} & {*changed}:
        get_sink(row.kind).check(row.url, row.options, given_part(unseal(row.sealed)))
    if {"reach", "team_id"} & {*changed}:
        refuse_not_allowed(row)
