"""Rows that only the verbs change."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models


class WrittenByVerbs(models.Model):
    """A row that can be read by everybody and is changed by its manager's verbs alone.

    A stale object that is saved would overwrite newer state, and no event would tell.
    """

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new row; a stored one is refused with TypeError."""
        if not self._state.adding:
            self._refuse("saved")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused with TypeError."""
        self._refuse("deleted")

    def _refuse(self, what: str) -> NoReturn:
        name = type(self).__name__
        raise TypeError(f"a {name} is not {what} by hand: use the verbs of FlowSessionManager or StageInstanceManager")
