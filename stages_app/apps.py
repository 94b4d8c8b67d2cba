"""The second floor: doing one stage of a session."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StagesConfig(AppConfig):
    name = "stages_app"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Stages")

    def ready(self) -> None:
        from sessions_app import checkups, chores, companions, parts  # models can be imported only now
        from stages_app import expiry, receivers
        from stages_app.arriving import AttemptsBearer
        from stages_app.capturing import AttemptsHolder
        from stages_app.representation import StagesPart

        receivers.connect()
        chores.register(expiry.CHORE)
        parts.register(StagesPart())
        parts.register_holder(AttemptsHolder())
        companions.register_bearer(AttemptsBearer())
        checkups.register("stages_app.checkups")
