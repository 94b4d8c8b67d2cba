"""The third floor: what the outside is told of sessions, and tells us."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StatusBridgeConfig(AppConfig):
    name = "status_bridge"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Status bridge")

    def ready(self) -> None:
        from sessions_app import checkups, companions, parts  # models can be imported only now
        from status_bridge.companion import StatusEntryCompanion
        from status_bridge.representation import StatusEntryPart
        from status_bridge.services import FlowStatusIntegration

        FlowStatusIntegration.register_session_change_hooks()
        parts.register(StatusEntryPart())
        companions.register(StatusEntryCompanion())
        checkups.register("status_bridge.checkups")
