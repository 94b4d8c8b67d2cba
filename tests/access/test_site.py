"""Every cell of the matrix for the addresses that are neither the API's nor the admin's."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.access import matrix
from tests.access.matrix import Row
from tests.access.world import World, filled, stored

pytestmark = pytest.mark.django_db

STATUSES = {"ok": 200, "redirect": 302, "403": 403}


@pytest.mark.parametrize("row", matrix.of_door("site"), ids=lambda row: row.name)
def test_cells_of_the_site_are_true(world: World, row: Row) -> None:
    before = stored()
    for role in row.roles(*matrix.OUTCOMES["site"]):
        path = filled(row.request.split()[1], {"uid": "MQ", "token": "none"})
        answer = world.client(role, Client).get(path)
        assert (role, answer.status_code) == (role, STATUSES[row.cells[role]])
        assert not [key for key in world.session_ids() if key in answer.content.decode()]
    assert stored() == before
