"""A definition that is written out and read back is the same."""

import json
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sessions_app import text
from sessions_app.definitions import read_text
from sessions_app.definitions.export import to_json, to_yaml
from sessions_app.definitions.schema import (
    ChecklistItem,
    Definition,
    Deliverable,
    Lease,
    StageDefinition,
    Transition,
)

IDS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,12}", fullmatch=True)
TRICKY = ["012", "yes", "~", "null", "1e3", "-1", "- x", "a: b # c", "{x}", "*a", "&a", "!t", "'", '"', "# x", "中：文"]


CHARACTERS = st.characters(exclude_categories=["Cc", "Cs"])


def cleaned(value: str) -> str:
    return text.clean_text(value, "text")


LINE = (st.text(CHARACTERS, max_size=20) | st.sampled_from(TRICKY)).map(lambda value: cleaned(value) or "x")
LINES = (st.text(CHARACTERS | st.just("\n"), max_size=30) | st.sampled_from(["a\n  b\n\n c: d", "a \nb"])).map(cleaned)


def in_languages(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str | dict[str, str]]:
    several = st.dictionaries(st.sampled_from(["zh-hans", "en"]), texts.map(lambda value: value or "x"), min_size=1)
    return texts | several


NAMES = in_languages(LINE)
ITEMS = st.lists(st.builds(ChecklistItem, IDS, NAMES, st.booleans()), max_size=3, unique_by=lambda item: item.id)
DELIVERABLES = st.lists(
    st.builds(Deliverable, LINE, NAMES, st.booleans()), max_size=3, unique_by=lambda deliverable: deliverable.id
)


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    ids = draw(st.lists(IDS, min_size=1, max_size=4, unique=True))
    stages = tuple(
        StageDefinition(
            id=stage_id,
            name=draw(NAMES),
            order=order,
            description=draw(in_languages(LINES)),
            required=draw(st.booleans()),
            checklist=tuple(draw(ITEMS)),
            deliverables=tuple(draw(DELIVERABLES)),
            depends_on=tuple(draw(st.lists(st.sampled_from(ids[: order - 1]), unique=True))) if order > 1 else (),
            exit_condition=draw(in_languages(LINES)),
            roles=tuple(draw(st.lists(NAMES, max_size=2))),
            tools=tuple(draw(st.lists(NAMES, max_size=2))),
            timeout=draw(st.none() | st.integers(1, 1000)),
            lease=draw(
                st.none() | st.builds(Lease, st.integers(1, 604_800), st.sampled_from(["keep", "pause", "fail"]))
            ),
        )
        for order, stage_id in enumerate(ids, 1)
    )
    ways = st.builds(Transition, st.sampled_from(ids), st.sampled_from(ids), in_languages(LINES))
    return Definition(
        id=draw(IDS),
        name=draw(NAMES),
        stages=stages,
        type=draw(LINE | st.just("")),
        description=draw(in_languages(LINES)),
        source_rule=draw(LINE | st.just("")),
        parallel=draw(st.booleans()),
        transitions=tuple(draw(st.lists(ways, max_size=3))),
    )


def small(name: str) -> Definition:
    return Definition(id="w", name=name, stages=(StageDefinition(id="a", name=name, order=1),))


@settings(deadline=None, max_examples=50)
@given(definitions())
@example(small("1e3"))
@example(small("x\u2028y"))
@example(small("😀 = 中"))
def test_export_reads_back_equal(definition: Definition) -> None:
    for written, file in ((to_yaml(definition), "w.yaml"), (to_json(definition), "w.json")):
        (reading,) = read_text(written, file)
        assert reading.errors == []
        assert reading.definition == definition


@settings(deadline=None, max_examples=50)
@given(definitions())
def test_content_reads_back_equal(definition: Definition) -> None:
    stored = json.loads(json.dumps(definition.content()))
    assert Definition.from_content(stored) == definition
    assert Definition.from_content(stored).digest() == definition.digest()


def test_export_leaves_out_what_goes_without_saying() -> None:
    stage = StageDefinition(
        id="a",
        name="a",
        order=1,
        checklist=(ChecklistItem("write-it", "Write it"), ChecklistItem("item-2", "测试", required=False)),
        deliverables=(Deliverable("文档", "文档"), Deliverable("spec", {"zh-hans": "规格", "en": "Spec"})),
    )
    definition = Definition(id="w", name="工作流", stages=(stage,), source_rule="w.md")
    assert to_yaml(definition) == (
        "vcflow: 1\n"
        "id: w\n"
        "name: 工作流\n"
        "source_rule: w.md\n"
        "stages:\n"
        "  - id: a\n"
        "    checklist:\n"
        "      - Write it\n"
        "      - text: 测试\n"
        "        required: false\n"
        "    deliverables:\n"
        "      - 文档\n"
        "      - name:\n"
        "          zh-hans: 规格\n"
        "          en: Spec\n"
    )


def test_export_shows_a_text_of_several_lines_as_such() -> None:
    definition = Definition(
        id="w", name="w", stages=(StageDefinition(id="a", name="A", order=1, description="One\nTwo"),)
    )
    assert "    description: |-\n      One\n      Two\n" in to_yaml(definition)


@pytest.mark.parametrize("character", sorted(set(string.punctuation)))
def test_export_survives_every_punctuation_mark(character: str) -> None:
    definition = small(f"{character} x {character}: {character}{character}")
    assert read_text(to_yaml(definition), "w.yaml")[0].definition == Definition.from_content(
        {**definition.content(), "source_rule": ""}
    )
