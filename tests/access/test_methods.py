"""What no row of the matrix allows is refused: other methods, and HEAD where GET is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.access import matrix
from tests.access.api_requests import PLAYS
from tests.access.matrix import Row
from tests.access.routes import Route, routes
from tests.access.test_api import send, whole
from tests.access.test_matrix import SIGNED
from tests.access.world import World, filled, renamed, stored, unknown

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
API = [route for route in routes() if route.door == "api" and f"POST {route.path}" not in SIGNED]
PLAIN_READS = [row for row in matrix.of_door("api") if row.request.startswith("GET ")]


def answered(world: World, role: str, method: str, path: str) -> Any:
    return world.client(role).generic(method, path)


@pytest.mark.parametrize("route", API, ids=lambda route: route.path)
def test_method_that_is_no_row_is_refused(world: World, route: Route) -> None:
    names, before = world.names_for("admin", "building"), stored()
    others = unknown(names)
    for method in sorted(set(METHODS) - set(route.methods or ())):
        assert answered(world, "anonymous", method, filled(route.path, names)).status_code == 401
        assert answered(world, "admin", method, filled(route.path, names)).status_code == 405
        hidden, absent = (answered(world, "stranger", method, filled(route.path, each)) for each in (names, others))
        assert hidden.status_code == 405
        assert renamed(whole(absent), names, others) == whole(hidden)
    assert stored() == before


@pytest.mark.parametrize("row", PLAIN_READS, ids=lambda row: row.name)
def test_head_is_answered_as_get_without_a_body(world: World, row: Row) -> None:
    play = PLAYS[row.key]
    for role in ("anonymous", "stranger", "viewer"):
        names = world.names_for(role, play.scene)
        got = send(world.client(role), row, play, names)
        path, query = filled(row.request.split()[1], names), filled(play.query or {}, names)
        head = world.client(role).head(path, query)
        assert (head.status_code, head.getvalue()) == (got.status_code, b"")
