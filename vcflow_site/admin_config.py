"""The web admin as an app; Django finds its site by name, once models are there."""

from __future__ import annotations

from django.contrib.admin.apps import SimpleAdminConfig


class WebAdminConfig(SimpleAdminConfig):
    """Django's admin with the pages of our site."""

    default_site = "vcflow_site.admin_site.WebAdminSite"
