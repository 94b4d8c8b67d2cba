"""JSON of the predecessor's in all its shapes, and what is said of what was guessed or left out."""

import json
from typing import Any

import pytest

from sessions_app.definitions.schema import ChecklistItem, Deliverable, Transition
from tests.sessions_app.definitions.predecessor import codes, only, read, readings, workflow


def test_predecessor_reads_a_plain_definition() -> None:
    data = workflow(
        type="t",
        description="What for",
        source_rule="rules/w.mdc",
        version="1.0.0",
        created_at="2024-01-01",
        metadata={"x": 1},
        transitions=[{"id": "t1", "from_stage": "a", "to_stage": "b", "condition": "ready", "description": "on"}],
    )
    data["stages"][0].update(description="First", checklist=["One", "二"], deliverables=["计划"])
    definition, warnings = read(data)
    assert warnings == []
    assert (definition.id, definition.type, definition.source_rule) == ("w", "t", "rules/w.mdc")
    first = definition.stages[0]
    assert first.checklist == (ChecklistItem("one", "One"), ChecklistItem("item-2", "二"))
    assert first.deliverables == (Deliverable("计划", "计划"),)
    assert definition.transitions == (Transition("a", "b", "ready"),)


@pytest.mark.parametrize(
    ("orders", "expected", "warned"),
    [
        ([0, 1, 2], "abc", []),
        ([1, 2, 3], "abc", []),
        ([None, None, None], "abc", []),
        ([30, 10, 20], "bca", []),
        (["3", 1.5, "2"], "bca", []),
        ([2, 1, 1], "bca", ["order"]),
        ([2, 1, None], "abc", ["order"]),
        ([2, 1, "last"], "abc", ["order", "order"]),
        ([2, 1, True], "abc", ["order", "order"]),
        ([2, 1, [3]], "abc", ["order", "order"]),
    ],
)
@pytest.mark.parametrize("key", ["order", "order_index"])
def test_predecessor_orders_the_stages(orders: list[Any], expected: str, warned: list[str], key: str) -> None:
    stages = [{"id": name, "name": name, key: order} for name, order in zip("abc", orders, strict=True)]
    definition, warnings = read(workflow(stages=stages))
    assert "".join(stage.id for stage in definition.stages) == expected
    assert [stage.order for stage in definition.stages] == [1, 2, 3]
    assert codes(warnings) == warned


def test_predecessor_fills_in_a_template() -> None:
    data = {
        "description": "For tests",
        "type": "flow",
        "variables": [
            {"name": "id", "required": True},
            {"name": "name", "required": True},
            {"name": "description", "required": True},
            {"name": "owner", "required": True},
            {"name": "source_rule", "required": False},
            {"name": "limit", "default": 80},
            "not an object",
        ],
        "template": {
            "id": "{{id}}",
            "name": "{{ name }}",
            "description": "{{description}}",
            "source_rule": "{{source_rule}}",
            "stages": [{"id": "a", "name": "A", "checklist": ["Coverage {{limit}} %", "By {{owner}}", "{{what}} is"]}],
        },
    }
    definition, warnings = read(data, "folder/default_flow.json")
    assert (definition.id, definition.name, definition.type) == ("default_flow", "default_flow", "flow")
    assert (definition.description, definition.source_rule) == ("For tests", "default_flow.json")
    assert [item.text for item in definition.stages[0].checklist] == ["Coverage 80 %", "By", "{{what}} is"]
    assert [(problem.code, problem.path) for problem in warnings] == [
        ("template-variable", "template.stages[0].checklist[1]"),
        ("template-variable", "template.stages[0].checklist[2]"),
    ]
    assert "'owner'" in warnings[0].message
    assert "{{what}}" in warnings[1].message


def test_predecessor_takes_what_a_template_leaves_out_from_its_wrapper() -> None:
    data = {
        "name": "Wrapper",
        "variables": {"id": "from-default", "items": ["x", "y"], "spec": {"default": "z"}},
        "template": {"id": "{{id}}", "stages": [{"name": "A", "checklist": "{{items}}", "description": "{{spec}}"}]},
    }
    definition, warnings = read(data)
    assert (definition.id, definition.name) == ("from-default", "Wrapper")
    assert [item.text for item in definition.stages[0].checklist] == ["x", "y"]
    assert definition.stages[0].description == "z"
    assert warnings == []


def test_predecessor_warns_of_placeholders_without_a_template() -> None:
    definition, warnings = read(workflow(id="{{id}}"), "发布.json")
    assert definition.id.startswith("workflow-")
    assert codes(warnings) == ["template-variable"]


@pytest.mark.parametrize("key", ["stages", "stages_data", "stages_data_raw"])
@pytest.mark.parametrize("times", [1, 2])
def test_predecessor_reads_stages_encoded_inside_a_text(key: str, times: int) -> None:
    value: Any = [
        {"name": "静态分析", "order_index": 1, "checklist": {"tool": "pylint", "threshold": 8.0}},
        {"name": "Unit test 单元测试", "order_index": 2},
    ]
    for _time in range(times):
        value = json.dumps(value)
    (reading,) = readings([{"id": "w", "name": "W", key: value}])
    assert reading.definition is not None
    first, second = reading.definition.stages
    assert (first.id, second.id) == ("stage-1", "unit-test")
    assert [(item.id, item.text) for item in first.checklist] == [
        ("tool", "tool: pylint"),
        ("threshold", "threshold: 8.0"),
    ]
    assert reading.stage_lines == {"stage-1": 5, "unit-test": 5}


def test_predecessor_reads_each_workflow_of_a_file() -> None:
    one, two = workflow(), workflow(id="", name="Second one")
    for data in ([one, two], {"workflows": [one, two]}, {"workflow": [one, [two]]}, {"definitions": [one, two]}):
        found = readings(data)
        assert [reading.definition and reading.definition.id for reading in found] == ["w", "second-one"]
        assert {reading.file for reading in found} == {"some-flow.json"}


def test_predecessor_refuses_two_workflows_of_one_id() -> None:
    first, second = readings([workflow(), workflow()])
    assert first.definition is not None
    assert [(problem.code, problem.path) for problem in second.errors] == [("duplicate-id", "[1].id")]


def test_predecessor_reads_stages_that_are_names_or_keys() -> None:
    assert [stage.id for stage in read(workflow(stages=["Plan it", "编码"]))[0].stages] == ["plan-it", "stage-2"]
    keyed = {"plan": {"name": "Plan"}, "code": "Coding", "ship": None}
    found = read(workflow(stages=keyed))[0].stages
    assert [(stage.id, stage.name) for stage in found] == [("plan", "Plan"), ("code", "Coding"), ("ship", "ship")]


def test_predecessor_makes_ids_of_what_is_none() -> None:
    stages = [{"id": "代码"}, {"id": "Code Review"}, {"name": "Ship"}, {"name": "Ship"}, {"id": 5, "name": "Five"}]
    definition, warnings = read({"id": "My Flow", "stages": stages})
    assert definition.id == "my-flow"
    assert [stage.id for stage in definition.stages] == ["stage-1", "code-review", "ship", "ship-2", "5"]
    assert [(problem.code, problem.line) for problem in warnings] == [("id", 2), ("id", 4), ("id", 7)]


def test_predecessor_tells_each_unknown_key_once() -> None:
    stages = [{"id": f"s{number}", "name": "S", "colour": "red", "blank": None} for number in range(3)]
    _definition, warnings = read(workflow(stages=stages, budget=5))
    assert [(problem.code, problem.path) for problem in warnings] == [
        ("unknown-key", "stages[0].colour"),
        ("unknown-key", "budget"),
    ]
    assert "3 times" in warnings[0].message


@pytest.mark.parametrize(
    ("data", "path", "code"),
    [
        (workflow(stages=5), "stages", "type"),
        (workflow(stages=None), "", "type"),
        (workflow(stages=[]), "stages", "count"),
        (workflow(stages=["x"] * 501), "stages", "count"),
        (workflow(stages="[{"), "stages", "syntax"),
        (workflow(stages="none"), "stages", "syntax"),
        (workflow(stages=[7]), "stages[0]", "type"),
        (workflow(stages=[{}]), "stages[0]", "missing"),
        (workflow(stages=[{"id": "a"}, {"id": "a"}]), "stages[1]", "duplicate-id"),
        (workflow(name="x" * 201), "name", "text"),
        (workflow(name=["x"]), "name", "type"),
        (workflow(name={"zh": 5}), "name", "type"),
        (workflow(description={"a": "b"}), "description", "type"),
        (workflow(type="x" * 65), "type", "text"),
        (only(name="a\u0007"), "stages[0].name", "text"),
        (only(name="\ud800"), "stages[0].name", "text"),
        (only(checklist=5), "stages[0].checklist", "type"),
        (only(checklist=[None]), "stages[0].checklist[0]", "type"),
        (only(checklist=[["x"]]), "stages[0].checklist[0]", "type"),
        (only(checklist=["x"] * 501), "stages[0].checklist", "count"),
        (only(checklist=["x" * 2001]), "stages[0].checklist[0]", "text"),
        (
            only(checklist=[{"id": "i", "text": "x"}, {"id": "I", "text": "y"}]),
            "stages[0].checklist[1]",
            "duplicate-id",
        ),
        (only(depends_on=["a"]), "stages[0].depends_on[0]", "cycle"),
        (only(depends_on="z"), "stages[0].depends_on", "unknown-stage"),
        (workflow(transitions=[{"from": "a", "to": ["b"] * 2001}]), "", "count"),
    ],
)
def test_predecessor_refuses_with_the_place(data: Any, path: str, code: str) -> None:
    (reading,) = readings(json.dumps(data))
    assert reading.definition is None
    assert (path, code) in [(problem.path, problem.code) for problem in reading.errors]
    assert all(problem.line == 1 and problem.fix for problem in reading.errors)


@pytest.mark.parametrize("data", [{"name": "package", "version": "1.0.0", "scripts": {}}, [], [1, 2], 5, "text", None])
def test_json_that_is_no_workflow_is_reported_as_such(data: Any) -> None:
    (reading,) = readings(data if not isinstance(data, str) else '"text"')
    assert reading.definition is None
    assert reading.errors == []
    assert codes(reading.warnings) == ["no-workflow"]


def test_predecessor_refuses_a_file_of_too_many_workflows() -> None:
    (reading,) = readings([workflow()] * 101)
    assert codes(reading.errors) == ["count"]


def test_predecessor_tells_a_broken_syntax() -> None:
    (reading,) = readings('{"stages": [}')
    assert codes(reading.errors) == ["syntax"]
