"""Requests with a hostile value in one place after another, and what may be wrong with their answers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from django.test import Client

from sessions_app.api.documents import SCHEMAS, validator
from tests.access.api_requests import PLAYS, Play
from tests.access.world import World, filled, taken_back
from tests.api.hostile import TEXTS, VALUES
from tests.api.openapi import operations

SECONDS = 10
"""Of the processor, for one request."""
EVERY = 17
LISTS = ("sessions/?expand=stages", "stages/", "events/", "workflows/")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")

Place = tuple[str | int, ...]


class Target(NamedTuple):
    """An operation and a request that it would do."""

    method: str
    path: str
    operation: dict[str, Any]
    play: Play


def targets() -> dict[str, Target]:
    found = {}
    for (request, _case), play in PLAYS.items():
        method, path = request.split()
        operation = operations().get((method, path))
        if operation is not None:
            found.setdefault(operation["operationId"], Target(method, path, operation, play))
    return found


TARGETS = targets()


def places(schema: dict[str, Any], above: Place = ()) -> Iterator[Place]:
    """The paths of every field that a body may have, and of one that it may not."""
    schema = SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if above:
        yield above
    for name, field in schema.get("properties", {}).items():
        yield from places(field, (*above, name))
    if "array" in schema.get("type", ()):
        yield from places(schema["items"], (*above, 0))
    elif "properties" not in schema and "object" in schema.get("type", ()):
        yield (*above, "any")
    if not above:
        yield ("unheard-of",)


def with_value(body: Any, place: Place, value: bytes) -> bytes:
    """The body as JSON with ``value``, which is JSON already, at a place."""
    first, *rest = place
    if isinstance(first, int):
        inner = with_value(body[0] if isinstance(body, list) and body else {}, tuple(rest), value) if rest else value
        return b"[" + inner + b"]"
    given = dict(body) if isinstance(body, dict) else {}
    before = given.pop(first, None)
    inner = with_value(before, tuple(rest), value) if rest else value
    others = [json.dumps(name).encode() + b":" + json.dumps(other).encode() for name, other in given.items()]
    return b"{" + b",".join([*others, json.dumps(first).encode() + b":" + inner]) + b"}"


def fault(answer: Any, seconds: float) -> str:
    """What is wrong with an answer; empty: nothing."""
    text = answer.content.decode()
    if answer.status_code >= 500 or "Traceback" in text or seconds > SECONDS:
        return f"{answer.status_code} after {seconds:.1f} s: {text[:300]}"
    if CONTROL.search(text) or any(CONTROL.search(value) for value in answer.headers.values()):
        return f"control characters: {text[:300]!r}"
    if answer.status_code < 400:
        return ""
    if answer.headers["Content-Type"] != "application/problem+json":
        return f"{answer.status_code} {answer.headers['Content-Type']}"
    body = answer.json()
    faults = [error.message for error in validator("Problem").iter_errors(body)]
    return "" if body["code"] and body["fix"] and body["detail"] and not faults else f"{faults} {text[:300]}"


def closed_lists(world: World) -> list[str]:
    """The lists that don't open any more for somebody who merely looks on."""
    client = world.client("viewer")
    client.raise_request_exception = False
    answers = {path: client.get(f"/api/v1/{path}").status_code for path in LISTS}
    return [f"{path}: {status}" for path, status in answers.items() if status != 200]


class Attack:
    """Sends requests as an administrator, each taken back, and remembers what was wrong."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.target = TARGETS[name]
        self.number = list(TARGETS).index(name)
        names = world.names_for("admin", self.target.play.scene)
        self.path = str(filled(self.target.path, names))
        self.body = filled(self.target.play.body or {}, names)
        self.client: Client = world.client("admin")
        self.client.raise_request_exception = False
        self.faults: list[str] = []

    def send(self, what: str, path: str, body: bytes | None = None, **options: Any) -> None:
        if body is not None:
            options |= {"data": body, "content_type": "application/json"}
        with taken_back():
            began = time.process_time()
            answer = self.client.generic(self.target.method, path, **options)
            wrong = fault(answer, time.process_time() - began)
            if not wrong and self.target.method != "GET" and answer.status_code < 300:
                wrong = ", ".join(closed_lists(self.world))
        if wrong:
            self.faults.append(f"{what}: {wrong}")

    def some(self, values: Mapping[str, Any], *, all_of_them: bool) -> Iterator[tuple[str, Any]]:
        """The values for the next place."""
        self.number += 1
        for count, (name, value) in enumerate(values.items()):
            if all_of_them or (count + self.number) % EVERY == 0:
                yield name, value

    def attack_bodies(self, *, all_of_them: bool = False) -> None:
        for place in places(body_schema(self.target)):
            for title, value in self.some(VALUES, all_of_them=all_of_them):
                self.send(f"{place} {title}", self.path, with_value(self.body, place, value))

    def attack_parameters(self, *, all_of_them: bool = False) -> None:
        for parameter in self.target.operation.get("parameters", []):
            if parameter["in"] == "query":
                for title, text in self.some(TEXTS, all_of_them=all_of_them):
                    self.send(f"{parameter['name']} {title}", f"{self.path}?{parameter['name']}={encoded(text)}")
            if parameter["in"] == "header":
                for title, text in self.some(TEXTS, all_of_them=all_of_them):
                    header = {parameter["name"]: text.encode("utf-8", "surrogatepass").decode("latin-1")}
                    self.send(f"{parameter['name']} {title}", self.path, json.dumps(self.body).encode(), headers=header)

    def attack_ids(self, *, all_of_them: bool = False) -> None:
        body = None if self.target.method == "GET" else json.dumps(self.body).encode()
        names = self.world.names_for("admin", self.target.play.scene)
        for name in re.findall(r"{(\w+)}", self.target.path):
            for title, text in self.some(TEXTS, all_of_them=all_of_them):
                self.send(f"{name} {title}", filled(self.target.path, {**names, name: encoded(text)}), body)


def encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def body_schema(target: Target) -> dict[str, Any]:
    """The schema of what it takes; an empty one if it takes nothing."""
    kinds = target.operation.get("requestBody", {}).get("content", {"": {"schema": {}}})
    return dict(next(iter(kinds.values()))["schema"])


def alike(target: Target) -> str:
    """The same for targets that take the same, of which all values for one will do."""
    parameters = [(each["in"], each["name"]) for each in target.operation.get("parameters", [])]
    return str((target.method, body_schema(target), parameters, target.path.count("/")))


DIFFERENT = list({alike(target): name for name, target in TARGETS.items()}.values())


def attack(world: World, name: str, *, all_of_them: bool) -> list[str]:
    made = Attack(world, name)
    made.attack_bodies(all_of_them=all_of_them)
    made.attack_parameters(all_of_them=all_of_them)
    made.attack_ids(all_of_them=all_of_them)
    return made.faults
