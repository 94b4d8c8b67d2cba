"""The API's description: complete, valid, and the same as the one that is checked in."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from tests.api.openapi import document, operations
from vcflow_site import api

CHECKED_IN = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"

READS = ("200", "400", "401", "403", "414", "429", "503")
CHANGES = ("400", "401", "403", "409", "413", "414", "415", "422", "429", "503", "507")


def test_the_checked_in_description_is_what_the_code_says():
    assert json.loads(CHECKED_IN.read_text()) == json.loads(json.dumps(document())), "run: make openapi"


def test_the_description_is_valid_and_made_without_a_warning():
    with GENERATOR_STATS.silence():
        GENERATOR_STATS.reset()
        document.cache_clear()
        made = document()
        assert not GENERATOR_STATS
    validate_schema(made)
    assert made["openapi"].startswith("3.1")


@pytest.mark.parametrize(("method", "path"), sorted(operations()))
def test_operation_is_described(method, path):
    operation = operations()[method, path]
    assert operation["operationId"]
    assert operation["summary"]
    assert operation["description"]
    assert len(operation["tags"]) == 1
    assert all(parameter["description"] for parameter in operation.get("parameters", ()))
    success = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
    assert all("example" in kind or "examples" in kind for kind in success["content"].values())
    body = operation.get("requestBody", {}).get("content", {})
    assert all("example" in kind or "examples" in kind for kind in body.values())


@pytest.mark.parametrize(("method", "path"), sorted(operations()))
def test_operation_lists_every_error(method, path):
    responses = operations()[method, path]["responses"]
    missing = set(READS[1:] if method == "GET" else CHANGES) - set(responses)
    if path.endswith("/incoming/"):
        missing -= {"415"}  # it takes any type: the bytes are signed
    assert missing == set()
    assert ("404" in responses) or "{" not in path
    problems = {status: answer for status, answer in responses.items() if status >= "400"}
    assert all(answer["description"] for answer in problems.values())
    assert {kind for answer in problems.values() for kind in answer["content"]} == {"application/problem+json"}


def shown(content):
    """Each example of a body with the schema that it should fit."""
    for kind, media in content.items():
        if kind == "application/json":
            yield from ((media["schema"], example["value"]) for example in media.get("examples", {}).values())


@pytest.mark.parametrize(("method", "path"), sorted(operations()))
def test_examples_fit_their_schemas(method, path):
    operation = operations()[method, path]
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for schema, example in [pair for body in bodies for pair in shown(body.get("content", {}))]:
        root = {**schema, "components": document()["components"]}
        assert [error.message for error in Draft202012Validator(root).iter_errors(example)] == []


def test_the_description_is_made_once_however_many_ask_at_once(monkeypatch, client):
    monkeypatch.setattr(api, "_made", [])
    made = []

    class Generator:
        def get_schema(self, **_options):
            made.append(1)
            time.sleep(0.05)  # the others arrive meanwhile
            return {"made": len(made)}

    monkeypatch.setattr(api, "SchemaGenerator", Generator)
    with ThreadPoolExecutor(8) as threads:
        answers = set(threads.map(lambda _number: api.description(), range(8)))
    assert answers == {b'{"made":1}'}
    assert client.get("/api/schema/").content == b'{"made":1}'
