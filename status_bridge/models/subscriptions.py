"""Who outside is told what: one row per receiver."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.models import WorkflowDefinition
from status_bridge.querysets import SubscriptionQuerySet


class Reach(models.TextChoices):
    """Whose sessions a subscription tells of."""

    OWN = "own", _("those of its owner")
    TEAM = "team", _("those of its team")
    ALL = "all", _("all")


class Subscription(models.Model):
    """A receiver of sessions' events: ``kind`` names the class that talks to it.

    ``options`` are the kind's own settings, ``sealed`` its secrets, encrypted
    (:mod:`status_bridge.sealing`).  ``events`` are types and patterns such as ``session.*``;
    none means all.  A receiver that is unwell is left alone until ``hold_until``; one that was so
    for a day is parked until a person says to go on.
    """

    id = models.CharField(_("id"), primary_key=True, max_length=24)
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=40)
    url = models.CharField(_("address"), max_length=2000)
    events = models.JSONField(_("events"), default=list)
    options = models.JSONField(_("options"), default=dict)
    sealed = models.TextField(_("secrets"), default="", editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("owner")
    )
    reach = models.CharField(_("reach"), max_length=8, choices=Reach.choices, default=Reach.OWN)
    team = models.ForeignKey(
        "auth.Group", on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    workflow = models.ForeignKey(
        WorkflowDefinition,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("workflow"),
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("updated"))
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    hold_until = models.DateTimeField(_("left alone until"), null=True, blank=True)
    parked_at = models.DateTimeField(_("parked"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True, default="")
    last_success_at = models.DateTimeField(_("last delivered"), null=True, blank=True)

    objects = models.Manager.from_queryset(SubscriptionQuerySet)()

    class Meta:
        db_table = "subscriptions"
        ordering = ["-created_at", "-id"]
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reach="team", team__isnull=False) | ~models.Q(reach="team"),
                name="subscription_of_a_team_names_it",
            ),
        ]

    def __str__(self) -> str:
        return self.id
