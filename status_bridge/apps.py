from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StatusBridgeConfig(AppConfig):
    name = "status_bridge"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Status bridge")
