"""Stages as headings: labelled bullets and mandatory checkpoints."""

import pytest

from sessions_app.definitions.rules import read
from tests.sessions_app.definitions.rules.looking import codes, workflow

TEASHOP = """---
description: 茶饮新品从想法到上架
---

# 新品上市

## 阶段一览

- **选料阶段**：找到值得做的原料
- **试饮阶段**: 让人先喝到

## 各阶段

### 选料阶段
- **主要角色**：采购员、调饮师
- **主要工具**：样品柜/价格表
- **输出物**：原料清单，供应商报价（可选）
- **完成标志**：三家供应商报价齐全
- **后续阶段**：试饮阶段

### 试饮阶段 ###
* 主要角色: 调饮师
* **交付物：**
  - 配方
  - 试饮记录
* **检查清单**
  - [ ] 试饮人数不少于十人
  - [x] 过敏原已标注
* **预算**：五百元
* **完成标准**：平均分不低于四分
* **后续阶段**：LAUNCH
* **循环回归**：分数不够时回到选料阶段

### LAUNCH阶段（可选）
**负责人**：店长
**完成标志**：全部门店上架

上架当天要有人在场。

#### 输出物

1. 海报
2. 价目表

#### 后续阶段

无

### 术语
- 小料：加在茶里的东西
"""


def test_labelled_headings_are_stages_with_their_lines() -> None:
    reading = read(TEASHOP, "somewhere/tea-launch.mdc")
    assert reading.stage_lines == {"stage-1": 14, "stage-2": 21, "launch": 34}
    assert reading.file == "somewhere/tea-launch.mdc"
    assert reading.errors == []


def test_labelled_headings_give_the_workflow_its_header() -> None:
    definition = workflow(TEASHOP, "tea-launch.mdc")
    assert (definition.id, definition.name, definition.type) == ("tea-launch", "新品上市", "rule")
    assert (definition.description, definition.source_rule) == ("茶饮新品从想法到上架", "tea-launch.mdc")


def test_labels_fill_the_stage() -> None:
    first = workflow(TEASHOP, "tea-launch.mdc").stages[0]
    assert (first.name, first.description) == ("选料阶段", "找到值得做的原料")
    assert (first.roles, first.tools) == (("采购员", "调饮师"), ("样品柜", "价格表"))
    assert [(d.id, d.required) for d in first.deliverables] == [("原料清单", True), ("供应商报价", False)]
    assert first.exit_condition == "三家供应商报价齐全"


def test_values_may_be_nested_lists_paragraphs_or_lower_headings() -> None:
    _first, second, third = workflow(TEASHOP, "tea-launch.mdc").stages
    assert [d.id for d in second.deliverables] == ["配方", "试饮记录"]
    assert [(item.id, item.text) for item in second.checklist] == [
        ("item-1", "试饮人数不少于十人"),
        ("item-2", "过敏原已标注"),
    ]
    assert (third.roles, third.exit_condition) == (("店长",), "全部门店上架")
    assert [d.id for d in third.deliverables] == ["海报", "价目表"]
    assert third.description == "上架当天要有人在场。"
    assert (third.name, third.required) == ("LAUNCH阶段", False)


def test_next_and_loop_are_transitions() -> None:
    ways = [(way.source, way.target, way.condition) for way in workflow(TEASHOP, "tea-launch.mdc").transitions]
    assert ways == [
        ("stage-1", "stage-2", "三家供应商报价齐全"),
        ("stage-2", "launch", "平均分不低于四分"),
        ("stage-2", "stage-1", "分数不够时回到选料阶段"),
    ]


def test_an_unknown_label_is_warned_about_and_kept() -> None:
    reading = read(TEASHOP, "tea.mdc")
    assert codes(reading) == [(29, "unknown-label")]
    assert reading.definition is not None
    assert "预算：五百元" in str(reading.definition.stages[1].description)


ENGLISH = """# Garden year

## Sowing stage
- **Roles**: gardener; helper
- Tools: rake, seed tray
- **Deliverables**: sown beds
- **Done when**: every bed has a label
- **Next**: {next}

## Phase 2: Growing
- **Owner**: gardener
- **Checklist**: water, weed
- **Exit condition**: first fruit
- **Next stage**: Harvest

## Harvest stage
- **Outputs**: baskets
"""


def test_english_labels_and_numbered_phases_are_read() -> None:
    definition = workflow(ENGLISH.format(next="Growing"), "garden.md")
    assert [(stage.id, stage.name) for stage in definition.stages] == [
        ("sowing-stage", "Sowing stage"),
        ("growing", "Growing"),
        ("harvest-stage", "Harvest stage"),
    ]
    assert definition.stages[0].tools == ("rake", "seed tray")
    assert [item.id for item in definition.stages[1].checklist] == ["water", "weed"]
    assert [(way.source, way.target, way.condition) for way in definition.transitions] == [
        ("sowing-stage", "growing", "every bed has a label"),
        ("growing", "harvest-stage", "first fruit"),
    ]


@pytest.mark.parametrize(
    ("sentence", "expected", "unknown"),
    [
        ("GROWING stage", [("growing", "every bed has a label")], []),
        ("growing or harvest", [("growing", "every bed has a label"), ("harvest-stage", "every bed has a label")], []),
        (
            "growing when warm; harvest if late",
            [("growing", "growing when warm"), ("harvest-stage", "harvest if late")],
            [],
        ),
        ("after rain, the growing stage", [("growing", "after rain, the growing stage")], []),
        ("outgrowing", [], ["outgrowing"]),
        (
            "growing、harvest阶段",
            [("growing", "every bed has a label"), ("harvest-stage", "every bed has a label")],
            [],
        ),
        (
            "growing and then harvest",
            [("growing", "growing and then harvest"), ("harvest-stage", "growing and then harvest")],
            [],
        ),
        ("Growing, Pruning stage", [("growing", "Growing, Pruning stage")], ["Pruning stage"]),
        ("none", [], []),
        ("结束", [], []),
    ],
)
def test_next_names_stages_in_many_ways(sentence: str, expected: list[tuple[str, str]], unknown: list[str]) -> None:
    reading = read(ENGLISH.format(next=sentence), "garden.md")
    assert reading.definition is not None
    ways = [(way.target, way.condition) for way in reading.definition.transitions if way.source == "sowing-stage"]
    assert ways == expected
    problems = [problem for problem in reading.warnings if problem.code == "unknown-stage"]
    assert [problem.line for problem in problems] == [8] * len(unknown)
    assert all(name in problem.message for name, problem in zip(unknown, problems, strict=True))


def test_a_single_clearly_labelled_stage_is_a_workflow() -> None:
    definition = workflow("### 打样阶段\n- **主要角色**：师傅\n- **输出物**：样品\n", "打样.md")
    assert [stage.name for stage in definition.stages] == ["打样阶段"]
    assert definition.id.startswith("workflow-")
    assert definition.name == "打样"


@pytest.mark.parametrize(
    "text",
    [
        "### 打样阶段\n- 随便写\n",
        "## 接口\n- **输出物**：文件\n\n## 日志\n- **其他**：无\n",
        "## 示例\n### A阶段\n- **输出物**：x\n- **主要角色**：y\n### B阶段\n- **输出物**：x\n",
        "<example>\n### A阶段\n- **输出物**：x\n- **主要角色**：y\n</example>\n",
    ],
)
def test_little_labelling_is_no_workflow(text: str) -> None:
    reading = read(text, "notes.md")
    assert reading.definition is None
    assert codes(reading) == [(None, "no-workflow")]


def test_checkpoint_headings_are_stages() -> None:
    text = """# 开店检查

## 1. 开门
- **强制检查点 1**：灯都亮了
- **强制检查点 2**: ~~门口扫过~~ → 门口和台阶扫过
- 记得微笑

## 打烊
1. 强制检查点三：燃气阀门已关

## 备注
- 周一休息
"""
    reading = read(text, "shop-check.mdc")
    assert reading.definition is not None
    first, second = reading.definition.stages
    assert [item.text for item in first.checklist] == ["灯都亮了", "门口和台阶扫过"]
    assert (first.name, first.description) == ("开门", "- 记得微笑")
    assert [item.text for item in second.checklist] == ["燃气阀门已关"]
    assert reading.definition.transitions == ()
    assert reading.warnings == []


def test_english_checkpoints_and_paragraphs_are_read() -> None:
    text = "## Open\n**Mandatory checkpoint 1**: lights on\n## Close\n- Mandatory checkpoint #2: gas off (optional)\n"
    definition = workflow(text, "shop.md")
    assert [[(item.id, item.required) for item in stage.checklist] for stage in definition.stages] == [
        [("lights-on", True)],
        [("gas-off", False)],
    ]


def test_equal_names_get_ids_of_their_own_and_a_warning() -> None:
    text = "## Test stage\n- **Roles**: a\n## Test stage\n- **Roles**: b\n- **Outputs**: x, x\n"
    reading = read(text, "twice.md")
    assert reading.definition is not None
    assert [stage.id for stage in reading.definition.stages] == ["test-stage", "test-stage-2"]
    assert codes(reading) == [(1, "duplicate-name"), (5, "duplicate")]


def test_numbered_stages_need_not_all_have_labels() -> None:
    found = workflow(
        "# Move\n## Step 1: Pack\nOutputs: boxes\n## Step 2: Carry\n- [ ] Nothing is left\n"
        "## Step 3: Unpack\nOutputs: shelves\n"
    )
    assert [stage.id for stage in found.stages] == ["pack", "carry", "unpack"]
    assert [len(stage.checklist) for stage in found.stages] == [0, 1, 0]
