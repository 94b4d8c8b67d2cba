"""What a workflow may say of claims of its stages."""

import json

import pytest

from sessions_app.definitions import read_text
from sessions_app.definitions.export import to_yaml
from sessions_app.definitions.schema import Definition, Lease
from tests.factories import definition, stage

FILE = "vcflow: 1\nid: dev\nname: Dev\nstages:\n  - id: build\n    lease: {lease}\n"


def read(lease):
    [reading] = read_text(FILE.format(lease=lease), "dev.yaml")
    return reading


def test_definition_without_a_lease_keeps_the_digest_that_it_always_had():
    made = definition(stage("build", items=["one"]), "test")
    assert made.digest() == "813e02312259e69b003cc68e204c350b96523082bc26c58e1c69155756f2a1f6"
    assert "lease" not in json.dumps(made.content())


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("{seconds: 60, on_expiry: pause}", Lease(60, "pause")),
        ("{on_expiry: fail}", Lease(900, "fail")),
        ("{}", Lease(900, "keep")),
        ("{seconds: 604800}", Lease(604_800, "keep")),
    ],
)
def test_lease_is_read_and_written(said, meant):
    made = read(said).definition
    assert made.stages[0].lease == meant
    assert Definition.from_content(made.content()) == made
    [again] = read_text(to_yaml(made), "dev.yaml")
    assert again.definition.content() == made.content()


@pytest.mark.parametrize(
    ("said", "path", "code"),
    [
        ("{seconds: 0}", "stages[0].lease.seconds", "range"),
        ("{seconds: 604801}", "stages[0].lease.seconds", "range"),
        ("{seconds: true}", "stages[0].lease.seconds", "type"),
        ("{on_expiry: explode}", "stages[0].lease.on_expiry", "choice"),
        ("{on_expiry: 7}", "stages[0].lease.on_expiry", "type"),
        ("{on_end: fail}", "stages[0].lease.on_end", "unknown-key"),
        ("60", "stages[0].lease", "type"),
    ],
)
def test_what_is_wrong_with_a_lease_is_told_with_its_place(said, path, code):
    [problem, *_more] = read(said).errors
    assert (problem.path, problem.code, problem.line) == (path, code, 6)
    assert problem.fix
