"""Attempts at stages, and the items to tick in them."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.definitions.schema import StageDefinition
from sessions_app.language import localised
from sessions_app.masking import mask_text
from sessions_app.models import FlowSession
from sessions_app.models.guarded import WrittenByVerbs
from stages_app import facts
from stages_app.querysets import StageInstanceQuerySet
from stages_app.states import StageStatus


class StageInstance(WrittenByVerbs):
    """One attempt at one stage of a session; its id is ``<session id>.<stage id>.<attempt>``.

    ``name`` is empty when the definition's is meant.  ``is_exclusive``: no other stage of
    the session may be active beside it.  ``follows_session``: its last change of status
    came from its session's pause or failure, which resuming the session undoes.  ``lease_token``:
    who claimed it, and until when, stands beside it (see :mod:`stages_app.leases`).
    """

    id = models.CharField(_("id"), primary_key=True, max_length=220)
    session = models.ForeignKey(
        FlowSession, on_delete=models.CASCADE, related_name="stage_instances", db_index=False, verbose_name=_("session")
    )
    stage_id = models.CharField(_("stage"), max_length=64)
    name = models.CharField(_("name"), max_length=200, blank=True)
    attempt = models.PositiveIntegerField(_("attempt"))
    status = models.CharField(_("status"), max_length=16, choices=StageStatus.choices)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assignee"),
    )
    context = models.JSONField(_("context"), default=dict)
    config = models.JSONField(_("configuration"), default=dict)
    metadata = models.JSONField(_("metadata"), default=dict)
    deliverables = models.JSONField(_("deliverables"), default=dict)
    is_ad_hoc = models.BooleanField(_("ad hoc"), default=False)
    is_exclusive = models.BooleanField(_("exclusive"), default=True)
    follows_session = models.BooleanField(_("follows its session"), default=False)

    lease_token = models.PositiveIntegerField(_("lease"), null=True, blank=True)
    lease_holder = models.CharField(_("holder of the lease"), max_length=150, blank=True, default="")
    lease_seconds = models.PositiveIntegerField(_("length of the lease"), null=True, blank=True)
    lease_expires_at = models.DateTimeField(_("end of the lease"), null=True, blank=True)

    objects = models.Manager.from_queryset(StageInstanceQuerySet)()

    class Meta:
        db_table = "stage_instances"
        ordering = ["session", "stage_id", "attempt"]
        verbose_name = _("stage instance")
        verbose_name_plural = _("stage instances")
        constraints = [
            models.UniqueConstraint(fields=["session", "stage_id", "attempt"], name="one_stage_per_attempt"),
            models.UniqueConstraint(
                fields=["session"],
                condition=models.Q(status=StageStatus.ACTIVE, is_exclusive=True),
                name="one_active_stage",
            ),
            models.CheckConstraint(condition=models.Q(status__in=StageStatus.values), name="stage_status_known"),
            models.CheckConstraint(
                condition=models.Q(
                    lease_token__isnull=True, lease_seconds__isnull=True, lease_expires_at__isnull=True, lease_holder=""
                )
                | models.Q(
                    status=StageStatus.ACTIVE,
                    lease_token__isnull=False,
                    lease_seconds__isnull=False,
                    lease_expires_at__isnull=False,
                ),
                name="lease_of_active_stage",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lease_expires_at"],
                condition=models.Q(lease_expires_at__isnull=False),
                name="stage_lease_expiry",
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def definition(self) -> StageDefinition | None:
        """What the session's version says of this stage; None for an ad hoc one."""
        return self.session.published.definition.stage(self.stage_id)

    @property
    def display_name(self) -> str:
        """Its own name, without well-known keys, else the definition's in the current language, else its id."""
        return facts.display_name(self.name, self.stage_id, self.definition)

    @property
    def completed_items(self) -> list[str]:
        """The ids of the ticked items, in order."""
        return [item.item_id for item in self.items.all() if item.is_done]

    @property
    def timeout(self) -> int | None:
        """Seconds after which the active stage is overdue: its own ``config.timeout``, else the definition's."""
        return facts.timeout(self.config, self.definition)

    def is_overdue(self, now: datetime | None = None) -> bool:
        """Whether it has been active for longer than its timeout."""
        return facts.is_overdue(self.status, self.started_at, self.timeout, now)


class StageItem(WrittenByVerbs):
    """One thing to tick in one attempt; a row, so that two who tick can't overwrite each other."""

    stage_instance = models.ForeignKey(
        StageInstance, on_delete=models.CASCADE, related_name="items", db_index=False, verbose_name=_("stage instance")
    )
    item_id = models.CharField(_("id"), max_length=64)
    number = models.PositiveIntegerField(_("number"))
    text = models.JSONField(_("text"))
    is_required = models.BooleanField(_("required"), default=True)
    is_added = models.BooleanField(_("added"), default=False)
    is_done = models.BooleanField(_("done"), default=False)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    done_by = models.CharField(_("done by"), max_length=150, blank=True, default="")

    class Meta:
        db_table = "stage_items"
        ordering = ["stage_instance", "number"]
        verbose_name = _("item")
        verbose_name_plural = _("items")
        constraints = [
            models.UniqueConstraint(fields=["stage_instance", "item_id"], name="one_item_per_id"),
            models.UniqueConstraint(fields=["stage_instance", "number"], name="one_item_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.stage_instance_id} {self.item_id}"

    @property
    def display_text(self) -> str:
        """The text in the current language, without well-known keys."""
        return mask_text(localised(self.text))
