"""Stages as a numbered sequence."""

import pytest

from sessions_app.definitions.rules import read

BAKERY = """# 面包房开炉规范

## 位置
本规则在全天流程里：
1. DOUGH：夜班和面
2. →→ **当前阶段：bake 师傅开炉** ←←
3. 最后由 shop 上架

## 开炉步骤

### 1. 预热
- 看温度
### 2. 入炉

## 开炉前检查清单

- [x] 炉膛干净
- [ ] 手套在位
  - [ ] 备用手套
"""


def ids(text: str, file: str = "bake-flow.mdc") -> list[str] | None:
    definition = read(text, file).definition
    return [stage.id for stage in definition.stages] if definition else None


def test_the_entries_of_a_marked_list_are_stages_in_sequence() -> None:
    reading = read(BAKERY, "bake-flow.mdc")
    assert reading.definition is not None
    assert [(stage.id, stage.name) for stage in reading.definition.stages] == [
        ("dough", "DOUGH"),
        ("bake", "bake 师傅开炉"),
        ("shop", "最后由 shop 上架"),
    ]
    assert reading.definition.stages[0].description == "夜班和面"
    assert [(way.source, way.target) for way in reading.definition.transitions] == [("dough", "bake"), ("bake", "shop")]


def test_the_checkboxes_belong_to_the_marked_stage() -> None:
    definition = read(BAKERY, "bake-flow.mdc").definition
    assert definition is not None
    assert [len(stage.checklist) for stage in definition.stages] == [0, 3, 0]


def test_the_checkpoints_belong_to_the_marked_stage() -> None:
    reading = read(BAKERY + "\n## 要求\n- **强制检查点 1**：温度计准\n", "bake-flow.mdc")
    assert reading.definition is not None
    assert [len(stage.checklist) for stage in reading.definition.stages] == [0, 4, 0]
    assert "checkpoints" in [problem.code for problem in reading.warnings]


def test_numbered_headings_beside_a_marked_list_are_no_stages() -> None:
    warnings = read(BAKERY, "bake-flow.mdc").warnings
    assert [(problem.line, problem.code) for problem in warnings] == [(11, "not-taken")]
    assert "2 stages" in warnings[0].message


@pytest.mark.parametrize(
    "current",
    ["→→ 写 ←←", "**→→ 当前阶段：写 ←←**", "→→ 当前：**写**", "写 ←←", "➡️➡️ 写 ⬅️⬅️", ">> 写 <<", "→→ `写` ←←"],
)
def test_a_mark_may_be_written_in_several_ways(current: str) -> None:
    definition = read(f"1. 想\n2. {current}\n3. 读\n", "a.md").definition
    assert definition is not None
    assert [stage.name for stage in definition.stages] == ["想", "写", "读"]


@pytest.mark.parametrize("mark", ["{}. ", "{}、", "{}．", "{}） ", "{}) "])
def test_numbers_of_any_typography_make_a_list(mark: str) -> None:
    lines = [mark.format(number) + text for number, text in enumerate(["想", "→→ 写 ←←"], 1)]
    assert ids("\n".join(lines)) == ["stage-1", "stage-2"]


def test_full_width_digits_make_a_list() -> None:
    assert ids("１．想\n２．→→ 写 ←←\n") == ["stage-1", "stage-2"]


def test_the_section_of_a_listed_stage_fills_it() -> None:
    text = "# x\n1. Plan\n2. →→ Build ←←\n\n## Plan\n- **Outputs**: a plan\n### Plan\n- more\n"
    definition = read(text, "x.md").definition
    assert definition is not None
    assert [d.id for d in definition.stages[0].deliverables] == ["a plan"]
    assert definition.stages[0].description == "Plan\n- more"


@pytest.mark.parametrize(
    "headings",
    [
        ("### 1. Plan", "### 2. Build"),
        ("## Step 1: Plan", "## Step 2: Build"),
        ("## 步骤一：Plan", "## 步骤二：Build"),
        ("## 第一步 Plan", "## 第二步 Build"),
        ("## 一、Plan", "## 二、Build"),
        ("## １．Plan", "## ２．Build"),
        ("## ① Plan", "## ② Build"),
        ("## 1️⃣ Plan", "## 2️⃣ Build"),
        ("## 🚀 1. Plan", "## 🎯 2. Build"),
        ("## （1）Plan", "## （2）Build"),
        ("##1、Plan", "##2、Build"),
        ("## Phase 1 - Plan", "## Phase 2 - Build"),
        ("## 阶段一：Plan", "## 阶段二：Build"),
        ("## Plan阶段", "## Build阶段"),
    ],
)
def test_numbered_and_named_headings_are_stages(headings: tuple[str, str]) -> None:
    assert ids(f"# Release\n\n{headings[0]}\n- think\n\n{headings[1]}\ndo\n", "release.md") == ["plan", "build"]


def test_numbered_headings_are_in_sequence_with_their_checkboxes() -> None:
    text = "## Step 1: Prepare\n- [ ] Write notes\n- [ ] Write notes\n- 写\n## Step 3: Ship\n- [x] 发布（可选）\n"
    reading = read(text, "release.md")
    assert reading.definition is not None
    first, second = reading.definition.stages
    assert [item.id for item in first.checklist] == ["write-notes", "write-notes-2"]
    assert first.description == "- 写"
    assert [(item.id, item.text, item.required) for item in second.checklist] == [("item-1", "发布", False)]
    assert [(way.source, way.target) for way in reading.definition.transitions] == [("prepare", "ship")]
    assert [(problem.line, problem.code) for problem in reading.warnings] == [(5, "numbering")]


def test_labels_say_more_than_the_numbers() -> None:
    text = "## 1. A\n- **检查项**：x\n- **下一步**：C\n## 2. B\n## 3. C\n"
    definition = read(text, "release.md").definition
    assert definition is not None
    assert [(way.source, way.target) for way in definition.transitions] == [("a", "c")]


def test_numbers_without_a_name_name_themselves() -> None:
    assert ids("## 第一步\n## 第二步\n") == ["stage-1", "stage-2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## Plan\n- [ ] a\n## Build\n- [ ] b\n## Notes\n", ["plan", "build"]),
        ("## Plan\n### 检查清单\n- [ ] a\n## Build\n- ☐ b\n", ["plan", "build"]),
        ("1. Plan\n   - [ ] a\n2. Build\n", ["plan", "build"]),
        ("## Release workflow\n1. [ ] Plan\n2. [x] Build\n", ["plan", "build"]),
        ("# Release\n## 1. A\n- [ ] a\n## 2. B\n## 1. C\n## 2. D\n", ["a", "b"]),
    ],
)
def test_headings_and_lists_with_checkboxes_are_stages(text: str, expected: list[str]) -> None:
    assert ids(text, "x.md") == expected


def test_a_plain_list_under_a_process_heading_is_taken_with_a_warning() -> None:
    reading = read("# 写作\n## 写作流程\n1. **选题**：想清楚\n2. 起草\n3. 修改\n", "writing-flow.mdc")
    assert reading.definition is not None
    assert [stage.name for stage in reading.definition.stages] == ["选题", "起草", "修改"]
    assert [(problem.line, problem.code) for problem in reading.warnings] == [(3, "plain-list")]


@pytest.mark.parametrize(
    "text",
    [
        "# 写作流程\n## 核心原则\n1. 短\n2. 准\n3. 真\n",
        "# 写作\n## 写作流程\n1. 短\n2. 准\n3. 真\n",
        "# 写作流程\n## 流程\n1. 短\n2. 准\n",
        "# 说明\n## 1. 命名规范\n## 2. 格式要求\n",
        "# 手册\n## 核心原则\n### 1. 简单\n### 2. 清楚\n",
        "# 手册\n## 1. 开头\n",
        "# 手册\n## 1.1 开头\n## 1.2 结尾\n",
        "# 手册\n## 2. 开头\n## 3. 结尾\n",
        "# 手册\n## 清单\n- [ ] 一\n- [ ] 二\n",
        "# 手册\n## 清单\n1. [ ] 一\n2. [ ] 二\n",
        "# 手册\n## 一致性检查\n## 二手书\n",
        "# 手册规范\n## 1. 甲\n## 2. 乙\n",
        "",
        "---\ndescription: x\n---\n",
    ],
)
def test_principles_and_documents_are_no_workflow(text: str) -> None:
    reading = read(text, "writing.mdc")
    assert reading.definition is None
    assert [problem.code for problem in reading.warnings] == ["no-workflow"]


def test_a_numbered_title_of_a_flow_file_is_no_document() -> None:
    assert ids("# 手册规范\n## 1. Cut\n## 2. Sew\n", "sewing-flow.mdc") == ["cut", "sew"]
