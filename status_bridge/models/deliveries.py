"""What is to be told, in order: one lane per subscription and session, its deliveries, and the workers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from status_bridge.models.subscriptions import Subscription
from status_bridge.querysets import DeliveryQuerySet


class Lane(models.Model):
    """The queue of one session's messages for one subscription; a worker leases it as a whole.

    ``due_at`` is when a worker may take it up, while it is leased the lease's end; None: nothing waits.
    ``enqueued`` counts the messages ever put in.
    The lane of pings and the like has no session.  There is no foreign key to the session: what
    a deleted one had to say still goes out.
    """

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="lanes", db_index=False, verbose_name=_("webhook")
    )
    session_id = models.CharField(_("session"), max_length=120, blank=True, default="")
    enqueued = models.PositiveBigIntegerField(_("messages so far"), default=0)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    parked_at = models.DateTimeField(_("parked"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True, default="")
    lease_token = models.CharField(_("lease"), max_length=32, blank=True, default="")
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)

    class Meta:
        db_table = "delivery_lanes"
        ordering = ["id"]
        verbose_name = _("lane")
        verbose_name_plural = _("lanes")
        constraints = [models.UniqueConstraint(fields=["subscription", "session_id"], name="one_lane")]
        indexes = [models.Index(fields=["due_at", "id"], name="lane_due", condition=models.Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.session_id}"


class DeliveryState(models.TextChoices):
    """Where a message is on its way."""

    WAITING = "WAITING", _("Waiting")
    DELIVERED = "DELIVERED", _("Delivered")
    PARKED = "PARKED", _("Parked")
    SKIPPED = "SKIPPED", _("Skipped")


class Delivery(models.Model):
    """One message for one subscription, in the words in which it is sent, and how its last attempt went.

    Within a lane the ids give the order: they are written while the session is locked.
    SKIPPED: a later one said the same and more, or a person passed it over.
    """

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="deliveries", db_index=False, verbose_name=_("webhook")
    )
    session_id = models.CharField(_("session"), max_length=120, blank=True, default="")
    message_id = models.CharField(_("message"), max_length=160)
    event_type = models.CharField(_("event"), max_length=60)
    seq = models.PositiveIntegerField(_("number"), default=0)
    body = models.TextField(_("body"))
    state = models.CharField(_("state"), max_length=12, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    created_at = models.DateTimeField(_("created"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    last_attempt_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    status_code = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration in ms"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True, default="")
    answer = models.TextField(_("answer"), blank=True, default="")
    replay_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("replay of")
    )

    objects = models.Manager.from_queryset(DeliveryQuerySet)()

    class Meta:
        db_table = "deliveries"
        ordering = ["-id"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(fields=["subscription", "id"], name="delivery_log"),
            models.Index(
                fields=["subscription", "session_id", "id"],
                name="delivery_waiting",
                condition=models.Q(state__in=["WAITING", "PARKED"]),
            ),
            models.Index(fields=["session_id", "id"], name="delivery_session"),
            models.Index(fields=["state", "delivered_at"], name="delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} → {self.subscription_id}"


class WorkerBeat(models.Model):
    """A worker that runs, or ran: it says so every few seconds."""

    id = models.CharField(_("id"), primary_key=True, max_length=32)
    host = models.CharField(_("host"), max_length=200)
    pid = models.PositiveIntegerField(_("process"))
    engine = models.CharField(_("engine"), max_length=20)
    started_at = models.DateTimeField(_("started"))
    seen_at = models.DateTimeField(_("last seen"))
    delivered = models.PositiveBigIntegerField(_("delivered"), default=0)

    class Meta:
        db_table = "workers"
        ordering = ["-seen_at"]
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return f"{self.host} {self.pid}"
