"""How attempts are looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from sessions_app.actors import Actor
from sessions_app.querysets import visible

if TYPE_CHECKING:
    from stages_app.models import StageInstance

    Base = models.QuerySet[StageInstance]
else:
    Base = models.QuerySet


class StageInstanceQuerySet(Base):
    """Attempts, by who may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of the sessions that exist for the actor."""
        return self.filter(visible(actor, "session__"))

    def last_attempts(self) -> Self:
        """The newest attempt of each stage."""
        later = self.model._default_manager.filter(
            session=models.OuterRef("session"),
            stage_id=models.OuterRef("stage_id"),
            attempt__gt=models.OuterRef("attempt"),
        )
        return self.filter(~models.Exists(later))
