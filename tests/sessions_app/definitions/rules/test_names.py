"""How the stages of a file call each other."""

import pytest

from sessions_app.definitions.rules import read
from sessions_app.definitions.rules.names import Names
from sessions_app.definitions.rules.plan import Draft
from sessions_app.definitions.rules.wording import remark
from tests.sessions_app.definitions.rules.looking import codes, ways

SHOP = """### {name}
- **角色**：木工
### 上漆阶段
- **角色**：漆工
- **后续阶段**：{said}
"""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("打磨阶段 (Sanding)", "打磨阶段"),
        ("打磨阶段（Sanding）", "打磨"),
        ("打磨阶段 (Sanding)", "sanding"),
        ("打磨阶段 (Sanding)", "SANDING phase"),
        ("打磨（Sanding）阶段", "打磨阶段"),
        ("打磨阶段", "打磨（细）阶段"),
        ("SANDING阶段", "sanding stage"),
        ("SANDING打磨阶段", "Sanding"),
        ("打磨 sand paper 阶段", "sand-paper"),
        ("【打磨阶段】", "打磨"),
        ("🪵 打磨阶段", "打磨阶段。"),
        ("阶段一：打磨", "打磨"),
        ("Stage: Sanding", "the sanding stage"),
        ("打磨阶段", "stage-1"),
    ],
)
def test_a_stage_is_found_by_any_spelling_of_its_name(name: str, said: str) -> None:
    reading = read(SHOP.format(name=name, said=said), "shop.md")
    assert len(ways(reading)) == 1
    assert codes(reading) == []


@pytest.mark.parametrize("said", ["打磨", "打磨阶段", "粗或 sanding", "打磨，然后交货"])
def test_what_may_be_several_stages_leads_nowhere_and_is_warned_about(said: str) -> None:
    text = "### 打磨阶段 (one)\n- **角色**：甲\n### 打磨阶段 (two)\n- **角色**：乙\n"
    reading = read(text + SHOP.format(name="Sanding阶段", said=said), "shop.md")
    assert [way for way in ways(reading) if way[1] != "sanding"] == []
    assert (9, "unknown-stage") in codes(reading) or said.startswith("粗")


def test_the_candidates_are_named() -> None:
    text = "### 打磨阶段 (one)\n- **角色**：甲\n- **后续阶段**：打磨\n### 打磨阶段 (two)\n- **角色**：乙\n"
    (problem,) = read(text, "shop.md").warnings
    assert (problem.line, problem.code) == (3, "unknown-stage")
    assert "one, two" in problem.message


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("打磨（表面不平时）", [("stage-2", "stage-1", "表面不平时")]),
        ("打磨（表面不平时）或交货", [("stage-2", "stage-1", "表面不平时"), ("stage-2", "stage-3", "干透")]),
        ("打磨（如果不平），交货阶段", [("stage-2", "stage-1", "如果不平"), ("stage-2", "stage-3", "干透")]),
        ("无（到此为止）", []),
        ("暂无", []),
        ("N/A", []),
        ("流程结束", []),
    ],
)
def test_a_remark_beside_a_name_is_the_condition(said: str, expected: list[tuple[str, str, str]]) -> None:
    text = SHOP.format(name="打磨阶段", said=said) + "- **完成标志**：干透\n### 交货阶段\n- **角色**：店长\n"
    reading = read(text, "shop.md")
    assert ways(reading) == expected
    assert codes(reading) == []


def test_a_name_may_hold_a_word_that_joins_names() -> None:
    reading = read(SHOP.format(name="打磨和清洗阶段", said="打磨和清洗"), "shop.md")
    assert ways(reading) == [("stage-2", "stage-1", "")]


def test_a_long_text_names_no_stage() -> None:
    reading = read(SHOP.format(name="打磨阶段", said="木" * 400 + "打磨"), "shop.md")
    assert (ways(reading), codes(reading)) == ([], [(5, "unknown-stage")])


def test_names_within_a_sentence_are_whole_words() -> None:
    names = Names([Draft("test", 1), Draft("retest", 2), Draft("unit test", 3)])
    assert names.within("after the retest, unit-test and latest tests") == [1, 2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a (b)", ("a", "b")),
        ("a（b (c)）", ("a", "b (c)")),
        ("(a)", ("(a)", "")),
        ("a b", ("a b", "")),
        ("a)", ("a)", "")),
        ("", ("", "")),
    ],
)
def test_a_remark_stands_at_the_end(text: str, expected: tuple[str, str]) -> None:
    assert remark(text) == expected
