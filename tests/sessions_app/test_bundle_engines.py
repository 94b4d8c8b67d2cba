"""Bundles go from one database engine to the other and back without a byte's difference."""

import pytest
from django.db import connection

from sessions_app.actors import local_actor
from sessions_app.bundles.importing import Options, check_bundle, take_in
from sessions_app.bundles.writing import Writer
from sessions_app.models import FlowSession
from sessions_app.models.definitions import _stored_version
from tests.databases import ENGINES, default_connection_to, migrate, new_database
from tests.factories import assert_consistent
from tests.sessions_app.test_bundles import worked_on


def written(path):
    ids = list(FlowSession.objects.values_list("pk", flat=True))
    path.write_bytes(b"".join(Writer(local_actor(), with_secrets=True).lines(ids)))


# From one to the other where there is a server, else from one file to another.
WAYS = [(here, there) for here in ENGINES for there in ENGINES if here != there or len(ENGINES) == 1]


@pytest.mark.parametrize(("here", "there"), WAYS)
def test_bundle_is_the_same_on_both_engines(here, there, tmp_path, django_db_blocker):
    path, back = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
    with django_db_blocker.unblock():
        with new_database(here, tmp_path / "here") as url, default_connection_to(url):
            migrate()
            worked_on()
            written(path)
            connection.close()
        _stored_version.cache_clear()
        with new_database(there, tmp_path / "there") as url, default_connection_to(url):
            migrate()
            options = Options(keep_owners=True)
            plan = check_bundle(str(path), options, lambda _count: None)
            take_in(local_actor(), plan, options, lambda _count: None)
            for key in FlowSession.objects.values_list("pk", flat=True):
                assert_consistent(key)
            written(back)
            connection.close()
    assert plan.sessions["imported"] == 2
    assert back.read_bytes() == path.read_bytes()
