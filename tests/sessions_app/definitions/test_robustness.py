"""Whatever a file holds, the answer is a reading: never a traceback, never half a workflow."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sessions_app.definitions import read_text
from sessions_app.definitions.export import to_yaml
from sessions_app.definitions.schema import Reading

KEYS = st.sampled_from(
    [
        "id",
        "name",
        "type",
        "description",
        "stages",
        "stages_data",
        "order",
        "checklist",
        "items",
        "deliverables",
        "depends_on",
        "transitions",
        "from",
        "to",
        "next",
        "condition",
        "roles",
        "timeout",
        "required",
        "optional",
        "text",
        "template",
        "variables",
        "default",
        "workflows",
        "vcflow",
        "parallel",
        "zh-hans",
        "en",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["a", "b", "end", "{{id}}", "{{x}}", '["a"]', '[{"name": "x"}]', "a、b", "- [ ] x"])
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=25
)
STAGES = st.fixed_dictionaries(
    {"id": st.sampled_from("abcdefgh")},
    optional={
        "name": LEAVES,
        "order": LEAVES,
        "checklist": VALUES,
        "deliverables": VALUES,
        "next": st.sampled_from(["a", "b", "end", None]),
        "roles": st.lists(st.text(max_size=5)),
    },
)
WORKFLOWS = st.fixed_dictionaries(
    {"id": st.sampled_from(["w", "W 1", "{{id}}"]), "stages": st.lists(STAGES, min_size=1, max_size=3)},
    optional={"name": st.text(max_size=5), "transitions": VALUES, "vcflow": st.just(1)},
)


def check(reading: Reading) -> None:
    if reading.errors:
        assert reading.definition is None
        assert all(problem.message and problem.fix for problem in reading.errors)
    elif reading.definition is None:
        assert reading.warnings
    else:
        assert set(reading.stage_lines) == {stage.id for stage in reading.definition.stages}
        (again,) = read_text(to_yaml(reading.definition), "again.yaml")
        assert again.errors == []
        assert again.definition == reading.definition


@settings(deadline=None, max_examples=150)
@given(VALUES | WORKFLOWS)
def test_json_of_any_shape_gives_readings(data: Any) -> None:
    for reading in read_text(json.dumps(data), "any.json"):
        check(reading)


@settings(deadline=None, max_examples=100)
@given(VALUES | WORKFLOWS)
def test_yaml_of_any_shape_gives_readings(data: Any) -> None:
    for reading in read_text(json.dumps(data, indent=1, ensure_ascii=False), "any.yaml"):
        check(reading)


@settings(deadline=None)
@given(st.text(alphabet="ab:-[]{}\"'#&*!|>%@`?,~ \n\t\\", max_size=60))
@example("\ufeff")
@example("%YAML 1.1\n--- a\n...\n")
@example("{stages: [a], vcflow: 1, id: [], name: {}}")
def test_text_of_any_kind_gives_a_reading(text: str) -> None:
    for file in ("any.yaml", "any.json"):
        for reading in read_text(text, file):
            check(reading)
