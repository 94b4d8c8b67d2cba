"""What stands under the heading of a stage."""

import pytest

from sessions_app.definitions.rules import read
from tests.sessions_app.definitions.rules.looking import codes, workflow


def test_tables_and_code_within_a_stage_are_warned_about() -> None:
    text = (
        "## A stage\n- **Roles**: a\n\n| x | y |\n| - | - |\n| 1 | 2 |\n\n```sh\nls\n```\n## B stage\n- **Roles**: b\n"
    )
    assert codes(read(text, "x.md")) == [(4, "not-taken"), (8, "not-taken")]


def test_checkboxes_outside_the_stages_are_warned_about() -> None:
    text = "## A stage\n- **Roles**: a\n## B stage\n- **Roles**: b\n## Before all\n- [ ] x\n- [ ] y\n"
    assert codes(read(text, "x.md")) == [(6, "not-taken")]


def test_a_loop_that_names_no_stage_is_warned_about() -> None:
    text = "## A stage\n- **Roles**: a\n- **循环回归**：从头再来\n## B stage\n- **Roles**: b\n"
    assert codes(read(text, "x.md")) == [(3, "unknown-stage")]


def test_a_label_with_nothing_after_it_stays_as_text() -> None:
    first_stage = "## A stage\n- **Roles**: a\n\n**Tools**:\n\n**Roles**: c\n"
    text = f"{first_stage}## B stage\n- **Roles**: b\n- **Tools**:\n\n**Outputs**\n"
    first, second = workflow(text).stages
    assert (first.description, first.roles, first.tools) == ("Tools", ("a", "c"), ())
    assert second.description == "- Tools:\nOutputs"


def test_quotes_and_entries_of_several_paragraphs_are_described() -> None:
    text = "## A stage\n- **Roles**: a\n\n  **Outputs**: x\n\n> Mind the gap.\n## B stage\n- **Roles**: b\n- - deep\n"
    first, second = workflow(text).stages
    assert ([d.id for d in first.deliverables], first.description) == (["x"], "Mind the gap.")
    assert second.description == "- deep"


def test_a_label_at_the_margin_ends_the_list_above_it() -> None:
    text = "## A stage\n**Outputs:**\n- code\n- tests\n**Done when:** green\n**Next**: B\n## B stage\n- **Roles**: b\n"
    definition = workflow(text)
    assert [d.id for d in definition.stages[0].deliverables] == ["code", "tests"]
    assert [(way.target, way.condition) for way in definition.transitions] == [("b-stage", "green")]


def test_numbered_stages_without_next_are_in_sequence() -> None:
    text = "## Phase 1: A\n- **Roles**: a\n## Phase 2: B\n- **Roles**: b\n"
    assert [(way.source, way.target) for way in workflow(text).transitions] == [("a", "b")]


def test_symbols_before_a_name_are_no_part_of_it() -> None:
    text = "## 🔍 A阶段\n- **后续阶段**：💡 B阶段\n## 💡 B阶段\n- **后续阶段**：A阶段\n"
    text += "- ~~gone~~\n- **工具**：\n  - ~~x~~\n"
    definition = workflow(text)
    assert [(stage.name, stage.description) for stage in definition.stages] == [("A阶段", ""), ("B阶段", "")]
    assert [(way.source, way.target) for way in definition.transitions] == [("a", "b"), ("b", "a")]


def test_checkboxes_may_be_nested() -> None:
    text = "## 1. A\n- [ ] x\n  - [ ] y\n    - why\n- [ ] ~~z~~\n## 2. B\n"
    first = workflow(text).stages[0]
    assert [item.text for item in first.checklist] == ["x", "y"]
    assert first.description == "- why"


def test_names_of_symbols_alone_lead_nowhere() -> None:
    text = "## 1. —\n- [ ] x\n- **下一步**：y\n## 2. …\n"
    assert codes(read(text, "x.md")) == [(3, "unknown-stage")]


def test_goals_describe_the_stage() -> None:
    first_stage = "## A stage\n- **Roles**: a\n- **目标**：明确\n  - 清楚\n- **Checklist**:\n  - one\n  - [x] two\n"
    text = f"{first_stage}## B stage\n- **Roles**: b\n"
    first = workflow(text).stages[0]
    assert first.description == "明确\n清楚"
    assert [item.text for item in first.checklist] == ["one", "two"]


def test_bullets_of_any_typography_make_a_list() -> None:
    first, second = workflow("### A阶段\n• **输出物**：甲\n### B阶段\n● 输出物：乙\n").stages
    assert ([d.id for d in first.deliverables], [d.id for d in second.deliverables]) == (["甲"], ["乙"])


@pytest.mark.parametrize(("boxes", "said"), [(1, "The 1 checkbox here stands"), (2, "The 2 checkboxes here stand")])
def test_loose_checkboxes_are_counted_in_words(boxes: int, said: str) -> None:
    text = "## Step 1: A\n- [ ] a\n## Step 2: B\n## Notes\n" + "- [ ] x\n" * boxes
    assert [problem.message.startswith(said) for problem in read(text, "x.md").warnings] == [True]
