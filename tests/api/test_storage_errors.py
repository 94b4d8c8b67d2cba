"""A database that fails is told without its own words, which go to the log."""

import pytest
from django.conf import settings as site_settings
from django.db import IntegrityError, OperationalError

from tests.api.conftest import assert_problem

WHERE = 'connection to server at "10.1.2.3", port 5432 failed: FATAL: no user "swordfish"'
LISTS = ("sessions", "stages", "events", "workflows", "tokens")


def log_text() -> str:
    return (site_settings.VCFLOW_HOME / "logs" / "errors.log").read_text()


def failing(error):
    def fail(*_args, **_kwargs):
        raise error(WHERE)

    return fail


@pytest.fixture
def lost(monkeypatch):
    """Makes every query fail."""

    def lose():
        monkeypatch.setattr("django.db.models.sql.compiler.SQLCompiler.execute_sql", failing(OperationalError))

    return lose


@pytest.mark.parametrize("name", LISTS)
def test_a_lost_database_keeps_its_address_to_itself(api, lost, name):
    lost()
    answer = api.get(f"/api/v1/{name}/", headers={"accept-language": "en"})
    body = assert_problem(answer, 500, "storage")
    assert body["detail"] == "The database can't be used."
    assert "10.1.2.3" not in answer.content.decode()
    assert WHERE in log_text()


def test_a_change_keeps_it_too(api, flow_session, monkeypatch):
    monkeypatch.setattr("sessions_app.change.Change.record", failing(OperationalError))
    answer = api.post(f"/api/v1/sessions/{flow_session.pk}/pause/", {}, format="json")
    assert_problem(answer, 500, "storage")
    assert "10.1.2.3" not in answer.content.decode()


def test_many_changes_keep_it_too(api, flow_session, monkeypatch):
    monkeypatch.setattr("sessions_app.change.Change.record", failing(OperationalError))
    body = {"verb": "pause", "ids": [flow_session.pk], "dry_run": False}
    answer = api.post("/api/v1/sessions/bulk/", body, format="json")
    assert answer.json()["results"][0]["code"] == "storage"
    assert "10.1.2.3" not in answer.content.decode()


def test_a_hurt_constraint_names_no_table(api, flow_session, monkeypatch):
    monkeypatch.setattr("sessions_app.change.Change.record", failing(IntegrityError))
    answer = api.post(f"/api/v1/sessions/{flow_session.pk}/pause/", {}, format="json")
    assert assert_problem(answer, 409, "conflict")["details"] == {}
    assert "10.1.2.3" not in answer.content.decode()
    assert f"IntegrityError: {WHERE}" in log_text()
