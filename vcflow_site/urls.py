"""Every address of the site."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from vcflow_site.health import healthz
from vcflow_site.login_form import LoginForm
from vcflow_site.login_links import follow_link

admin.autodiscover()
admin.site.login_form = LoginForm

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/", include("vcflow_site.api")),
    path("favicon.ico", RedirectView.as_view(url=static("vcflow_site/icon.svg"))),
    path("i18n/setlang/", set_language, name="set_language"),
    path("healthz", healthz, name="healthz"),
    path("login/<str:uid>/<str:token>/", follow_link, name="login-link"),
]

handler400 = "vcflow_site.error_pages.bad_request"
handler403 = "vcflow_site.error_pages.forbidden"
handler404 = "vcflow_site.error_pages.not_found"
handler500 = "vcflow_site.error_pages.broken"
