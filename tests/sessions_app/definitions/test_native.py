"""vcflow's own format: what it says, and every mistake with its line, place and mend."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sessions_app import text as text_limits
from sessions_app.definitions import checks, read_text
from sessions_app.definitions.ids import SOURCE_LENGTH
from sessions_app.definitions.problems import MOST
from sessions_app.definitions.schema import (
    ChecklistItem,
    Definition,
    Deliverable,
    Problem,
    StageDefinition,
    Transition,
)
from sessions_app.definitions.structure import SCHEMA_FILE

COMPLETE = """\
vcflow: 1
id: dev
name: {zh-hans: 开发, en: Development}
type: development
description: |
  First line.
  Second line.
parallel: true
stages:
  - id: build
    name: Build
    order: 20
    depends_on: [plan]
    timeout: 3600
    required: false
  - id: plan
    name: {zh-hans: 计划, en: Plan}
    order: 10
    description: Think first.
    roles: [Lead, {zh-hans: 开发, en: Developer}]
    tools: [Paper]
    exit_condition: Agreed
    checklist:
      - Goals are written down
      - {id: risks, text: {en: Risks}, required: false}
    deliverables: [plan]
    transitions:
      - {to: build, condition: Agreed}
transitions:
  - {from: build, to: plan}
"""

SMALL = "vcflow: 1\nid: w\nname: W\nstages:\n  - id: a\n    depends_on: []\n"


def read(text: str, file: str = "w.yaml") -> Definition:
    (reading,) = read_text(text, file)
    assert reading.errors == []
    assert reading.warnings == []
    assert reading.definition is not None
    return reading.definition


def errors(text: str, file: str = "w.yaml") -> list[Problem]:
    (reading,) = read_text(text, file)
    assert reading.definition is None
    assert reading.stage_lines == {}
    assert all(problem.message and problem.fix for problem in reading.errors)
    return reading.errors


def stage(body: str) -> str:
    return "vcflow: 1\nid: w\nname: W\nstages:\n  - id: a\n    " + body + "\n"


def test_native_reads_every_part() -> None:
    assert read(COMPLETE) == Definition(
        id="dev",
        name={"zh-hans": "开发", "en": "Development"},
        type="development",
        description="First line.\nSecond line.",
        source_rule="w.yaml",
        parallel=True,
        stages=(
            StageDefinition(
                id="plan",
                name={"zh-hans": "计划", "en": "Plan"},
                order=1,
                description="Think first.",
                roles=("Lead", {"zh-hans": "开发", "en": "Developer"}),
                tools=("Paper",),
                exit_condition="Agreed",
                checklist=(
                    ChecklistItem("goals-are-written-down", "Goals are written down"),
                    ChecklistItem("risks", {"en": "Risks"}, required=False),
                ),
                deliverables=(Deliverable("plan", "plan"),),
            ),
            StageDefinition(id="build", name="Build", order=2, required=False, depends_on=("plan",), timeout=3600),
        ),
        transitions=(Transition("build", "plan"), Transition("plan", "build", "Agreed")),
    )


def test_native_reads_json_and_plain_yaml() -> None:
    data = {"id": "w", "name": "W", "stages": [{"id": "a", "checklist": [{"text": "x", "required": False}]}]}
    expected = read(json.dumps({"vcflow": 1, "$schema": "x", **data}), "w.json")
    assert read(json.dumps(data), "w.json") == expected
    assert read(SMALL.replace("vcflow: 1\n", "")) == read(SMALL)


def test_native_gives_ids_to_items_and_deliverables() -> None:
    checklist = "[Write it, write it!, 写好, {text: {zh-hans: 测, en: Test it}}, {id: write-it-2, text: x}, '!!!']"
    deliverables = "[Report, 报告, {name: {zh-hans: 规格, en: The spec}}, {name: {zh-hans: 图}}, {id: k, name: K}]"
    (only,) = read(stage(f"checklist: {checklist}\n    deliverables: {deliverables}")).stages
    assert [item.id for item in only.checklist] == [
        "write-it", "write-it-3", "item-3", "test-it", "write-it-2", "item-6",
    ]  # fmt: skip
    assert [deliverable.id for deliverable in only.deliverables] == ["Report", "报告", "the-spec", "图", "k"]


def test_native_remembers_the_lines_of_the_stages() -> None:
    (reading,) = read_text(COMPLETE, "w.yaml")
    assert reading.stage_lines == {"build": 10, "plan": 16}


@pytest.mark.parametrize(
    ("text", "line", "path", "code", "fix"),
    [
        (SMALL.replace("id: w", "id: My Flow"), 2, "id", "id", "'my-flow'"),
        (SMALL.replace("id: w", "id: 流程"), 2, "id", "id", "'stage-1'"),
        (SMALL.replace("id: w", f"id: {'x' * 65}"), 2, "id", "length", "Shorten"),
        (SMALL.replace("id: w", "id: 7"), 2, "id", "type", 'quotes: "7"'),
        (SMALL.replace("id: w\n", ""), 1, "", "missing", "'id: …'"),
        (SMALL.replace("vcflow: 1", "vcflow: 2"), 1, "vcflow", "version", "vcflow: 1"),
        (SMALL.replace("name: W", "nmae: W\nname: W"), 3, "nmae", "unknown-key", "Did you mean 'name'?"),
        (SMALL.replace("name: W", "wat: W\nname: W"), 3, "wat", "unknown-key", "known here are"),
        (SMALL.replace("name: W", "name: {zh: W}"), 3, "name.zh", "unknown-key", "zh-hans"),
        (SMALL.replace("name: W", "name: {}"), 3, "name", "empty", "Give it a value"),
        (SMALL.replace("name: W", "name: ' '"), 3, "name", "text", "at least one"),
        (SMALL.replace("name: W", "name:"), 3, "name", "type", "Give it a value"),
        (SMALL.replace("name: W", 'name: "a\\nb"'), 3, "name", "text", "Remove"),
        (SMALL.replace("name: W", f"name: {'x' * 201}"), 3, "name", "length", "Shorten"),
        (SMALL.replace("name: W", "name: W\ndescription: [a]"), 4, "description", "type", "as a text"),
        ("vcflow: 1\nid: w\nname: W\n", 1, "", "missing", "'stages: …'"),
        ("vcflow: 1\nid: w\nname: W\nstages: []\n", 4, "stages", "empty", "Give it a value"),
        ("vcflow: 1\nid: w\nname: W\nstages: 5\n", 4, "stages", "type", "list"),
        ("vcflow: 1\nid: w\nname: W\nstages:\n- just a text\n", 5, "stages[0]", "type", "as a mapping"),
        (SMALL + "  - name: B\n", 7, "stages[1]", "missing", "'id: …'"),
        (SMALL + "  - id: a\n", 7, "stages[1].id", "duplicate-id", "another id"),
        (SMALL + "    order: 1\n  - id: b\n", 8, "stages[1]", "order", "every stage"),
        (SMALL + "    order: 1\n  - {id: b, order: 1}\n", 8, "stages[1].order", "order", "of its own"),
        (stage("timeout: 0"), 6, "stages[0].timeout", "range", "within"),
        (stage("timeout: 315360001"), 6, "stages[0].timeout", "range", "within"),
        (stage("timeout: 1.5"), 6, "stages[0].timeout", "type", "whole number"),
        (stage("required: yes"), 6, "stages[0].required", "type", "true or false"),
        (stage("depends_on: [b]"), 6, "stages[0].depends_on[0]", "unknown-stage", "The stages are: a."),
        (stage("depends_on: [A]"), 6, "stages[0].depends_on[0]", "unknown-stage", "Did you mean 'a'?"),
        (stage("depends_on: [a]"), 6, "stages[0].depends_on[0]", "cycle", "depends_on"),
        (stage("checklist: [a, 7]"), 6, "stages[0].checklist[1]", "type", 'quotes: "7"'),
        (stage("checklist: [{id: a}]"), 6, "stages[0].checklist[0]", "missing", "text"),
        (stage("checklist: [{id: A, text: a}]"), 6, "stages[0].checklist[0].id", "id", "'a'"),
        (
            stage("checklist: [{id: a, text: a}, {id: a, text: b}]"),
            6,
            "stages[0].checklist[1].id",
            "duplicate-id",
            "id",
        ),
        (stage("checklist: {tool: x}"), 6, "stages[0].checklist", "type", "as a list"),
        (stage(f"checklist: [{'x, ' * 501}]"), 6, "stages[0].checklist", "count", "Split"),
        (stage("deliverables: [a, a]"), 6, "stages[0].deliverables[1]", "duplicate-id", "another id"),
        (stage("deliverables: ['']"), 6, "stages[0].deliverables[0]", "empty", "Give it a value"),
        (stage("depends_on: [x, x]"), 6, "stages[0].depends_on", "repeated", "Keep one"),
        (stage("transitions: [{to: b}]"), 6, "stages[0].transitions[0].to", "unknown-stage", "The stages are: a."),
        (SMALL + "transitions:\n  - {from: a, to: b}\n", 8, "transitions[0].to", "unknown-stage", "The stages are"),
        (SMALL + "transitions:\n  - {from: b, to: a}\n", 8, "transitions[0].from", "unknown-stage", "The stages are"),
        (SMALL + "transitions:\n  - {from: a}\n", 8, "transitions[0]", "missing", "'to: …'"),
        (SMALL + "name: again\n", 7, "name", "duplicate-key", "Keep one"),
    ],
)
def test_native_tells_each_mistake(text: str, line: int, path: str, code: str, fix: str) -> None:
    found = [(problem.line, problem.path, problem.code) for problem in errors(text)]
    assert (line, path, code) in found
    problem = errors(text)[found.index((line, path, code))]
    assert fix in problem.fix


def test_native_tells_all_mistakes_at_once_in_the_order_of_their_lines() -> None:
    text = (
        "vcflow: 1\nid: W\nname: W\nstages:\n"
        "  - {id: a, depends_on: [b], timeout: x}\n"
        "  - {id: b, depends_on: [c], colour: red}\n"
        "  - {id: c, depends_on: [a, d]}\n"
        "transitions: [{from: a, to: e}]\n"
    )
    assert [(problem.line, problem.code) for problem in errors(text)] == [
        (2, "id"), (5, "type"), (5, "cycle"), (6, "unknown-key"), (7, "unknown-stage"), (8, "unknown-stage"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("edges", "cycles"),
    [
        ({"a": "b", "b": "a"}, ["a → b → a"]),
        ({"a": "", "b": "c", "c": "d", "d": "b"}, ["b → c → d → b"]),
        ({"a": "b", "b": "a", "c": "d", "d": "c"}, ["a → b → a", "c → d → c"]),
        ({"a": "b", "b": "c", "c": ""}, []),
    ],
)
def test_native_names_each_cycle(edges: dict[str, str], cycles: list[str]) -> None:
    stages = "".join(f"  - {{id: {name}, depends_on: [{target}]}}\n" for name, target in edges.items())
    (reading,) = read_text("vcflow: 1\nid: w\nname: W\nstages:\n" + stages, "w.yaml")
    assert [problem.message.split(": ")[1].rstrip(".") for problem in reading.errors] == cycles


@pytest.mark.parametrize("text", ["services: {web: {}}\n", "- a\n- b\n", "just words\n", "# nothing\n"])
def test_yaml_that_is_no_workflow_is_reported_as_such(text: str) -> None:
    (reading,) = read_text(text, "compose.yaml")
    assert reading.definition is None
    assert reading.errors == []
    assert [problem.code for problem in reading.warnings] == ["no-workflow"]


def test_native_stops_at_a_broken_syntax() -> None:
    assert [(problem.code, problem.line) for problem in errors("vcflow: 1\nid: [\n")] == [("syntax", 3)]


@pytest.mark.parametrize("count", [MOST + 50, 5_000])
def test_native_lists_no_endless_errors(count: int) -> None:
    text = SMALL + "".join(f"k{number}: x\n" for number in range(count))
    found = errors(text)
    assert len(found) == MOST + 1
    assert f"{count - MOST} more" in found[-1].message


def test_native_bounds_what_is_looked_at() -> None:
    found = errors("vcflow: 1\nid: w\nname: W\nstages: [" + "1, " * 100_000 + "]\n")
    assert found[-1].code == "more"


def test_schema_has_the_limits_of_the_other_readers() -> None:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    stage_keys = schema["$defs"]["stage"]["properties"]
    assert schema["properties"]["stages"]["maxItems"] == checks.MAX_STAGES
    assert schema["properties"]["transitions"]["maxItems"] == checks.MAX_TRANSITIONS
    assert schema["properties"]["source_rule"]["maxLength"] == SOURCE_LENGTH
    assert schema["$defs"]["item_text"]["maxLength"] == checks.ITEM_LENGTH
    assert schema["$defs"]["id"]["maxLength"] == checks.ID_LENGTH
    assert schema["$defs"]["name"]["maxLength"] == text_limits.NAME_LENGTH
    assert schema["$defs"]["paragraph"]["maxLength"] == text_limits.TEXT_LENGTH
    assert stage_keys["checklist"]["maxItems"] == stage_keys["deliverables"]["maxItems"] == checks.MAX_ENTRIES
    assert stage_keys["timeout"]["maximum"] == checks.MAX_TIMEOUT


def test_schema_is_valid_and_its_examples_are_read() -> None:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    for example in schema["examples"]:
        read(json.dumps(example), "w.json")


def _described(schema: dict[str, Any], definitions: dict[str, Any]) -> bool:
    named = definitions.get(schema.get("$ref", "").removeprefix("#/$defs/"), {})
    return "description" in schema or "description" in named


def test_schema_describes_each_key() -> None:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    holders = [schema, *(schema["$defs"][name] for name in ("stage", "transition", "stage_transition"))]
    undescribed = [
        key
        for holder in holders
        for key, child in holder["properties"].items()
        if not _described(child, schema["$defs"])
    ]
    assert undescribed == []
