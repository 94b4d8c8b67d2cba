"""How the tables of the status bridge are looked for; each list begins with ``visible_to``."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Self

from django.db import connections, models
from django.db.models import Q

from sessions_app.access import rights_of
from sessions_app.actors import Actor
from sessions_app.permissions import Role
from sessions_app.querysets import visible, ways

if TYPE_CHECKING:
    from status_bridge.models import Conflict, Delivery, StatusEntry, Subscription

    EntryBase = models.QuerySet[StatusEntry]
    SubscriptionBase = models.QuerySet[Subscription]
    DeliveryBase = models.QuerySet[Delivery]
    ConflictBase = models.QuerySet[Conflict]
else:
    EntryBase = SubscriptionBase = DeliveryBase = ConflictBase = models.QuerySet


class StatusEntryQuerySet(EntryBase):
    """Status entries, by who may see their sessions."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of the sessions that exist for the actor."""
        return self.filter(visible(actor, "session__"))

    def head(self, actor: Actor, count: int) -> Self:
        """The first ``count`` rows of a set that was narrowed by :meth:`visible_to`, in its order, at any size.

        As of sessions: SQLite has each way of seeing them give its first rows.
        """
        apart = ways(actor, "session__") if connections[self.db].vendor == "sqlite" else []
        if len(apart) < 2:
            return self[:count]
        heads = Q()
        for way in apart:
            heads |= Q(pk__in=self.filter(way).values("pk")[:count])
        rows = type(self)(self.model, using=self.db).filter(heads)
        rows.query.order_by = self.query.order_by
        return rows[:count]

    def search(self, text: str) -> Self:
        """Those that have ``text`` in id or name, whatever its case (on SQLite: that of its ASCII letters)."""
        text = unicodedata.normalize("NFC", text)
        return self.filter(Q(id__icontains=text) | Q(name__icontains=text))


def _managed(actor: Actor, path: str = "") -> Q:
    """The condition that the actor may look after a subscription: their own, and those of teams where they work."""
    rights = rights_of(actor)
    condition = Q()
    if not rights.is_admin:
        teams = [team_id for team_id, role in rights.teams.items() if role >= Role.OPERATOR]
        condition = Q(**{f"{path}owner": rights.user_id})
        condition |= Q(**{f"{path}reach": "team", f"{path}team__in": teams})
    team_id, workflow_id = actor.bounds
    bounds = {f"{path}team": team_id, f"{path}workflow": workflow_id}
    return condition & Q(**{name: value for name, value in bounds.items() if value is not None})


class SubscriptionQuerySet(SubscriptionBase):
    """Subscriptions, by who looks after them."""

    def visible_to(self, actor: Actor) -> Self:
        """Those that exist for the actor."""
        return self.filter(_managed(actor))


class DeliveryQuerySet(DeliveryBase):
    """Deliveries, by who looks after their subscription."""

    def visible_to(self, actor: Actor) -> Self:
        """Those that exist for the actor."""
        return self.filter(_managed(actor, "subscription__"))


class ConflictQuerySet(ConflictBase):
    """Conflicts, by who may see their sessions."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of the sessions that exist for the actor."""
        return self.filter(visible(actor, "session__"))

    def open(self) -> Self:
        """Those that nobody has settled."""
        return self.filter(settled_at__isnull=True)
