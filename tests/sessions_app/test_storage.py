"""A database that is locked, full, read-only or broken: told apart, and nothing is half done."""

import shutil
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError, connection
from django.db.migrations.exceptions import MigrationSchemaMissing

from sessions_app import storage
from sessions_app.actors import Actor, local_actor
from sessions_app.exceptions import Busy, Conflict, FlowError, StorageFailed, StorageFull
from sessions_app.idempotency import Idempotency
from sessions_app.models import WorkflowDefinition
from sessions_app.publishing import delete_workflow, publish, retire
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.databases import default_connection_to, migrate, new_database
from tests.factories import assert_consistent, definition, new_session, publish_workflow, snapshot, stage_in


@pytest.fixture(scope="module")
def template(tmp_path_factory, django_db_blocker):
    """An empty database file to copy."""
    folder = tmp_path_factory.mktemp("template")
    with django_db_blocker.unblock(), new_database("sqlite", folder) as url, default_connection_to(url):
        migrate()
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def file_database(template, tmp_path, django_db_blocker):
    """The default connection on a database file, which other connections can open, and with little patience."""
    path = Path(shutil.copy(template, tmp_path))
    with django_db_blocker.unblock(), default_connection_to(f"sqlite:///{path}"):
        connection.settings_dict["OPTIONS"]["timeout"] = 0.1
        yield path


def chained(error, cause):
    error.__cause__ = cause
    return error


def postgres(sqlstate):
    cause = Exception("from psycopg")
    cause.sqlstate = sqlstate
    return chained(OperationalError("from Django"), cause)


@pytest.mark.parametrize(
    ("sqlstate", "kind", "exit_status", "http_status"),
    [
        ("55P03", Busy, 9, 503),
        ("40P01", Busy, 9, 503),
        ("40001", Busy, 9, 503),
        ("57014", Busy, 9, 503),
        ("53100", StorageFull, 8, 507),
        ("08006", StorageFailed, 1, 500),
        (None, StorageFailed, 1, 500),
    ],
)
def test_error_of_postgresql_is_told_by_its_state(sqlstate, kind, exit_status, http_status):
    error = storage.translate(postgres(sqlstate))
    assert type(error) is kind
    assert (error.exit_status, error.http_status) == (exit_status, http_status)
    assert error.fix


@pytest.mark.parametrize(("sqlstate", "mend"), [("42501", "Grant"), ("25006", "replica")])
def test_postgresql_that_refuses_is_told_apart_from_one_that_fails(sqlstate, mend):
    refusal = postgres(sqlstate)
    refusal.__cause__.diag = SimpleNamespace(message_primary="permission denied for table x")
    error = storage.translate(refusal)
    assert (type(error), error.code) == (StorageFailed, "read-only")
    assert mend in error.fix
    assert error.message.endswith(": permission denied for table x.")


def test_refused_migration_is_told_by_what_it_wraps():
    wrapping = MigrationSchemaMissing("Unable to create a table")
    wrapping.__context__ = postgres("42501")
    assert "Grant" in storage.translate(wrapping).fix


def test_error_without_a_cause_or_a_text_is_told_by_its_class():
    assert "OperationalError" in storage.translate(OperationalError()).message
    assert storage.translate(IntegrityError("UNIQUE")).details == {"reason": "UNIQUE"}


@pytest.mark.django_db
def test_constraint_that_is_hurt_is_a_conflict():
    row = WorkflowDefinition(id="dev", name="x", latest_version=0, created_at=None)
    with pytest.raises(Conflict), storage.translated():
        row.save(force_insert=True)


@pytest.mark.django_db
def test_database_that_lacks_a_table_failed():
    with pytest.raises(StorageFailed) as caught, storage.translated(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM nowhere")
    assert "nowhere" in caught.value.message


@pytest.mark.parametrize("call", [publish, retire, delete_workflow])
def test_workflows_speak_of_storage_too(call, monkeypatch):
    def broken(*_args, **_kwargs):
        raise OperationalError

    monkeypatch.setattr("django.db.transaction.Atomic.__enter__", broken)
    monkeypatch.setattr("sessions_app.publishing.get_workflow", lambda *_args, **_kwargs: WorkflowDefinition(pk="dev"))
    monkeypatch.setattr("django.db.models.query.QuerySet.update", broken)
    with pytest.raises(StorageFailed):
        call(Actor(User(), "python", is_trusted=True), definition() if call is publish else "dev")


@contextmanager
def locked(path):
    """Somebody else is writing."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


def test_locked_database_is_busy_and_nothing_is_lost(file_database):
    flow_session = new_session("build", "test")
    before = snapshot()
    with locked(file_database):
        for change in (
            lambda: FlowSessionManager().pause_session(flow_session.pk),
            lambda: FlowSessionManager().create_session("dev"),
            lambda: StageInstanceManager().run_stage(flow_session.pk, "build"),
            lambda: publish(local_actor(), definition("other")),
            lambda: retire(local_actor(), "dev"),
        ):
            with pytest.raises(Busy) as caught:
                change()
            assert caught.value.exit_status == 9
        assert FlowSessionManager().get_session(flow_session.pk).status == "ACTIVE"
    assert snapshot() == before
    FlowSessionManager().pause_session(flow_session.pk)
    assert_consistent(flow_session.pk)


def test_lock_after_a_needless_request_is_busy_too(file_database, monkeypatch):
    flow_session = new_session()
    manager = FlowSessionManager(idempotency=Idempotency("k", "f", lambda _result, _outcome: {}))
    claim = Idempotency.claim
    claims = []

    def claim_once(self, actor, unknown=None):
        claims.append(actor)
        if len(claims) > 1:
            raise chained(OperationalError("locked"), busy)
        claim(self, actor, unknown)

    busy = sqlite3.OperationalError("locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    monkeypatch.setattr(Idempotency, "claim", claim_once)
    with pytest.raises(Busy):
        manager.start_session(flow_session.pk)


def fill(key):
    """Write notes until there is no room for another; how many there was room for."""
    for number in range(100):
        try:
            FlowSessionManager().note_session(key, "x" * 20_000)
        except StorageFull:
            return number
    raise AssertionError("there is always room")


def test_full_disk_is_told_and_nothing_is_half_done(file_database):
    flow_session = new_session("build", "test")
    stage_in("ACTIVE", flow_session)
    with connection.cursor() as cursor:
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    written = fill(flow_session.pk)
    before = snapshot()
    with pytest.raises(StorageFull) as caught:
        FlowSessionManager().note_session(flow_session.pk, "x" * 20_000)
    assert caught.value.exit_status == 8
    assert snapshot() == before
    assert len(before["sessions_app.SessionEvent"]) == 2 + written
    assert_consistent(flow_session.pk)


def test_read_only_database_is_told(file_database):
    flow_session = new_session()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
    before = snapshot()
    with pytest.raises(StorageFailed) as caught:
        FlowSessionManager().pause_session(flow_session.pk)
    assert caught.value.code == "read-only"
    assert "permissions" in caught.value.fix
    assert snapshot() == before


def test_damaged_database_is_told(file_database):
    publish_workflow("build")
    connection.close()
    with file_database.open("r+b") as file:
        file.write(b"not a database" * 100)
    with pytest.raises(StorageFailed) as caught:
        FlowSessionManager().create_session("dev")
    assert isinstance(caught.value, FlowError)
