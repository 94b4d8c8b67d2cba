"""The workflows that vcflow brings along."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sessions_app.definitions import bundled, read_file
from sessions_app.definitions.export import to_yaml
from sessions_app.definitions.schema import Definition
from sessions_app.language import SUPPORTED

STAGES = {
    "design": "brief explore prototype critique handoff",
    "dev": "story spec coding test review",
    "docs": "outline draft review publish",
    "research": "question survey experiment analysis report",
}
TEXT_KEYS = {"name", "text", "description", "exit_condition", "condition"}


def read(path: Path) -> Definition:
    (reading,) = read_file(path)
    assert reading.errors == []
    assert reading.warnings == []
    assert reading.definition is not None
    return reading.definition


def texts(value: Any) -> Iterator[Any]:
    """Every text for people in a definition's content."""
    if isinstance(value, list):
        for entry in value:
            yield from texts(entry)
    elif isinstance(value, dict):
        for key, child in value.items():
            if key in TEXT_KEYS:
                yield child
            elif key in {"roles", "tools"}:
                yield from child
            else:
                yield from texts(child)


def test_bundled_are_the_four_with_their_stages() -> None:
    definitions = {path.stem: read(path) for path in bundled()}
    assert {name: " ".join(stage.id for stage in each.stages) for name, each in definitions.items()} == STAGES
    assert all(name == each.id for name, each in definitions.items())


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_bundled_say_everything_in_every_language(path: Path) -> None:
    found = list(texts(read(path).content()))
    assert len(found) > 40
    for text in found:
        assert set(text) == set(SUPPORTED)
        assert re.search("[\u4e00-\u9fff]", text["zh-hans"])
        assert text["en"].isascii()


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_bundled_have_something_to_do_and_to_give_in_every_stage(path: Path) -> None:
    definition = read(path)
    for stage in definition.stages:
        assert 4 <= len(stage.checklist) <= 8
        assert 1 <= len(stage.deliverables) <= 3
        assert any(deliverable.required for deliverable in stage.deliverables)
        assert stage.roles
        assert stage.exit_condition
        assert stage.depends_on == ()
    ways = {(way.source, way.target) for way in definition.transitions}
    ids = [stage.id for stage in definition.stages]
    assert set(pairwise(ids)) <= ways
    assert len(ways) > len(ids) - 1  # and a way back


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_bundled_are_written_as_export_writes(path: Path) -> None:
    written = path.read_text(encoding="utf-8").replace("\n\n", "\n")
    assert written == to_yaml(read(path)).replace(f"source_rule: {path.name}\n", "")
