"""The matrix is complete: every address and every command is in it, nothing else is, and every cell says something."""

from __future__ import annotations

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.access import matrix
from tests.access.api_requests import PLAYS
from tests.access.commands import CALLS
from tests.access.matrix import BOUNDS, OUTCOMES, ROLES, SIGNED_IN, Row
from tests.access.routes import routes
from tests.access.world import ALL_SCOPES
from tests.architecture.command_reference import commands

ROWS = matrix.read()
NAMED_LIKE_AN_ADDRESS = {"GET /api/v1/workflows/import/", "DELETE /api/v1/workflows/import/"}
"""A workflow may be called so; the document describes these under the address of any workflow."""

SIGNED = {"POST /api/v1/webhooks/{webhook_id}/incoming/"}
"""A signature is the login there, and nobody's role counts: tests/api/test_webhooks_incoming.py."""


def requests(door: str) -> set[str]:
    return {row.request for row in ROWS if row.door == door}


def documented() -> set[str]:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return {f"{method.upper()} {path}" for path, item in paths.items() for method in item if method != "parameters"}


def test_every_operation_of_the_document_is_a_row() -> None:
    assert requests("api") - NAMED_LIKE_AN_ADDRESS == documented() - SIGNED


def test_every_address_of_the_api_is_a_row_for_each_method() -> None:
    routed = {f"{method} {route.path}" for route in routes() if route.door == "api" for method in route.methods or "?"}
    assert requests("api") == routed - SIGNED


@pytest.mark.parametrize("door", ["admin", "site"])
def test_every_other_address_is_a_row(door: str) -> None:
    rows = {request.split()[1] for request in requests(door) if "*" not in request}
    assert rows == {route.path for route in routes() if route.door == door}


def test_every_command_is_a_row() -> None:
    assert requests("cli") == {f"vc {name}" for name, _command in commands()}


def test_every_row_of_the_api_and_the_commands_is_walked() -> None:
    assert {row.key for row in ROWS if row.door == "api"} == PLAYS.keys()
    assert {row.key for row in ROWS if row.door == "cli"} == CALLS.keys()


def test_no_row_stands_twice() -> None:
    keys = [(row.door, *row.key) for row in ROWS]
    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.door} {row.name}")
def test_every_cell_has_a_meaning(row: Row) -> None:
    people = [role for role in ROLES if role != "local"] + (["local"] if row.door == "cli" else [])
    columns = [*people, *(BOUNDS if row.door == "api" else ())]
    assert {row.cells[column] for column in columns} <= OUTCOMES[row.door].keys()
    assert {cell for column, cell in row.cells.items() if column not in columns} <= {"-"}
    assert set(row.scopes) <= set(ALL_SCOPES)
    assert bool(row.scopes) == (row.door == "api")


@pytest.mark.parametrize("row", matrix.of_door("api"), ids=lambda row: row.name)
def test_nobody_may_less_than_a_lesser_one(row: Row) -> None:
    """From the viewer on; but who owns a session is not therefore anybody in its team."""
    done = [row.cells[role] == "ok" for role in ("viewer", "operator", "owner", "admin")]
    if row.case != "in the team":
        assert done == sorted(done)
    assert row.cells["admin"] == "ok"
    assert {row.cells[role] for role in SIGNED_IN} != {"401"}
