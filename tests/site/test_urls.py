from unittest.mock import patch
from wsgiref.util import setup_testing_defaults

import pytest
from django.db import OperationalError, connection
from django.utils import translation

from sessions_app import language
from vcflow_site.middleware import speak_the_requests_language
from vcflow_site.wsgi import application


def test_root_leads_to_the_admin(client):
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


@pytest.mark.django_db
def test_healthz_is_one_query(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_healthz_tells_when_the_database_is_away(client):
    with patch.object(connection, "cursor", side_effect=OperationalError("gone")):
        answer = client.get("/healthz")
    assert answer.status_code == 503
    assert b"gone" not in answer.content


@pytest.mark.django_db
def test_static_files_are_served_without_debug(client):
    answer = client.get("/static/admin/css/base.css")
    answer.close()
    assert answer.status_code == 200


@pytest.mark.django_db
def test_browser_finds_an_icon(client):
    answer = client.get("/favicon.ico", follow=True)
    answer.close()
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")


@pytest.mark.django_db(transaction=True)
def test_wsgi_server_gets_answers():
    environ = {"PATH_INFO": "/healthz", "HTTP_HOST": "127.0.0.1"}
    setup_testing_defaults(environ)
    statuses = []
    answer = application(environ, lambda status, _headers: statuses.append(status))
    assert (b"".join(answer), statuses) == (b"ok\n", ["200 OK"])


def test_other_hosts_are_refused(client):
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_services_speak_the_language_of_the_request(rf):
    heard = []
    respond = speak_the_requests_language(lambda _request: heard.append(language.current()))
    for tag in ("zh-hans", "en"):
        with translation.override(tag):
            respond(rf.get("/"))
    assert heard == ["zh-hans", "en"]
    assert language.current() == "en"
