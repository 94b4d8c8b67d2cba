"""Work that is done again and again by whichever worker comes first."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChoreRun(models.Model):
    """When a chore is due next, and how it went last; one row per chore, for all workers."""

    name = models.CharField(_("name"), primary_key=True, max_length=60)
    due_at = models.DateTimeField(_("due"))
    started_at = models.DateTimeField(_("last started"), null=True)
    ended_at = models.DateTimeField(_("last ended"), null=True)
    error = models.TextField(_("last error"), blank=True, default="")

    class Meta:
        db_table = "chore_runs"
        ordering = ["name"]
        verbose_name = _("chore")
        verbose_name_plural = _("chores")

    def __str__(self) -> str:
        return self.name
