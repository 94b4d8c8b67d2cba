"""A database of before there were entries: the next command brings it up to date."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from sessions_app.models import FlowSession
from status_bridge.models import StatusEntry
from tests.databases import ENGINES, default_connection_to, migrate, new_database
from tests.factories import assert_entry_tells, session_in
from vcflow_site import provision, stamp


@pytest.fixture(params=ENGINES)
def database(request, tmp_path, django_db_blocker):
    with (
        django_db_blocker.unblock(),
        new_database(request.param, tmp_path) as url,
        default_connection_to(url),
    ):
        migrate()
        yield url


def test_sessions_of_before_are_entered_when_the_database_is_brought_up(database):
    for status in ("PENDING", "ACTIVE", "PAUSED", "COMPLETED", "FAILED", "ABORTED"):
        session_in(status)
    call_command("migrate", "status_bridge", "zero", verbosity=0)
    assert "status_entries" not in connection.introspection.table_names()
    assert not stamp.is_complete()
    provision.initialise(lambda _message: None)
    assert stamp.is_complete()
    assert StatusEntry.objects.count() == 6
    for flow_session in FlowSession.objects.all():
        assert_entry_tells(flow_session)
