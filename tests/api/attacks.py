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


class Spot(NamedTuple):
    """Where a value goes in: ``kind`` is body, query, header or path; ``alike`` is the same for spots alike."""

    kind: str
    place: Place
    alike: str


def targets() -> dict[str, Target]:
    found = {}
    for (request, _case), play in PLAYS.items():
        method, path = request.split()
        operation = operations().get((method, path))
        if operation is not None:
            found.setdefault(operation["operationId"], Target(method, path, operation, play))
    return found


TARGETS = targets()


def places(schema: dict[str, Any], above: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every field that a body may have, and one that it may not: its path, and what is the same for fields alike."""
    schema = SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if above:
        yield above, f"{above[-1]} {json.dumps(schema)}"
    for name, field in schema.get("properties", {}).items():
        yield from places(field, (*above, name))
    if "array" in schema.get("type", ()):
        yield from places(schema["items"], (*above, 0))
    elif "properties" not in schema and "object" in schema.get("type", ()):
        yield (*above, "any"), "any"
    if not above:
        yield ("unheard-of",), "unheard-of"


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
        self.names = world.names_for("admin", self.target.play.scene)
        self.path = str(filled(self.target.path, self.names))
        self.body = filled(self.target.play.body or {}, self.names)
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

    def attack(self, spot: Spot, value: Any, title: str) -> None:
        """One request with the value at the spot."""
        what, name = f"{spot.kind} {spot.place} {title}", str(spot.place[-1])
        body = None if self.target.method == "GET" else json.dumps(self.body).encode()
        if spot.kind == "body":
            self.send(what, self.path, with_value(self.body, spot.place, value))
        elif spot.kind == "query":
            self.send(what, f"{self.path}?{name}={encoded(value)}", body)
        elif spot.kind == "header":
            header = {name: value.encode("utf-8", "surrogatepass").decode("latin-1")}
            self.send(what, self.path, body, headers=header)
        else:
            self.send(what, filled(self.target.path, {**self.names, name: encoded(value)}), body)


def encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def spots(target: Target) -> Iterator[Spot]:
    """Everywhere that a value goes in."""
    kinds = target.operation.get("requestBody", {}).get("content", {})
    for kind in kinds.values():
        yield from (Spot("body", place, alike) for place, alike in places(kind["schema"]))
    for parameter in target.operation.get("parameters", []):
        yield Spot(parameter["in"], (parameter["name"],), f"{parameter['name']} {json.dumps(parameter['schema'])}")


FIRST: dict[tuple[str, str], str] = {}
"""The operation in which a kind of spot is met first; all values there will do for those alike."""
for _name, _target in TARGETS.items():
    for _spot in spots(_target):
        FIRST.setdefault((_spot.kind, _spot.alike), _name)


def attack(world: World, name: str, *, thoroughly: bool = False) -> list[str]:
    """What was wrong with the answers to some values at every spot, or to all values at the spots met first here."""
    made = Attack(world, name)
    for number, spot in enumerate(spots(TARGETS[name]), list(TARGETS).index(name)):
        if thoroughly and FIRST[spot.kind, spot.alike] != name:
            continue
        values: Mapping[str, Any] = VALUES if spot.kind == "body" else TEXTS
        for count, (title, value) in enumerate(values.items()):
            if thoroughly or (count + number) % EVERY == 0:
                made.attack(spot, value, title)
    return made.faults
