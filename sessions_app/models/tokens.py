"""Tokens of the API, and how much each caller has asked for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from sessions_app.models.definitions import WorkflowDefinition


class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox has no types
    """A user's token for programs: only its hash is stored.

    ``token_key`` is its public beginning, by which it is named in lists; ``scopes`` is a
    list of :data:`~sessions_app.permissions.SCOPES`.  With a team or a workflow it reaches
    the sessions of that one alone.  ``made_with`` is the token that it was made with, whose end is its own.
    """

    name = models.CharField(_("name"), max_length=100)
    scopes = models.JSONField(_("scopes"), default=list)
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
    is_agent = models.BooleanField(_("for an agent"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("created by")
    )
    made_with = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("made with")
    )
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        db_table = "api_tokens"
        ordering = ["-created", "digest"]
        verbose_name = _("token")
        verbose_name_plural = _("tokens")

    def __str__(self) -> str:
        return f"{self.token_key}… {self.name}"

    @property
    def state(self) -> str:
        """``active``, ``expired`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expiry is not None and self.expiry <= timezone.now() else "active"


class RequestRate(models.Model):
    """How many requests a caller was granted in a stretch of time."""

    caller = models.CharField(_("caller"), primary_key=True, max_length=200)
    window = models.BigIntegerField(_("window"))
    granted = models.PositiveIntegerField(_("granted"))

    class Meta:
        db_table = "request_rates"
        verbose_name = _("request rate")
        verbose_name_plural = _("request rates")

    def __str__(self) -> str:
        return self.caller
