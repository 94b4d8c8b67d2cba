"""Every address of the site."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView

from vcflow_site.health import healthz
from vcflow_site.login_links import follow_link

admin.site.site_header = admin.site.site_title = "vcflow"
# The lists need its room, and the first page leads everywhere.
admin.site.enable_nav_sidebar = False

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=static("vcflow_site/icon.svg"))),
    path("healthz", healthz, name="healthz"),
    path("login/<str:uid>/<str:token>/", follow_link, name="login-link"),
]
