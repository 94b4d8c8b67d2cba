"""Which diagram is the workflow, and what the rest of the file adds to it."""

from sessions_app import language
from sessions_app.definitions.rules import read
from tests.sessions_app.definitions.rules.looking import codes, definition, names


def test_the_diagram_under_a_process_heading_is_taken() -> None:
    def drawn(*nodes: str) -> str:
        return "```mermaid\nflowchart TD\n" + " --> ".join(nodes) + "\n```\n"

    text = f"""# x
## Parts
{drawn("a", "b")}
## System architecture
{drawn("web", "db")}
## How we work
### The process
{drawn("plan", "do")}
## Examples
{drawn("x", "y")}
```mermaid
sequenceDiagram
  a ->> b: hi
```
"""
    reading = read(text, "x.md")
    assert names(reading) == ["plan", "do"]
    assert codes(reading) == [(3, "not-taken")]


def test_a_drawing_of_structure_is_no_workflow() -> None:
    reading = read("# x\n## 系统架构\n```mermaid\ngraph TD\nA --> B\n```\n", "x.md")
    assert codes(reading) == [(None, "no-workflow")]


def test_checkpoints_elsewhere_go_to_the_end_of_the_main_path() -> None:
    text = """```mermaid
flowchart TD
Cut --> Sew --> Iron
Mend --> Wear
```
## 要求
- **强制检查点 1**：线头剪净
"""
    reading = read(text, "x.md")
    assert [[item.text for item in stage.checklist] for stage in definition(reading).stages] == [
        [],
        [],
        ["线头剪净"],
        [],
        [],
    ]
    assert codes(reading) == [(7, "checkpoints")]
    assert "Iron" in reading.warnings[0].message


def test_checkpoints_of_a_circle_go_to_its_last_stage() -> None:
    text = "```mermaid\nflowchart TD\nA --> B --> A\n```\n## 要求\n- **强制检查点**：x\n"
    assert [len(stage.checklist) for stage in definition(read(text, "x.md")).stages] == [0, 1]


def test_sections_named_like_a_stage_of_the_diagram_fill_it() -> None:
    drawing = "```mermaid\nflowchart TD\nA[裁剪] --> B[缝制]\n```\n"
    text = f"{drawing}## 2. 缝制\n- [ ] 线头剪净\n- **输出物**：成衣\n## 总览\n- **裁剪**：按样\n"
    first, second = definition(read(text, "x.md")).stages
    assert first.description == "按样"
    assert ([item.text for item in second.checklist], [d.id for d in second.deliverables]) == (["线头剪净"], ["成衣"])


def test_checkpoints_follow_the_labels_that_say_what_comes_next() -> None:
    labelled = "### B阶段\n- **输出物**：x\n### A阶段\n- **输出物**：y\n- **后续阶段**：B\n"
    reading = read(f"# x\n{labelled}## 要求\n- **强制检查点**：z\n", "x.md")
    assert [len(stage.checklist) for stage in definition(reading).stages] == [1, 0]


def test_labelled_sections_of_some_stages_of_the_diagram_fill_it() -> None:
    drawing = "```mermaid\nflowchart TD\nA[Cut] --> B[Sew] --> C[Iron]\n```\n"
    section = "- **Roles**: tailor\n- **Outputs**: cloth\n"
    reading = read(f"{drawing}## Cut\n{section}## Iron\n{section}", "x.md")
    assert names(reading) == ["Cut", "Sew", "Iron"]
    assert [len(stage.deliverables) for stage in definition(reading).stages] == [1, 0, 1]
    assert codes(reading) == []


def test_a_diagram_of_a_single_stage_beside_the_workflow_is_named() -> None:
    states = "```mermaid\nstateDiagram-v2\nDraft --> Review\n```\n"
    chart = "```mermaid\nflowchart TD\nA[start] --> B[Code] --> C((end))\n```\n"
    reading = read(f"# x\n{states}{chart}", "x.md")
    assert (names(reading), codes(reading)) == (["Draft", "Review"], [(6, "not-taken")])
    assert "read as 1 stage;" in reading.warnings[0].message


def test_a_diagram_without_stages_is_not_named() -> None:
    states = "```mermaid\nstateDiagram-v2\nDraft --> Review\n```\n"
    reading = read(f"# x\n{states}```mermaid\nflowchart TD\nA[start] --> C((end))\n```\n", "x.md")
    assert codes(reading) == []


def test_chinese_keeps_the_space_before_latin_words() -> None:
    language.activate("zh-hans")
    single = read("# x\n```mermaid\nflowchart TD\nA\n```\n", "x.md").warnings[0].message
    states = "```mermaid\nstateDiagram-v2\nDraft --> Review\n```\n"
    several = read(f"# x\n{states}{states}", "x.md").warnings[0].message
    assert "工作流：Mermaid 流程图（第 2 行）" in single
    assert "取自：Mermaid 状态图（第 2 行）" in several
