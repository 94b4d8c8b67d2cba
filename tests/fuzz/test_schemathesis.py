"""schemathesis plays the whole description against the API, with every role and with ids that exist.

Each request is taken back, so that the next one meets the same sessions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck
from hypothesis import settings as given_settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

from tests.access.conftest import shared_world, world  # noqa: F401  fixtures
from tests.access.world import World, taken_back
from tests.api.openapi import document

pytestmark = [pytest.mark.fuzz, pytest.mark.django_db]

ROLES = ("operator",)
SCENES = ("idle", "pending", "paused", "completed", "building", "testing", "stage paused", "stage failed", "unused")
CONFIG = """
seed = 1
[generation]
deterministic = true
no-shrink = true
database = "none"
with-security-parameters = false
allow-extra-parameters = true
[checks]
max_response_time = 10.0
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 422]
[checks.positive_data_acceptance]
enabled = false  # what is allowed depends on the state, and texts have rules that JSON Schema can't say
[[operations]]
include-path = "/api/v1/workflows/import/"
# It is also the address of a workflow with that name.
checks.allow_header_conformance.enabled = false
"""
UNKNOWN_HEADER = "x-schemathesis-unknown-property"
THOROUGHLY = CONFIG + "[phases.fuzzing.generation]\nmax-examples = 15\n"
BRIEFLY = CONFIG + "[phases.coverage]\nenabled = false\n[phases.fuzzing.generation]\nmax-examples = 4\nmode = 'all'\n"


@schemathesis.deserializer("text/yaml")
def as_text(_context: Any, response: Any) -> Any:
    """A file is a text, whatever is in it."""
    return response.text


def described(config: str) -> Any:
    """The description for schemathesis."""
    copied = json.loads(json.dumps(document()))
    schema = schemathesis.openapi.from_dict(copied, config=SchemathesisConfig.from_str(config))
    schema.app = WSGIHandler()
    return schema


thorough, brief = described(THOROUGHLY), described(BRIEFLY)


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """The end of a request would close the connection whose transaction holds the world."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def play(case: Any, world: World, role: str, headers: Mapping[str, str]) -> None:  # noqa: F811
    """One request and what is to be said of its answer; most ids become ones that exist."""
    ids = case.meta.components.get(ParameterLocation.PATH)
    scene = crc32(repr((case.path_parameters, case.query, case.body)).encode()) % (len(SCENES) + 2)
    if ids and ids.mode.is_positive and scene < len(SCENES):
        names = {"stage_id": "build", **world.names_for(role, SCENES[scene])}
        case.path_parameters = {name: names.get(name, value) for name, value in case.path_parameters.items()}
    # HTTP lets anybody send headers that nobody knows.
    excluded = [negative_data_rejection] if UNKNOWN_HEADER in (case.headers or {}) else []
    with taken_back():
        # The client of the tests doesn't unpack.
        case.call_and_validate(headers={**headers, "Accept-Encoding": "identity"}, excluded_checks=excluded)


def bearer(world: World, role: str) -> dict[str, str]:  # noqa: F811
    return {} if role == "anonymous" else {"Authorization": f"Bearer {world.token(role)[1]}"}


def cookie(world: World, role: str) -> dict[str, str]:  # noqa: F811
    """As a browser does it: with the cookie of the sign-in and the proof that a page of ours asks."""
    signed_in = world.client(role).cookies[settings.SESSION_COOKIE_NAME].value
    proof = "x" * 32
    cookies = f"{settings.SESSION_COOKIE_NAME}={signed_in}; {settings.CSRF_COOKIE_NAME}={proof}"
    return {"Cookie": cookies, "X-CSRFToken": proof}


# The world is there for all examples, each of which is taken back.
ONE_WORLD = given_settings(suppress_health_check=list(HealthCheck), deadline=None)


@thorough.parametrize()
@ONE_WORLD
def test_the_description_holds(case, world):  # noqa: F811  the fixture
    play(case, world, "admin", bearer(world, "admin"))


@pytest.mark.parametrize("role", ROLES)
@brief.parametrize()
@ONE_WORLD
def test_the_description_holds_for_every_role(case, world, role):  # noqa: F811  the fixture
    play(case, world, role, bearer(world, role))


@brief.parametrize()
@ONE_WORLD
def test_the_description_holds_in_a_browser(case, world):  # noqa: F811  the fixture
    play(case, world, "owner", cookie(world, "owner"))
