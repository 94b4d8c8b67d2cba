"""The local status system: one entry per session."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.models import FlowSession, WorkflowDefinition
from status_bridge.querysets import StatusEntryQuerySet

ENTRY_PREFIX = "flow-"
"""An entry's id is this and its session's id."""


class EntryStatus(models.TextChoices):
    """The states of the status system."""

    PENDING = "PENDING", _("Pending")
    IN_PROGRESS = "IN_PROGRESS", _("In progress")
    ON_HOLD = "ON_HOLD", _("On hold")
    COMPLETED = "COMPLETED", _("Completed")
    FAILED = "FAILED", _("Failed")
    CANCELED = "CANCELED", _("Canceled")


class StatusEntry(models.Model):
    """A session as the status system sees it, written anew by each change of the session, in its transaction.

    Somebody who sets ``status`` by hand asks for something: ``FlowStatusIntegration.sync_status_to_session``
    makes the session do it, or puts back what is true.
    """

    id = models.CharField(_("id"), primary_key=True, max_length=130)
    session = models.OneToOneField(
        FlowSession, on_delete=models.CASCADE, related_name="status_entry", verbose_name=_("session")
    )
    name = models.CharField(_("name"), max_length=200)
    type = models.CharField(_("type"), max_length=16, default="FLOW")
    status = models.CharField(_("status"), max_length=16, choices=EntryStatus.choices)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("updated"))
    workflow = models.ForeignKey(
        WorkflowDefinition, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("workflow")
    )
    current_stage = models.CharField(_("current stage"), max_length=64, blank=True, default="")
    version = models.PositiveIntegerField(_("version"), default=0)

    objects = models.Manager.from_queryset(StatusEntryQuerySet)()

    class Meta:
        db_table = "status_entries"
        ordering = ["-updated_at", "-id"]
        verbose_name = _("status entry")
        verbose_name_plural = _("status entries")
        indexes = [
            models.Index(fields=["updated_at", "id"], name="entry_updated"),
            models.Index(fields=["status", "updated_at", "id"], name="entry_status"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=EntryStatus.values), name="entry_status_known"),
        ]

    def __str__(self) -> str:
        return self.id

    def as_dict(self) -> dict[str, Any]:
        """The JSON form, in the shape of :func:`~status_bridge.mapping.map_session_to_status`; times are datetimes."""
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "status": self.status,
            "progress": self.progress,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "workflow_id": self.workflow_id,
            "current_stage": self.current_stage or None,
        }
