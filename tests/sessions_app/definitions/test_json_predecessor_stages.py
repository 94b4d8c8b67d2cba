"""What the predecessor's stages hold, and how they lead to each other."""

from typing import Any

import pytest

from sessions_app.definitions.schema import Transition
from tests.sessions_app.definitions.predecessor import codes, only, read, workflow


@pytest.mark.parametrize(
    ("checklist", "expected"),
    [
        (None, []),
        ([], []),
        ("Only one", [("only-one", "Only one", True)]),
        ("- [ ] One\n* two\n\n[x] three", [("one", "One", True), ("two", "two", True), ("three", "three", True)]),
        ([{"text": "T", "required": False}], [("t", "T", False)]),
        ([{"name": "N", "optional": True}], [("n", "N", False)]),
        ([{"title": "T", "id": "My id"}], [("my-id", "T", True)]),
        ([{"item": "I", "required": "maybe"}], [("i", "I", True)]),
        ([{"description": "D", "done": True}], [("d", "D", True)]),
        ([{"text": {"zh": "测试", "en_US": "Test"}}], [("test", {"zh-hans": "测试", "en": "Test"}, True)]),
        ([5, True, 8.0], [("5", "5", True), ("true", "true", True), ("8-0", "8.0", True)]),
        (["a\n  b"], [("a-b", "a b", True)]),
        (["", {"text": " "}, "x"], [("x", "x", True)]),
        ({"tool": "pylint", "min": 3}, [("tool", "tool: pylint", True), ("min", "min: 3", True)]),
        ({"lint": True, "docs": False, "n": None}, [("lint", "lint", True), ("docs", "docs", False), ("n", "n", True)]),
        ({"of": ["a", "b"], "deep": {"x": 1}}, [("of", "of: a, b", True), ("deep", 'deep: {"x": 1}', True)]),
        ({"lint": {"description": "Run it", "required": False}}, [("lint", "Run it", False)]),
        ({"lint": {"required": True}}, [("lint", "lint", True)]),
        ({"items": ["a"], "optional": ["b"]}, [("a", "a", True), ("b", "b", False)]),
        ([{"tool": "x"}], [("tool", "tool: x", True)]),
        ('["a", "b"]', [("a", "a", True), ("b", "b", True)]),
        ("[not json", [("not-json", "[not json", True)]),
    ],
)
def test_predecessor_reads_every_kind_of_checklist(checklist: Any, expected: list[tuple[str, Any, bool]]) -> None:
    definition, _warnings = read(only(checklist=checklist))
    assert [(item.id, item.text, item.required) for item in definition.stages[0].checklist] == expected


@pytest.mark.parametrize(
    ("deliverables", "expected"),
    [
        (
            "PRD文档、架构文档；规格",
            [("PRD文档", "PRD文档", True), ("架构文档", "架构文档", True), ("规格", "规格", True)],
        ),
        (["a", "a"], [("a", "a", True)]),
        ([{"name": "N", "id": "Key"}], [("Key", "N", True)]),
        ({"report": "PDF", "log": False}, [("report", "report: PDF", True), ("log", "log", False)]),
        ({"x": {"name": "X", "optional": True}}, [("x", "X", False)]),
    ],
)
def test_predecessor_reads_every_kind_of_deliverables(deliverables: Any, expected: list[tuple[str, str, bool]]) -> None:
    definition, _warnings = read(only(deliverables=deliverables))
    found = [(each.id, each.name, each.required) for each in definition.stages[0].deliverables]
    assert found == expected


def test_predecessor_reads_the_other_keys_of_a_stage() -> None:
    definition, warnings = read(
        only(roles="Dev, 测试、Ops", tools=["git", " "], exit_criteria="Done\r\nwell", timeout=60, optional=True)
    )
    (stage,) = definition.stages
    assert stage.roles == ("Dev", "测试", "Ops")
    assert stage.tools == ("git",)
    assert (stage.exit_condition, stage.timeout, stage.required) == ("Done\nwell", 60, False)
    assert warnings == []


@pytest.mark.parametrize("word", ["complete", "END", "done", " finish "])
def test_predecessor_reads_a_way_out_as_the_exit_condition(word: str) -> None:
    definition, warnings = read(workflow(transitions=[{"from": "b", "to": word, "condition": "all is well"}]))
    assert definition.transitions == ()
    assert definition.stages[1].exit_condition == "all is well"
    assert [(problem.code, problem.path) for problem in warnings] == [("end-transition", "transitions[0].to")]


def test_predecessor_keeps_a_stage_that_is_called_complete() -> None:
    stages = [{"id": "a", "name": "A", "exit_condition": "own"}, {"id": "complete", "name": "Complete"}]
    definition, warnings = read(workflow(stages=stages, transitions=[{"from": "a", "to": "complete"}]))
    assert definition.transitions == (Transition("a", "complete"),)
    assert warnings == []


@pytest.mark.parametrize(
    ("transition", "expected", "warned"),
    [
        ({"from": "A", "to": "B"}, [("a", "b", "")], []),
        ({"source": "a", "target": ["a", "b"], "description": "why"}, [("a", "a", "why"), ("a", "b", "why")], []),
        ({"from": "a", "to": "b", "condition": ["x", "y"]}, [("a", "b", "x, y")], []),
        ({"from": "a", "to": "b", "condition": True}, [("a", "b", "true")], []),
        ({"from": "a", "to": "nowhere"}, [], ["unknown-stage"]),
        ({"from": "nowhere", "to": "b"}, [], ["unknown-stage"]),
        ({"from": "start", "to": "end"}, [], ["unknown-stage"]),
        ({"from": "a"}, [], ["transition"]),
        ("a -> b", [], ["transition"]),
        ({"from": "a", "to": "b", "weight": 3}, [("a", "b", "")], ["unknown-key"]),
    ],
)
def test_predecessor_reads_transitions(transition: Any, expected: list[tuple[str, ...]], warned: list[str]) -> None:
    definition, warnings = read(workflow(transitions=[transition]))
    assert [(each.source, each.target, each.condition) for each in definition.transitions] == expected
    assert codes(warnings) == warned


@pytest.mark.parametrize(
    ("next_", "expected"),
    [
        ("b", [("a", "b", "")]),
        (["B", "a"], [("a", "b", ""), ("a", "a", "")]),
        ([{"to": "b", "condition": "ok"}], [("a", "b", "ok")]),
        ({"stage": "b"}, [("a", "b", "")]),
        (None, []),
        ([None, {}], []),
        ("end", []),
    ],
)
def test_predecessor_reads_the_next_of_a_stage(next_: Any, expected: list[tuple[str, ...]]) -> None:
    data = workflow()
    data["stages"][0]["next_stage"] = next_
    definition, _warnings = read(data)
    assert [(each.source, each.target, each.condition) for each in definition.transitions] == expected


def test_predecessor_takes_a_next_that_is_also_a_transition_once() -> None:
    data = workflow(transitions=[{"from": "a", "to": "b", "condition": "ok"}])
    data["stages"][0]["next"] = "b"
    assert read(data)[0].transitions == (Transition("a", "b", "ok"),)


def test_predecessor_reads_dependencies_by_id_or_name() -> None:
    data = workflow()
    data["stages"][1]["dependencies"] = ["A", "a"]
    assert read(data)[0].stages[1].depends_on == ("a",)


def test_predecessor_warns_where_the_order_contradicts_the_transitions() -> None:
    _definition, warnings = read(workflow(transitions=[{"from": "b", "to": "a"}]))
    assert codes(warnings) == ["order"]
    loop = [{"from": "a", "to": "b"}, {"from": "b", "to": "a"}]
    assert read(workflow(transitions=loop))[1] == []


def test_predecessor_leaves_out_a_timeout_that_is_none() -> None:
    definition, warnings = read(only(timeout="2h"))
    assert definition.stages[0].timeout is None
    assert codes(warnings) == ["ignored"]
