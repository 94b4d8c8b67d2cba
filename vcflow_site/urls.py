"""Every address of the site."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from vcflow_site.health import healthz
from vcflow_site.login_form import LoginForm
from vcflow_site.login_links import follow_link

admin.autodiscover()
admin.site.login_form = LoginForm
admin.site.site_header = admin.site.site_title = "vcflow"
# The lists need its room, and the first page leads everywhere.
admin.site.enable_nav_sidebar = False

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/", include("vcflow_site.api")),
    path("favicon.ico", RedirectView.as_view(url=static("vcflow_site/icon.svg"))),
    path("healthz", healthz, name="healthz"),
    path("login/<str:uid>/<str:token>/", follow_link, name="login-link"),
]

handler400 = "vcflow_site.error_pages.bad_request"
handler403 = "vcflow_site.error_pages.forbidden"
handler404 = "vcflow_site.error_pages.not_found"
handler500 = "vcflow_site.error_pages.broken"
