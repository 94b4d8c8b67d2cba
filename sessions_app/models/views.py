"""Views of the list of sessions that people have saved."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """A query of the list of sessions under a name; its user's own, whom alone it is shown to."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name=_("user")
    )
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("query"), max_length=2_000)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        db_table = "saved_views"
        ordering = ["name"]
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_view_per_name")]

    def __str__(self) -> str:
        return self.name
