"""What is held in common with far systems: links to their tasks, conflicts, and which messages came in."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.models import FlowSession
from sessions_app.text import visible
from status_bridge.models.subscriptions import Subscription
from status_bridge.querysets import ConflictQuerySet


class Link(models.Model):
    """A session's task in a tracker: ``base`` is the state that both sides had in common last, by field.

    ``claimed_at`` says that the task is being made: whoever comes next looks for it first.
    """

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="links", db_index=False, verbose_name=_("webhook")
    )
    session_id = models.CharField(_("session"), max_length=120)
    external_id = models.CharField(_("external id"), max_length=200, blank=True, default="")
    external_url = models.CharField(_("external address"), max_length=2000, blank=True, default="")
    base = models.JSONField(_("last common state"), default=dict)
    base_seq = models.PositiveIntegerField(_("number"), default=0)
    remote_stamp = models.CharField(_("stamp"), max_length=100, blank=True, default="")
    claimed_at = models.DateTimeField(_("being made since"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated"))

    class Meta:
        db_table = "tracker_links"
        ordering = ["id"]
        verbose_name = _("link")
        verbose_name_plural = _("links")
        constraints = [models.UniqueConstraint(fields=["subscription", "session_id"], name="one_link_per_session")]
        indexes = [models.Index(fields=["subscription", "external_id"], name="link_external")]

    def __str__(self) -> str:
        return f"{self.session_id} {self.external_id}"


class ConflictKind(models.TextChoices):
    """Why two systems disagree."""

    BOTH_CHANGED = "both-changed", _("both sides changed it")
    REFUSED = "refused", _("what the other side asked for was refused")


class Settlement(models.TextChoices):
    """Whose value holds."""

    OURS = "ours", _("ours")
    THEIRS = "theirs", _("theirs")


class Conflict(models.Model):
    """A field on which a session and its task in a tracker disagree, until a person settles it."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="conflicts", verbose_name=_("webhook")
    )
    session = models.ForeignKey(
        FlowSession, on_delete=models.CASCADE, related_name="conflicts", verbose_name=_("session")
    )
    field = models.CharField(_("field"), max_length=250)
    kind = models.CharField(_("kind"), max_length=16, choices=ConflictKind.choices)
    base = models.JSONField(_("last common value"), null=True)
    ours = models.JSONField(_("ours"), null=True)
    theirs = models.JSONField(_("theirs"), null=True)
    reason = models.TextField(_("reason"), blank=True, default="")
    found_at = models.DateTimeField(_("found"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.CharField(_("settled by"), max_length=150, blank=True, default="")
    settlement = models.CharField(_("settlement"), max_length=8, choices=Settlement.choices, blank=True, default="")

    objects = models.Manager.from_queryset(ConflictQuerySet)()

    class Meta:
        db_table = "conflicts"
        ordering = ["-id"]
        verbose_name = _("conflict")
        verbose_name_plural = _("conflicts")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "session", "field"],
                name="one_open_conflict",
                condition=models.Q(settled_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return visible(f"{self.session_id} {self.field}")


class IncomingMessage(models.Model):
    """The id of a message that came in, so that it counts once."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name=_("webhook")
    )
    message_id = models.CharField(_("message"), max_length=200)
    received_at = models.DateTimeField(_("received"), db_index=True)

    class Meta:
        db_table = "incoming_messages"
        ordering = ["id"]
        verbose_name = _("incoming message")
        verbose_name_plural = _("incoming messages")
        constraints = [models.UniqueConstraint(fields=["subscription", "message_id"], name="one_incoming_message")]

    def __str__(self) -> str:
        return self.message_id
