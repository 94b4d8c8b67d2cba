"""States of sessions that were kept, to be put back, compared or gone on from."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.canonical import digest, packed, unpacked
from sessions_app.models.guarded import WrittenByVerbs
from sessions_app.models.sessions import FlowSession
from sessions_app.querysets import SavepointQuerySet


class SavepointKind(models.TextChoices):
    """Who took a savepoint, and when."""

    MANUAL = "MANUAL", _("by hand")
    STAGE_END = "STAGE_END", _("end of a stage")
    BEFORE = "BEFORE", _("before a change")


class Savepoint(WrittenByVerbs):
    """All that a session was when its last event was number ``seq``; its id is ``<session id>@<seq>``.

    ``verb`` is what ended or was about to happen (``complete``, ``abort``, …).  ``data`` is the state as
    compressed canonical JSON, secrets included; ``digest`` is its SHA-256, ``size`` its bytes unpacked.
    """

    id = models.CharField(_("id"), primary_key=True, max_length=140)
    session = models.ForeignKey(
        FlowSession, on_delete=models.CASCADE, related_name="savepoints", db_index=False, verbose_name=_("session")
    )
    seq = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=16, choices=SavepointKind.choices)
    verb = models.CharField(_("verb"), max_length=40, blank=True, default="")
    stage_id = models.CharField(_("stage"), max_length=64, blank=True, default="")
    note = models.TextField(_("note"), blank=True, default="")
    actor = models.CharField(_("actor"), max_length=150)
    created_at = models.DateTimeField(_("created"))
    data = models.BinaryField(_("state"))
    digest = models.CharField(_("digest"), max_length=64)
    size = models.PositiveIntegerField(_("size"))

    objects = models.Manager.from_queryset(SavepointQuerySet)()

    class Meta:
        db_table = "savepoints"
        ordering = ["session", "-seq"]
        verbose_name = _("savepoint")
        verbose_name_plural = _("savepoints")
        indexes = [models.Index(fields=["created_at", "id"], name="savepoint_created")]
        constraints = [models.UniqueConstraint(fields=["session", "seq"], name="one_savepoint_per_number")]

    def __str__(self) -> str:
        return self.id

    @property
    def state(self) -> dict[str, Any]:
        """What was kept, by part (``session``, ``attempts``); raises ValueError if it was damaged."""
        state: dict[str, Any] = unpacked(bytes(self.data), self.digest)
        return state

    @classmethod
    def of(cls, session_id: str, seq: int, state: dict[str, Any], **columns: Any) -> Savepoint:
        """A savepoint that holds ``state``; not stored."""
        data, size = packed(state)
        return cls(
            id=f"{session_id}@{seq}",
            session_id=session_id,
            seq=seq,
            data=data,
            digest=digest(state),
            size=size,
            **columns,
        )
