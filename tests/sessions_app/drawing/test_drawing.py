"""The three pictures: they show what there is, survive what people write, and stay within their bounds."""

import re
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest
from wcwidth import wcswidth

from sessions_app import drawing, language
from sessions_app.definitions import bundled, read_file
from sessions_app.definitions.schema import (
    ChecklistItem,
    Definition,
    Deliverable,
    StageDefinition,
    Transition,
)
from sessions_app.drawing.graph import Arrow, arrows
from sessions_app.drawing.layout import BOX_WIDTH, MOST_LANES, layout
from sessions_app.words import LOOKS

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    '"] --> x["',
    "%%{init: {}}%%",
    "<script>alert(1)</script>",
    "a\nb\tc",
    "`**x**`",
    "1. one",
    "- x",
    "#quot;",
    "]]>",
    "\x1b[31m",
    "\u202eright to left",
    "\ufffe\uffff",
    "名" * 200,
    "x" * 200,
    "👩‍👩‍👧‍👦 family",
]


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    language.activate("en")
    yield
    language.activate(None)


def workflow(
    *ways: tuple[str, str, str], names: str = "abcd", parallel: bool = False, **needs: tuple[str, ...]
) -> Definition:
    stages = tuple(
        StageDefinition(id=name, name=name.upper(), order=order, depends_on=needs.get(name, ()))
        for order, name in enumerate(names, 1)
    )
    return Definition(
        id="w", name="Work", stages=stages, parallel=parallel, transitions=tuple(Transition(*way) for way in ways)
    )


FULL = Definition(
    id="full",
    name={"zh-hans": "全部", "en": "Everything"},
    stages=(
        StageDefinition(
            id="plan",
            name={"zh-hans": "计划", "en": "Plan"},
            order=1,
            checklist=(ChecklistItem("a", "A"), ChecklistItem("b", "B")),
            deliverables=(Deliverable("d", "D"),),
            exit_condition="All agree",
        ),
        StageDefinition(id="build", name="Build", order=2, required=False, depends_on=("plan",)),
    ),
    transitions=(Transition("build", "plan", "not enough"), Transition("build", "build", "again")),
)


def hostile(text: str) -> Definition:
    stages = tuple(
        StageDefinition(id=name, name=text, order=order, exit_condition=text) for order, name in enumerate("abc")
    )
    ways = (Transition("a", "b", text), Transition("c", "a", text), Transition("a", "c", text))
    return Definition(id="w", name=text, stages=stages, transitions=ways)


def parsed(definition: Definition, states: dict[str, str] | None = None) -> ElementTree.Element:
    return ElementTree.fromstring(drawing.svg(definition, states))


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (workflow(), [(0, 1, "order"), (1, 2, "order"), (2, 3, "order")]),
        (workflow(parallel=True), []),
        (workflow(parallel=True, d=("b",)), [(1, 3, "needs")]),
        (workflow(("a", "b", ""), b=("a",), names="ab"), [(0, 1, "way")]),
        (workflow(("b", "a", ""), names="ab"), [(0, 1, "order"), (1, 0, "way")]),
        (workflow(("a", "c", ""), names="abc"), [(0, 1, "order"), (0, 2, "way")]),
        (workflow(c=("a",), names="abc"), [(0, 1, "order"), (0, 2, "needs")]),
    ],
)
def test_arrows_are_ways_then_needs_then_the_order(
    definition: Definition, expected: list[tuple[int, int, str]]
) -> None:
    assert [(arrow.source, arrow.target, arrow.kind) for arrow in arrows(definition)] == expected


def test_arrows_join_the_conditions_of_one_pair() -> None:
    definition = workflow(("a", "b", "one"), ("a", "b", ""), ("a", "b", "two"), names="ab")
    assert arrows(definition) == [Arrow(0, 1, "way", "one / two")]


def test_text_shows_stages_ways_and_states() -> None:
    assert drawing.text(FULL, {"plan": "COMPLETED"}) == (
        "Everything (full)\n"
        "\n"
        "✅ 1. Plan [plan] — done\n"
        " │     2 items · 1 deliverable\n"
        " │     done when: All agree\n"
        " │\n"
        "⏳ 2. Build [build] — to do\n"
        " │     optional\n"
        " │     after: plan\n"
        " ├─↑ Plan: not enough\n"
        " └─↻ Build: again\n"
    )


def test_text_without_a_session_shows_no_states() -> None:
    assert drawing.text(workflow(names="ab")) == "Work (w)\n\n● 1. A [a]\n │\n● 2. B [b]\n"


@pytest.mark.parametrize("width", [30, 80])
@pytest.mark.parametrize("hostile_text", HOSTILE)
def test_text_stays_within_its_width_and_clean(hostile_text: str, width: int) -> None:
    lines = drawing.text(hostile(hostile_text), {"a": "ACTIVE"}, width=width).splitlines()
    assert all(wcswidth(line) <= width for line in lines)
    assert not re.search("[\x00-\x1f\u202e]", "".join(lines))


def test_mermaid_shows_stages_ways_and_states() -> None:
    assert drawing.mermaid(FULL, {"plan": "COMPLETED", "build": "ACTIVE"}) == (
        "%% full\n"
        "flowchart TD\n"
        '    s0["✓ Plan"]:::completed\n'
        '    s1["▶ Build"]:::active\n'
        "    s0 -.-> s1\n"
        '    s1 -->|"not enough"| s0\n'
        '    s1 -->|"again"| s1\n'
        "    classDef active fill:#ddf4ff,stroke:#0969da,color:#0a3069,stroke-width:3px\n"
        "    classDef completed fill:#dafbe1,stroke:#1a7f37,color:#04260f\n"
    )


@pytest.mark.parametrize("hostile_text", HOSTILE)
def test_mermaid_survives_every_name(hostile_text: str) -> None:
    label = r'"(?:[A-Za-z0-9 _,\u00a0-\U0010ffff]|#\d+;)*"'
    line = re.compile(rf"(?:%% w|flowchart TD|    s\d\[{label}\]|    s\d -->(?:\|{label}\|)? s\d)")
    lines = drawing.mermaid(hostile(hostile_text)).splitlines()
    assert [each for each in lines if not line.fullmatch(each)] == []
    assert len(lines) == 8


def test_svg_shows_stages_ways_and_states_in_words_and_signs() -> None:
    root = parsed(FULL, {"plan": "FAILED"})
    words = [element.text for element in root.iter(f"{SVG}text")]
    assert words == [
        "Everything", "✕", "Plan", "plan · failed · 2 items · 1 deliverable", "○", "Build",
        "build · to do · optional", "↑ Plan: not enough", "↻ Build: again", "after: plan",
    ]  # fmt: skip
    groups = [element.get("class") for element in root.iter(f"{SVG}g")]
    assert groups == ["vcf-failed", "vcf-pending"]


@pytest.mark.parametrize("hostile_text", HOSTILE)
def test_svg_survives_every_name_and_is_self_contained(hostile_text: str) -> None:
    root = parsed(hostile(hostile_text))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags == {"svg", "title", "style", "defs", "marker", "path", "rect", "text", "g", "circle"}
    assert "http" not in drawing.svg(hostile(hostile_text)).replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("state", sorted(LOOKS))
def test_svg_styles_every_state(state: str) -> None:
    (box,) = parsed(workflow(names="a"), {"a": state}).iter(f"{SVG}g")
    assert box.get("class") == f"vcf-{state.lower()}"
    assert next(box.iter(f"{SVG}text")).text == LOOKS[state].sign


def test_svg_numbers_the_stages_without_a_session() -> None:
    boxes = parsed(workflow(names="ab")).iter(f"{SVG}g")
    assert [next(box.iter(f"{SVG}text")).text for box in boxes] == ["1", "2"]


def test_layout_keeps_boxes_apart_and_everything_inside() -> None:
    for path in bundled():
        definition = read_file(path)[0].definition
        assert definition is not None
        plan = layout(definition, None)
        gaps = [below.top - above.bottom for above, below in zip(plan.boxes, plan.boxes[1:], strict=False)]
        assert min(gaps) >= 30
        assert plan.height >= plan.boxes[-1].bottom
        assert plan.box_right - plan.box_left == BOX_WIDTH
        for lane in plan.right:
            box = plan.boxes[lane.arrow.source]
            assert box.top < lane.start < box.bottom


def test_layout_gives_overlapping_arrows_lanes_of_their_own() -> None:
    definition = workflow(("d", "a", ""), ("c", "a", ""), ("c", "b", ""), ("a", "c", ""), ("b", "d", ""))
    plan = layout(definition, None)
    assert sorted((lane.arrow.source, lane.arrow.target, lane.number) for lane in plan.right) == [
        (2, 0, 1),
        (2, 1, 0),
        (3, 0, 2),
    ]
    assert sorted((lane.arrow.source, lane.arrow.target, lane.number) for lane in plan.left) == [(0, 2, 0), (1, 3, 1)]


def test_layout_does_not_grow_without_end_at_the_sides() -> None:
    names = [f"s{number}" for number in range(40)]
    stages = tuple(StageDefinition(id=name, name=name, order=order) for order, name in enumerate(names, 1))
    ways = tuple(Transition(name, "s0") for name in names)
    plan = layout(Definition(id="w", name="W", stages=stages, transitions=ways), None)
    assert max(lane.number for lane in plan.right) == MOST_LANES - 1


@pytest.mark.parametrize("draw", [drawing.mermaid, drawing.svg, drawing.text])
def test_drawing_speaks_the_language_in_force(draw: Callable[[Definition], str]) -> None:
    for path in bundled():
        definition = read_file(path)[0].definition
        assert definition is not None
        assert not re.search("[\u4e00-\u9fff]", draw(definition))
