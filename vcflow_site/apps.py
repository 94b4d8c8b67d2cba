from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class SiteConfig(AppConfig):
    name = "vcflow_site"

    def ready(self) -> None:
        # Imports models, which are there only now.
        from vcflow_site import plugins, stamp
        from vcflow_site.backups import schedule

        # Django sends it for apps that have models, each time after all migrations.
        ground = apps.get_app_config("sessions_app")
        post_migrate.connect(stamp.mark_migrated, sender=ground, dispatch_uid="vcflow_site.stamp")
        schedule.register()
        plugins.load()
