"""How sessions are looked for."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Self

from django.db import connections, models

from sessions_app import machine
from sessions_app.access import rights_of
from sessions_app.actors import Actor

if TYPE_CHECKING:
    from sessions_app.models.events import SessionEvent
    from sessions_app.models.savepoints import Savepoint
    from sessions_app.models.sessions import FlowSession

    Base = models.QuerySet[FlowSession]
    EventBase = models.QuerySet[SessionEvent]
    SavepointBase = models.QuerySet[Savepoint]
else:
    Base = EventBase = SavepointBase = models.QuerySet

_LAST_CHARACTER = "\U0010ffff"


def visible(actor: Actor, path: str = "") -> models.Q:
    """The condition that a session is seen by the actor; ``path`` leads to it from the rows asked for (``session__``).

    Raises NotAllowed for a disabled user.
    """
    rights = rights_of(actor)
    condition = models.Q()
    if not rights.is_admin:
        condition = models.Q(**{f"{path}owner": rights.user_id})
        if rights.teams:
            condition |= models.Q(**{f"{path}team__in": list(rights.teams)})
    bounds = {f"{path}team": actor.grant.team_id, f"{path}workflow": actor.grant.workflow_id} if actor.grant else {}
    return condition & models.Q(**{name: value for name, value in bounds.items() if value is not None})


def ways(actor: Actor, path: str = "") -> list[models.Q]:
    """The ways in which the actor comes to see sessions: as the owner, and by each team; none when all are seen."""
    rights = rights_of(actor)
    if rights.is_admin:
        return []
    teams = (models.Q(**{f"{path}team": team_id}) for team_id in rights.teams)
    return [models.Q(**{f"{path}owner": rights.user_id}), *teams]


class FlowSessionQuerySet(Base):
    """Sessions, by the questions that people ask of them."""

    def visible_to(self, actor: Actor) -> Self:
        """Those that exist for the actor; every list, page, search and export begins with it."""
        return self.filter(visible(actor))

    def head(self, actor: Actor, count: int) -> Self:
        """The first ``count`` rows of a set that was narrowed by :meth:`visible_to`, in its order, at any size.

        SQLite sorts all that fulfils an OR; so each way of seeing a session gives its first
        rows by an index of its own.  PostgreSQL does well by itself.
        """
        apart = [] if connections[self.db].vendor != "sqlite" else ways(actor)
        if len(apart) < 2:
            return self[:count]
        heads = models.Q()
        for way in apart:
            heads |= models.Q(pk__in=self.filter(way).values("pk")[:count])
        # All conditions hold within: repeated here they would lead SQLite to the OR again.
        rows = type(self)(self.model, using=self.db).filter(heads)
        rows.query.order_by, rows.query.select_related = self.query.order_by, self.query.select_related
        return rows[:count]

    def open(self) -> Self:
        """Those that have not ended."""
        return self.filter(status__in=machine.OPEN)

    def id_begins(self, beginning: str) -> Self:
        """Those whose id begins so; by the primary key's index on every engine."""
        if connections[self.db].vendor == "sqlite":
            return self.filter(id__gte=beginning, id__lt=beginning + _LAST_CHARACTER)
        return self.filter(id__startswith=beginning)

    def search(self, text: str) -> Self:
        """Those that have ``text`` in their id or name, whatever its case (on SQLite: that of its ASCII letters)."""
        text = unicodedata.normalize("NFC", text)
        return self.filter(models.Q(id__icontains=text) | models.Q(name__icontains=text))


class SessionEventQuerySet(EventBase):
    """Events, by who may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of the sessions that exist for the actor."""
        return self.filter(visible(actor, "session__"))


class SavepointQuerySet(SavepointBase):
    """Savepoints, by who may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of the sessions that exist for the actor."""
        return self.filter(visible(actor, "session__"))
