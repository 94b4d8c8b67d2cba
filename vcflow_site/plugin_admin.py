"""Django's admin, when plugins may have pages in it."""

from django.contrib.admin.apps import SimpleAdminConfig

from vcflow_site.plugin_apps import import_admin_pages


class AdminWithPlugins(SimpleAdminConfig):
    """One whose pages of plugins can fail."""

    def ready(self) -> None:
        import_admin_pages()
        super().ready()
