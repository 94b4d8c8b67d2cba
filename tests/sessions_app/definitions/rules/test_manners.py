"""The same workflow in the manners of many writers."""

import pytest

from sessions_app.definitions.rules import read
from sessions_app.definitions.rules.labels import checkpoint
from sessions_app.definitions.rules.wording import split_list
from tests.sessions_app.definitions.rules.looking import codes, definition, diagram, names, ways, workflow


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("图纸、（见附件）、样品", ["图纸（见附件）", "样品"]),
        ("图纸、(可选)", ["图纸(可选)"]),
        ("（见附件）", ["（见附件）"]),
        ("a、b 和 c", ["a", "b", "c"]),
        ("图纸、样品和报价", ["图纸", "样品", "报价"]),
        ("图纸和样品", ["图纸和样品"]),
        ("图纸、调和油", ["图纸", "调和油"]),
        ("图纸、总和", ["图纸", "总和"]),
        ("a, b and c", ["a", "b", "c"]),
        ("a, b, and c", ["a", "b", "c"]),
        ("salt and pepper", ["salt and pepper"]),
        ("图 / 表", ["图", "表"]),
        ("A/B", ["A/B"]),
        ("a; b", ["a", "b"]),
        ("图纸，样品等", ["图纸", "样品"]),
        ("saw, hammer etc.", ["saw", "hammer"]),
        ("平等", ["平等"]),
        ("、", []),
        ("报告（含甲、乙）", ["报告（含甲、乙）"]),
        ("报告（含甲（一、二）、乙）、图", ["报告（含甲（一、二）、乙）", "图"]),
        (".gitignore、图", [".gitignore", "图"]),
    ],
)
def test_lists_are_split_as_people_mean_them(text: str, parts: list[str]) -> None:
    assert split_list(text) == parts


@pytest.mark.parametrize("nothing", ["无", "none", "N/A", "n/a", "-", "—", "暂无", "不适用", "None."])
def test_nothing_is_no_deliverable(nothing: str) -> None:
    text = f"### A stage\n- **Outputs**: {nothing}\n- **Roles**: {nothing}\n### B stage\n- **Roles**: b\n"
    first = workflow(text).stages[0]
    assert (first.deliverables, first.roles) == ((), ())


@pytest.mark.parametrize("space", ["\u00a0", "\u3000", "\u2003", " \u200b", "\u3000\u3000\u3000"])
def test_spaces_of_any_kind_are_spaces(space: str) -> None:
    first_stage = f"###{space}A阶段\n-{space}**角色**：甲\n-{space}细看\n"
    text = f"{first_stage}{space}###{space}B阶段\n1.{space}**角色**：乙\n-{space}再看\n"
    first, second = workflow(text).stages
    assert (first.roles, first.description) == (("甲",), "- 细看")
    assert (second.roles, second.description) == (("乙",), "- 再看")


def test_full_width_spaces_indent_lists_and_paragraphs() -> None:
    text = "### A阶段\n- **输出物**：\n\u3000- 图纸\n\n\u3000\u3000\u3000\u3000先量再锯。\n### B阶段\n- **角色**：乙\n"
    first = workflow(text).stages[0]
    assert [deliverable.id for deliverable in first.deliverables] == ["图纸"]
    assert first.description == "先量再锯。"


def test_english_labels_of_many_kinds_are_known() -> None:
    text = """# Joinery flow
## Cut
- **Role**: joiner
- **Owner**: Kim
- **Inputs**: plan
- **Output**: boards
- **Tools**: saw
- **Exit criteria**: all boards fit
- **Next stage**: Glue
## Glue
Role: joiner
Output: frame
Done when: dry
"""
    reading = read(text, "joinery.md")
    first, second = definition(reading).stages
    assert (first.roles, first.tools, first.description) == (("joiner", "Kim"), ("saw",), "- Inputs: plan")
    assert (second.roles, second.exit_condition) == (("joiner",), "dry")
    assert ways(reading) == [("cut", "glue", "all boards fit")]
    assert reading.warnings == []


@pytest.mark.parametrize(
    "table",
    [
        "| 项目 | 内容 |\n| --- | --- |\n| 角色 | 木工、漆工 |\n| **输出物** | 桌子 |",
        "| 角色 | 木工、漆工 |\n| --- | --- |\n| 输出物 | 桌子 |",
        "| 角色 | 输出物 |\n| --- | --- |\n| 木工、漆工 | 桌子 |",
    ],
)
def test_a_table_of_labels_fills_the_stage(table: str) -> None:
    reading = read(f"### A阶段\n\n{table}\n\n### B阶段\n- **角色**：乙\n", "x.md")
    first = definition(reading).stages[0]
    assert (first.roles, [deliverable.id for deliverable in first.deliverables]) == (("木工", "漆工"), ["桌子"])
    assert reading.warnings == []


def test_an_unknown_row_of_such_a_table_is_warned_about() -> None:
    table = "| 角色 | 木工 |\n| --- | --- |\n| 输出物 | 桌子 |\n| 预算 | 百元 |"
    reading = read(f"### A阶段\n\n{table}\n\n### B阶段\n- **角色**：乙\n", "x.md")
    assert codes(reading) == [(6, "unknown-label")]
    assert definition(reading).stages[0].description == "- 预算：百元"


def test_a_table_of_stages_is_named_as_the_reason() -> None:
    reading = read("# 流程\n\n| 阶段 | 角色 |\n| --- | --- |\n| 锯 | 甲 |\n| 磨 | 乙 |\n", "x.md")
    assert (reading.definition, codes(reading)) == (None, [(3, "no-workflow")])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("## 1. Cut stage", "## 2. Glue stage"),
        ("#### 阶段 1：Cut", "#### 阶段 2：Glue"),
        ("### 阶段一 Cut", "### 阶段二 Glue"),
        ("### Phase 1 - Cut", "### Phase 2 - Glue"),
        ("### Stage: Cut", "### Stage: Glue"),
        ("### 阶段：Cut", "### 阶段：Glue"),
        ("### Stage One: Cut", "### Stage Two: Glue"),
        ("### Phase I: Cut", "### Phase II: Glue"),
        ("### Stage A - Cut", "### Stage B - Glue"),
        ("### 1.1 Cut阶段", "### 1.2 Glue阶段"),
        ("### 🚀 【Cut阶段】", "### 🚀 【Glue阶段】"),
        ("**阶段一：Cut**", "**阶段二：Glue**"),
        ("**Cut阶段**", "**Glue阶段**："),
    ],
)
@pytest.mark.parametrize("detail", ["- **Roles**: joiner", "Measure twice."])
def test_stage_headings_of_many_kinds(first: str, second: str, detail: str) -> None:
    reading = read(f"# Joinery\n\n{first}\n{detail}\n\n{second}\n{detail}\n", "x.md")
    assert [stage.id.removesuffix("-stage") for stage in definition(reading).stages] == ["cut", "glue"]
    assert list(reading.stage_lines.values()) == [3, 6]


def test_labels_in_bold_are_no_headings_and_may_stand_above_their_values() -> None:
    reading = read("### A阶段\n**后续阶段：**\nB阶段\n**角色**\n甲\n慢慢来\n### B阶段\n- **角色**：乙\n", "x.md")
    first, second = definition(reading).stages
    assert (first.roles, first.description, second.roles) == (("甲",), "慢慢来", ("乙",))
    assert ways(reading) == [("a", "b", "")]


def test_a_heading_without_text_is_warned_about() -> None:
    reading = read("### A阶段\n- **角色**：甲\n\n### \n- **输出物**：图\n\n### B阶段\n- **角色**：乙\n", "x.md")
    assert codes(reading) == [(4, "empty")]
    assert definition(reading).stages[0].deliverables == ()


def test_the_entries_of_a_list_with_labels_beneath_are_stages() -> None:
    text = "# 做桌子的流程\n1. **锯**：先量\n   - 输出物：板\n   - 预算：无\n"
    text += "2. **磨** - 顺纹\n   - 输出物：面\n3. 阶段三：漆\n"
    reading = read(text, "x.md")
    assert [(stage.name, stage.description) for stage in definition(reading).stages] == [
        ("锯", "先量\n- 预算：无"),
        ("磨", "顺纹"),
        ("漆", ""),
    ]
    assert ways(reading) == [("stage-1", "stage-2", ""), ("stage-2", "stage-3", "")]


def test_bulleted_stages_with_labels_are_in_no_order() -> None:
    reading = read("- **锯阶段**\n  - 角色：甲\n- **磨阶段**\n  - 角色：乙\n", "x.md")
    assert (names(reading), ways(reading)) == (["锯阶段", "磨阶段"], [])


@pytest.mark.parametrize(
    "text",
    [
        "- **锯**\n  - 负责人：甲\n  - 输出：板\n- **磨**\n  - 负责人：乙\n  - 输出：面\n",
        "# 手册\n## 交付要求\n1. **图**\n   - 负责人：甲\n   - 输出：图\n2. **板**\n   - 负责人：乙\n   - 输出：板\n",
        "# 手册\n1. **图**\n   - 负责人：甲\n2. 板\n3. 面\n",
        "# 手册\n1. **图**\n   - 负责人：甲\n2. **板**\n   - 负责人：乙\n",
    ],
)
def test_parts_with_owners_are_no_stages(text: str) -> None:
    assert [problem.code for problem in read(text, "x.md").warnings] == ["no-workflow"]


@pytest.mark.parametrize(
    "raw",
    [
        "**强制检查点 3**: 量过",
        "【强制检查点1】量过",
        "强制检查点1 - 量过",
        "**[强制检查点 4]** 量过",
        "强制检查点二：量过",
    ],
)
def test_checkpoints_of_many_kinds(raw: str) -> None:
    assert checkpoint(raw) == "量过"


@pytest.mark.parametrize(
    "current",
    [
        "→ 磨 ←",
        "→ **当前阶段：磨** ←",
        "磨 (当前阶段)",
        "**磨**（当前）",
        "磨 ← 当前阶段",
        "[当前] 磨",
        "当前阶段：磨",
        "磨 (current)",
        "<<磨<<",
    ],
)
def test_the_current_entry_may_be_marked_in_words(current: str) -> None:
    reading = read(f"1. 锯\n2. {current.replace('<<磨', '磨 ')}\n3. 漆\n\n- [ ] 干净\n", "x.md")
    assert names(reading) == ["锯", "磨", "漆"]
    assert [len(stage.checklist) for stage in definition(reading).stages] == [0, 1, 0]


@pytest.mark.parametrize(
    "text",
    ["- 项目：桌子\n- 当前阶段：磨\n- 负责人：甲\n", "1. 锯 (当前)\n2. 磨 (当前)\n", "1. 当前问题多\n2. 以后再说\n"],
)
def test_the_word_current_alone_makes_no_stages(text: str) -> None:
    assert codes(read(text, "x.md")) == [(None, "no-workflow")]


@pytest.mark.parametrize("kind", ["sequenceDiagram", "journey", "gantt", "classDiagram"])
def test_other_diagrams_are_named_and_not_read(kind: str) -> None:
    reading = diagram(kind, "section 锯", "量: 3: 甲")
    assert (reading.definition, codes(reading)) == (None, [(None, "no-workflow"), (1, "diagram")])
    assert kind in reading.warnings[1].message


def test_a_single_stage_between_start_and_end_is_one_under_a_heading_of_a_process() -> None:
    for drawn in ("flowchart TD\nA[开始] --> B[锯] --> C[结束]", "stateDiagram-v2\n[*] --> 锯\n锯 --> [*]"):
        text = f"## {{}}\n```mermaid\n{drawn}\n```\n"
        assert names(read(text.format("流程"), "x.md")) == ["锯"]
        (problem,) = read(text.format("其他"), "x.md").warnings
        assert (problem.code, problem.line) == ("no-workflow", 2)
        assert "Mermaid" in problem.message


def test_chinese_states_and_their_names() -> None:
    lines = ('state "锯 板" as saw', "[*] --> 待办", "待办 --> saw: 开始", "saw --> [*]")
    assert ways(diagram("stateDiagram-v2", *lines)) == [("stage-1", "saw", "开始")]


def test_an_odd_file_name_is_stored_as_something_printable() -> None:
    text = "### A阶段\n- **角色**：甲\n### B阶段\n- **角色**：乙\n"
    assert workflow(text, "\udcff\udcfe.md").source_rule == r"\udcff\udcfe.md"


@pytest.mark.parametrize(
    ("text", "code"), [("a\n" * 10_001, "too-many"), ("- " * 12 + "a\n", "too-deep"), ("> " * 25 + "a\n", "too-deep")]
)
def test_what_the_parser_takes_too_long_for_or_leaves_out_is_refused(text: str, code: str) -> None:
    (problem,) = read(text, "x.md").errors
    assert problem.code == code
    assert problem.line
    assert problem.fix


def test_nothing_is_lost_below_the_depth_that_is_refused() -> None:
    deep = "".join(f"{'  ' * depth}- n{depth}\n" for depth in range(9))
    first = workflow(f"### A阶段\n- **角色**：甲\n\nx\n\n{deep}### B阶段\n- **角色**：乙\n").stages[0]
    assert "n8" in str(first.description)


def test_the_cells_of_a_table_with_more_columns_are_no_labels() -> None:
    table = "| 角色 | 输出物 | 备注 |\n| --- | --- | --- |\n| 甲 | 板 | 一 |\n| 乙 | 面 | 二 |"
    reading = read(f"### A阶段\n\n{table}\n\n### B阶段\n- **角色**：乙\n- **输出物**：面\n", "x.md")
    assert codes(reading) == [(3, "not-taken")]
