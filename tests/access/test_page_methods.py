"""A page of the admin asks or acts; by any other method than those of forms and links nothing is done."""

from __future__ import annotations

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.test import Client

from tests.access.routes import Route, routes
from tests.access.test_pages import MODELS, VALUES
from tests.access.world import World, filled, stored

pytestmark = pytest.mark.django_db

PAGES = [route for route in routes() if route.door == "admin"]
OTHERS = ("OPTIONS", "TRACE", "PUT", "PATCH", "DELETE")
ONLY_READ = ("/live/", "/version/", "/compare/", "/workflowdefinition/{object_id}/export/", "/export/{file_format}/")
ONLY_WRITTEN = ("/flowsession/views/", "/views/{view_id}/delete/", "/items/", "/deliverables/", "/bulk/")


@pytest.fixture
def staff(world: World) -> World:
    """The same people, who may open the admin."""
    User.objects.update(is_staff=True)
    return world


def address_of(world: World, path: str) -> str:
    names = world.names_for("admin", "building")
    page = MODELS.get("/".join(path.split("/")[2:4]))
    own = {"object_id": quote(filled(page.object_id, names)) if page else "x"}
    own |= {"app_label": "auth", "file_format": "csv", "verb": "pause", "content_type_id": "1", "id": "{user_id}"}
    return filled(filled(path, {**VALUES, **own}), names)


@pytest.mark.parametrize("route", PAGES, ids=lambda route: route.path)
def test_page_takes_no_other_method_and_changes_nothing(staff: World, route: Route) -> None:
    client, before = staff.client("admin", Client), stored()
    for method in OTHERS:
        answer = client.generic(method, address_of(staff, route.path), "reason=so&post=yes", "text/plain")
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST"), method
        assert method in answer.text
        assert "front page" in answer.text
    assert stored() == before


def test_others_are_told_the_same(staff: World) -> None:
    for role in ("anonymous", "stranger"):
        address = address_of(staff, "/admin/sessions_app/flowsession/{object_id}/do/{verb}/")
        assert staff.client(role, Client).options(address).status_code == 405


@pytest.mark.parametrize("path", [route.path for route in PAGES if route.path.endswith(ONLY_READ)])
def test_page_to_read_takes_no_form(staff: World, path: str) -> None:
    answer = staff.client("admin", Client).post(address_of(staff, path))
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert "POST" in answer.text


@pytest.mark.parametrize("path", [route.path for route in PAGES if route.path.endswith(ONLY_WRITTEN)])
def test_link_to_what_forms_alone_do_leads_on(staff: World, path: str) -> None:
    client, before = staff.client("admin", Client), stored()
    answer = client.get(address_of(staff, path))
    assert answer.status_code == 302
    assert client.get(answer["Location"].partition("#")[0]).status_code == 200
    assert stored() == before


def test_addresses_to_read_and_to_write_are_there() -> None:
    for ending in (*ONLY_READ, *ONLY_WRITTEN):
        assert any(route.path.endswith(ending) for route in PAGES), ending
