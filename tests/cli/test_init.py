"""``vc init`` inside the test's process; tests/site/test_provision.py plays what it sets up."""

import pytest
from django.db import connection

from tests.cli.conftest import Run


@pytest.mark.parametrize("port", ["0", "-1", "65536", "99999999"])
def test_port_that_can_not_be_is_refused(run: Run, port: str) -> None:
    refused = run("init", f"--port={port}", "--json")
    assert (refused.status, refused.diagnostic["code"]) == (2, "invalid-input")
    assert "65535" in refused.diagnostic["fix"]


def test_link_leads_to_the_port(run: Run) -> None:
    assert run("init", "--port", "65535", "--json").data["login_link"].startswith("http://127.0.0.1:65535/")


def test_tables_that_somebody_dropped_are_named(run: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE stage_items")
        cursor.execute("DROP TABLE session_tombstones")
    refused = run("init", "--json")
    assert (refused.status, refused.diagnostic["code"]) == (1, "storage")
    assert refused.diagnostic["tables"] == ["session_tombstones", "stage_items"]
