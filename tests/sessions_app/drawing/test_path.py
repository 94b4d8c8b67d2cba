"""The way that a session took, drawn into its workflow's graph."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sessions_app import drawing
from sessions_app.definitions.schema import Definition, StageDefinition, Transition
from sessions_app.drawing.graph import numbers, with_path
from sessions_app.drawing.layout import layout

SVG = "{http://www.w3.org/2000/svg}"


def workflow(*ways: tuple[str, str], parallel: bool = False) -> Definition:
    stages = tuple(StageDefinition(id=name, name=name.upper(), order=order) for order, name in enumerate("abcd", 1))
    return Definition("w", "Work", stages, parallel=parallel, transitions=tuple(Transition(*way) for way in ways))


def taken(definition: Definition, path: str) -> list[tuple[int, int, str, tuple[int, ...]]]:
    found = with_path(definition, path.split())
    return [(arrow.source, arrow.target, arrow.kind, arrow.taken) for arrow in found if arrow.taken]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", []),
        ("a", []),
        ("a b", [(0, 1, "order", (2,))]),
        ("a b a b", [(0, 1, "order", (2, 4)), (1, 0, "jump", (3,))]),
        ("a d", [(0, 3, "jump", (2,))]),
        ("a a", [(0, 0, "jump", (2,))]),
        ("a extra b", [(0, 1, "order", (3,))]),
    ],
)
def test_path_takes_arrows_by_the_numbers_of_its_visits(
    path: str, expected: list[tuple[int, int, str, tuple[int, ...]]]
) -> None:
    assert taken(workflow(), path) == expected


def test_way_of_the_definition_is_taken_as_what_it_is() -> None:
    assert taken(workflow(("b", "a")), "a b a") == [(0, 1, "order", (2,)), (1, 0, "way", (3,))]


def test_no_way_is_made_up_where_stages_are_done_at_once() -> None:
    assert taken(workflow(parallel=True), "a b c") == []


@pytest.mark.parametrize(
    ("visits", "told"), [((), ""), ((3,), "3"), ((1, 4, 9), "1, 4, 9"), ((1, 2, 3, 4, 40), "1, 2, …, 40")]
)
def test_many_numbers_are_told_by_the_first_and_the_last(visits: tuple[int, ...], told: str) -> None:
    assert numbers(visits) == told


def test_picture_shows_visits_attempts_and_the_ways_taken() -> None:
    path = ["a", "b", "a", "b", "c"]
    root = ElementTree.fromstring(drawing.svg(workflow(), {"a": "COMPLETED", "c": "ACTIVE"}, path=path, style=False))
    words = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert [text for text in words if text.startswith("→")] == ["→ 1, 3", "→ 2, 4", "→ 5"]
    assert "a · done · 2 attempts" in words
    steps = [element.text for element in root.iter(f"{SVG}text") if element.get("class") == "vcf-step-number"]
    assert steps == ["2, 4", "5", "3"]
    lines = [element.get("class") for element in root.iter(f"{SVG}path") if "taken" in str(element.get("class"))]
    assert lines.count("vcf-arrow vcf-taken") == 2
    assert "vcf-arrow vcf-back vcf-taken" in lines


def test_picture_for_a_page_has_no_style_of_its_own() -> None:
    picture = drawing.svg(workflow(), path=["a", "b"], style=False)
    assert "style" not in picture
    assert drawing.svg(workflow()).count("<style>") == 1


def test_numbers_stay_inside_the_picture() -> None:
    path = ["a", "d", "a", "c", "b", "a"] * 40
    plan = layout(workflow(), None, path)
    root = ElementTree.fromstring(drawing.svg(workflow(), path=path))
    for step in root.iter(f"{SVG}rect"):
        if step.get("class") == "vcf-step":
            left, width = float(step.get("x", 0)), float(step.get("width", 0))
            assert left >= 0
            assert left + width <= plan.width


def test_page_has_a_colour_for_all_that_the_picture_knows() -> None:
    css = Path(drawing.__file__).parents[1] / "static" / "sessions_app" / "drawing.css"
    classes = re.compile(r"\.(vcf[\w-]*)")
    assert set(classes.findall(drawing.STYLE)) <= set(classes.findall(css.read_text()))
