"""How sessions are looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import connections, models

from sessions_app import machine

if TYPE_CHECKING:
    from sessions_app.models.sessions import FlowSession

    Base = models.QuerySet[FlowSession]
else:
    Base = models.QuerySet

_LAST_CHARACTER = "\U0010ffff"


class FlowSessionQuerySet(Base):
    """Sessions, by the questions that people ask of them."""

    def open(self) -> Self:
        """Those that have not ended."""
        return self.filter(status__in=machine.OPEN)

    def id_begins(self, beginning: str) -> Self:
        """Those whose id begins so; by the primary key's index on every engine."""
        if connections[self.db].vendor == "sqlite":
            return self.filter(id__gte=beginning, id__lt=beginning + _LAST_CHARACTER)
        return self.filter(id__startswith=beginning)

    def search(self, text: str) -> Self:
        """Those that have ``text`` in their id or name, whatever its case."""
        return self.filter(models.Q(id__icontains=text) | models.Q(name__icontains=text))
