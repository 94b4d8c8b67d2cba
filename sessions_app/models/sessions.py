"""Sessions: runs of a workflow version."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app import progress
from sessions_app.models.definitions import PublishedVersion, WorkflowDefinition, WorkflowVersion, published_version
from sessions_app.models.guarded import WrittenByVerbs
from sessions_app.permissions import OPERATE_PERMISSION
from sessions_app.querysets import FlowSessionQuerySet
from sessions_app.states import SessionStatus


class FlowSession(WrittenByVerbs):
    """One run of a workflow.

    ``version`` is the sequence number of its last event and ``chain_head`` that event's
    hash.  ``stage_states`` maps the stages that have begun to the status of their last
    attempt; it is kept by the verbs so that lists, guards and progress need no other row.
    """

    id = models.CharField(_("id"), primary_key=True, max_length=120)
    workflow = models.ForeignKey(
        WorkflowDefinition,
        on_delete=models.PROTECT,
        related_name="sessions",
        db_index=False,
        verbose_name=_("workflow"),
    )
    pinned_version = models.ForeignKey(
        WorkflowVersion, on_delete=models.PROTECT, related_name="sessions", verbose_name=_("workflow version")
    )
    name = models.CharField(_("name"), max_length=200)
    status = models.CharField(_("status"), max_length=16, choices=SessionStatus.choices)
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("updated"))
    current_stage_id = models.CharField(_("current stage"), max_length=64, blank=True, default="")
    stage_states = models.JSONField(_("stage states"), default=dict)
    context = models.JSONField(_("context"), default=dict)
    metadata = models.JSONField(_("metadata"), default=dict)
    tags = models.JSONField(_("tags"), default=list)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="owned_flow_sessions",
        db_index=False,
        verbose_name=_("owner"),
    )
    team = models.ForeignKey(
        "auth.Group",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("team"),
    )
    version = models.PositiveIntegerField(_("version"), default=0)
    chain_head = models.CharField(_("chain head"), max_length=64, default="")
    forked_from = models.CharField(_("forked from"), max_length=140, blank=True, default="")

    objects = models.Manager.from_queryset(FlowSessionQuerySet)()

    class Meta:
        db_table = "flow_sessions"
        ordering = ["-created_at", "-id"]
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = [
            models.Index(fields=["created_at", "id"], name="session_created"),
            models.Index(fields=["status", "created_at", "id"], name="session_status_created"),
            models.Index(fields=["workflow", "created_at", "id"], name="session_workflow_created"),
            models.Index(fields=["workflow", "status", "created_at", "id"], name="session_workflow_status"),
            models.Index(fields=["owner", "status", "created_at", "id"], name="session_owner_state"),
            models.Index(fields=["owner", "created_at", "id"], name="session_owner_created"),
            models.Index(fields=["team", "created_at", "id"], name="session_team_created"),
            models.Index(fields=["team", "status", "created_at", "id"], name="session_team_state"),
            models.Index(fields=["updated_at", "id"], name="session_updated"),
            models.Index(fields=["name", "id"], name="session_name"),
            models.Index(fields=["forked_from"], name="session_fork", condition=~models.Q(forked_from="")),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=SessionStatus.values), name="session_status_known"),
        ]
        permissions = [(OPERATE_PERMISSION, _("Can work on the team's sessions"))]

    def __str__(self) -> str:
        return self.id

    @property
    def published(self) -> PublishedVersion:
        """The version of the workflow that this session runs."""
        return published_version(self.pinned_version_id)

    @property
    def workflow_version(self) -> int:
        """The number of that version."""
        return self.published.number

    @property
    def completed_stages(self) -> list[str]:
        """The ids of the definition's completed stages, in their order."""
        return progress.completed(self.published, self.stage_states)

    @property
    def progress(self) -> int:
        """Percent done: 0 to 100."""
        if self.status == SessionStatus.COMPLETED:
            return 100
        return progress.percent(self.published, self.stage_states)


class Tombstone(models.Model):
    """What is left of a deleted session: proof that it was, and that its id is taken."""

    session_id = models.CharField(_("session id"), primary_key=True, max_length=120)
    workflow_id = models.CharField(_("workflow"), max_length=64)
    last_seq = models.PositiveIntegerField(_("last event"))
    chain_head = models.CharField(_("chain head"), max_length=64)
    actor = models.CharField(_("actor"), max_length=150)
    door = models.CharField(_("door"), max_length=16)
    reason = models.TextField(_("reason"), blank=True)
    deleted_at = models.DateTimeField(_("deleted"))
    archive = models.CharField(_("archive"), max_length=255, blank=True, default="")

    class Meta:
        db_table = "session_tombstones"
        ordering = ["-deleted_at"]
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")

    def __str__(self) -> str:
        return self.session_id

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "id": self.session_id,
            "workflow_id": self.workflow_id,
            "last_seq": self.last_seq,
            "chain_head": self.chain_head,
            "actor": self.actor,
            "reason": self.reason,
            "deleted_at": self.deleted_at,
        }
