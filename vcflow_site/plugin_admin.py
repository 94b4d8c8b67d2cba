"""The web admin, when plugins may have pages in it."""

from vcflow_site.admin_config import WebAdminConfig
from vcflow_site.plugin_apps import import_admin_pages


class AdminWithPlugins(WebAdminConfig):
    """One whose pages of plugins can fail."""

    def ready(self) -> None:
        import_admin_pages()
        super().ready()
