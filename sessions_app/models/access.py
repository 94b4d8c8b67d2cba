"""Rows about who works with what: the current session, idempotent answers, the schema's stamp."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.models.sessions import FlowSession


class CurrentSession(models.Model):
    """The session that a user's commands mean when they name none."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+", verbose_name=_("user")
    )
    session = models.ForeignKey(FlowSession, on_delete=models.CASCADE, related_name="+", verbose_name=_("session"))

    class Meta:
        db_table = "current_sessions"
        verbose_name = _("current session")
        verbose_name_plural = _("current sessions")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.session_id}"


class IdempotencyKey(models.Model):
    """The answer that was given to a change, so that the same request is not done twice.

    It is given again to who still sees the session it is about (empty: about none that is there),
    with a token that has all of ``scopes``, which the change needed.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(_("key"), max_length=200)
    fingerprint = models.CharField(_("fingerprint of the request"), max_length=64)
    answer = models.JSONField(_("answer"), null=True)
    session_id = models.CharField(_("session id"), max_length=120, blank=True, default="")
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        db_table = "idempotency_keys"
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return self.key


class SchemaStamp(models.Model):
    """Which schema the database has, so that a command need not load the migrations to know."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    digest = models.CharField(_("digest"), max_length=64)
    version = models.CharField(_("version"), max_length=32)
    updated_at = models.DateTimeField(_("updated"))

    class Meta:
        db_table = "schema_stamp"
        verbose_name = _("schema stamp")
        verbose_name_plural = _("schema stamps")

    def __str__(self) -> str:
        return self.version
