"""The ground floor: definitions, sessions, events."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SessionsConfig(AppConfig):
    name = "sessions_app"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Sessions")

    def ready(self) -> None:
        from sessions_app import checkups, chores, parts, receivers, retention  # models can be imported only now
        from sessions_app.capturing import SessionHolder

        receivers.connect()
        chores.register(retention.CHORE)
        parts.register_holder(SessionHolder())
        checkups.register("sessions_app.checkups.sessions", "sessions_app.checkups.tables")
