"""One database per module and engine."""

import pytest

from tests.databases import ENGINES, default_connection_to, migrate, new_database


@pytest.fixture(scope="module", params=ENGINES)
def database(request, tmp_path_factory, django_db_blocker):
    """The default connection on a database that other processes can open too."""
    with (
        django_db_blocker.unblock(),
        new_database(request.param, tmp_path_factory.mktemp("race")) as url,
        default_connection_to(url),
    ):
        migrate()
        yield url
