"""What is answered in place of a page."""

import json
import logging
import sqlite3

import pytest
from django.conf import settings as site_settings
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.views.decorators.csrf import csrf_protect

from tests.site.test_limits import MEGABYTE
from vcflow_site.error_log import ErrorLogHandler
from vcflow_site.urls import handler400, handler403, handler404, handler500  # noqa: F401  Django looks here for them
from vcflow_site.urls import urlpatterns as real

SECRET = "the password is swordfish"


def breaks(_request):
    raise RuntimeError(SECRET)


def loses_the_database(_request):
    raise OperationalError(SECRET)


def finds_it_locked(_request):
    cause = sqlite3.OperationalError("database is locked")
    cause.sqlite_errorcode = sqlite3.SQLITE_BUSY
    raise OperationalError("database is locked") from cause


def forbids(_request):
    raise PermissionDenied(SECRET)


@csrf_protect
def takes_forms(request):
    return HttpResponse(str(len(request.POST)))


VIEWS = {
    "breaks": breaks,
    "lost": loses_the_database,
    "locked": finds_it_locked,
    "forbids": forbids,
    "form": takes_forms,
}
urlpatterns = [path(f"{door}{name}/", view) for name, view in VIEWS.items() for door in ("", "api/")] + real


@pytest.fixture
def visitor(settings):
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("nowhere", 404, "not-found"),
        ("forbids", 403, "not-allowed"),
        ("breaks", 500, "internal"),
        ("lost", 500, "internal"),
        ("locked", 503, "busy"),
    ],
)
def test_error_is_a_page_or_a_problem(visitor, name, status, code):
    page = visitor.get(f"/{name}/", headers={"accept-language": "en"})
    assert (page.status_code, page["Content-Type"]) == (status, "text/html; charset=utf-8")
    problem = visitor.get(f"/api/{name}/", headers={"accept-language": "en"})
    assert (problem.status_code, problem["Content-Type"]) == (status, "application/problem+json")
    body = json.loads(problem.content)
    assert (body["status"], body["code"]) == (status, code)
    assert body["fix"]
    assert page.has_header("Retry-After") is problem.has_header("Retry-After") is (status == 503)
    assert SECRET not in page.text + problem.text


@pytest.mark.parametrize(("address", "is_problem"), [("/form/", False), ("/api/form/", True)])
def test_form_from_elsewhere_is_refused_with_what_to_do(visitor, address, is_problem):
    answer = visitor.post(address, {"a": "1"}, headers={"accept-language": "en"})
    assert answer.status_code == 403
    assert "load the page with the form again" in answer.text
    assert ('"code":"csrf"' in answer.text) is is_problem


@pytest.mark.parametrize(("language", "sentence"), [("zh-hans", "此地址没有内容"), ("en", "There is nothing at this")])
def test_page_speaks_the_visitors_language(client, language, sentence):
    page = client.get("/nowhere/", headers={"accept-language": language}).text
    assert f'<html lang="{language}">' in page
    assert sentence in page


@pytest.mark.parametrize("https", [False, True])
def test_unknown_host_is_told_the_setting(client, settings, https):
    settings.SECURE_SSL_REDIRECT = https
    for address in ("/", "/api/v1/"):
        answer = client.get(address, headers={"host": "evil<b>.example", "accept-language": "en"})
        assert answer.status_code == 400
        assert "VCFLOW_ALLOWED_HOSTS" in answer.text
        assert "<b>.example" not in answer.text or answer["Content-Type"].startswith("application/")


def test_body_that_grows_past_the_limit_is_too_large(settings, client):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert client.post("/admin/login/", {"username": "x" * 20}).status_code == 413


def test_fault_is_logged_with_its_traceback(tmp_path):
    handler = ErrorLogHandler(tmp_path / "logs")
    logger = logging.Logger("django.request")
    logger.addHandler(handler)
    try:
        breaks(None)
    except RuntimeError:
        logger.exception("Internal Server Error: %s", "/x\x1b[31m/")
    handler.close()
    text = (tmp_path / "logs" / "errors.log").read_text()
    assert "Internal Server Error: /x\\x1b[31m/" in text
    assert f"RuntimeError: {SECRET}" in text
    assert (tmp_path / "logs" / "errors.log").stat().st_mode & 0o077 == 0


def test_faults_of_the_site_reach_the_log(visitor):
    visitor.get("/breaks/")
    assert SECRET in (site_settings.VCFLOW_HOME / "logs" / "errors.log").read_text()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/admin/login/",
        "/nowhere/",
        "/breaks/",
        "/api/breaks/",
        "/healthz",
        "/static/admin/css/base.css",
        "/",
        "/healthz?%00",
    ],
)
def test_every_answer_is_guarded(visitor, address):
    answer = visitor.get(address)
    answer.close()
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_large_body_is_refused_as_a_page_and_as_a_problem(client):
    for address, form in (("/x/", "text/html; charset=utf-8"), ("/api/x/", "application/problem+json")):
        answer = client.post(address, CONTENT_LENGTH=str(MEGABYTE + 1))
        assert (answer.status_code, answer["Content-Type"]) == (413, form)
