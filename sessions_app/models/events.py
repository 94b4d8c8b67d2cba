"""The event log: append-only, numbered without gaps per session, chained by hashes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.models.guarded import WrittenByVerbs
from sessions_app.models.sessions import FlowSession
from sessions_app.querysets import SessionEventQuerySet
from sessions_app.states import Level


class SessionEvent(WrittenByVerbs):
    """One thing that happened to a session or to one of its stages.

    ``changes`` maps each changed field to ``{"before": …, "after": …}``; a field of the
    session that a stage's event moved is written ``session.<field>``.  ``cause`` is the
    number of the event that this one follows from.  ``submitted_by`` is set when somebody
    acted in the actor's name.
    """

    session = models.ForeignKey(
        FlowSession, on_delete=models.CASCADE, related_name="events", db_index=False, verbose_name=_("session")
    )
    seq = models.PositiveIntegerField(_("number"))
    type = models.CharField(_("type"), max_length=40)
    level = models.PositiveSmallIntegerField(_("level"), choices=Level.choices, default=Level.INFO)
    stage_instance_id = models.CharField(_("stage instance"), max_length=220, blank=True, default="")
    actor = models.CharField(_("actor"), max_length=150)
    door = models.CharField(_("door"), max_length=16)
    submitted_by = models.CharField(_("submitted by"), max_length=150, blank=True, default="")
    reason = models.TextField(_("reason"), blank=True, default="")
    changes = models.JSONField(_("changes"), default=dict)
    cause = models.PositiveIntegerField(_("cause"), null=True, blank=True)
    created_at = models.DateTimeField(_("time"))
    hash = models.CharField(_("hash"), max_length=64)
    # PostgreSQL fills in the transaction's number, SQLite 0: the feed needs the order of commits.
    transaction_id = models.BigIntegerField(_("transaction"), db_default=0, editable=False)

    objects = models.Manager.from_queryset(SessionEventQuerySet)()

    class Meta:
        db_table = "session_events"
        ordering = ["session", "seq"]
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [models.UniqueConstraint(fields=["session", "seq"], name="one_event_per_number")]
        indexes = [
            models.Index(fields=["transaction_id", "id"], name="event_feed"),
            # Sessions that come by a bundle bring old events: the rows' numbers don't ascend with the times.
            models.Index(fields=["created_at", "id"], name="event_created"),
            # For statistics: of other events nothing is written to it.
            models.Index(
                fields=["created_at", "session"],
                name="event_completed",
                condition=models.Q(type="session.completed"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} #{self.seq} {self.type}"

    def as_dict(self) -> dict[str, Any]:
        """The JSON form; times are datetimes."""
        return {
            "session_id": self.session_id,
            "seq": self.seq,
            "type": self.type,
            "level": Level(self.level).label,
            "stage_instance_id": self.stage_instance_id or None,
            "actor": self.actor,
            "door": self.door,
            "submitted_by": self.submitted_by or None,
            "reason": self.reason,
            "changes": self.changes,
            "cause": self.cause,
            "created_at": self.created_at,
        }

    def chained_to(self, previous_hash: str) -> str:
        """The hash of this event after one with ``previous_hash``: SHA-256 over all fields as canonical JSON."""
        fields = [
            previous_hash,
            self.session_id,
            self.seq,
            self.type,
            self.level,
            self.stage_instance_id,
            self.actor,
            self.door,
            self.submitted_by,
            self.reason,
            self.changes,
            self.cause,
            self.created_at.isoformat(),
        ]
        canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
