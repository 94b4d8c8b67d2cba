"""Stages as a Mermaid flowchart."""

import pytest

from sessions_app.definitions.rules import read
from sessions_app.definitions.rules.flowchart import clean_label
from tests.sessions_app.definitions.rules.looking import codes, definition, diagram, names, ways


def test_nodes_are_stages_and_questions_become_conditions() -> None:
    reading = read(
        """# 借书

## 借书流程

   ```mermaid
   flowchart TD
       A[Scan 借书证] --> B{有欠费?}
       B -->|有| C[交费]
       C --> B
       B -->|没有| D[登记]
       D --> E{要续借？}
       E -- 要 --> D
       E -- 不要 --> F([结束])
   ```
""",
        "lend.mdc",
    )
    assert [(stage.id, stage.name) for stage in definition(reading).stages] == [
        ("scan", "Scan 借书证"),
        ("stage-2", "交费"),
        ("stage-3", "登记"),
    ]
    assert ways(reading) == [
        ("scan", "stage-2", "有欠费? 有"),
        ("scan", "stage-3", "有欠费? 没有"),
        ("stage-2", "stage-2", "有欠费? 有"),
        ("stage-2", "stage-3", "有欠费? 没有"),
        ("stage-3", "stage-3", "要续借？ 要"),
    ]
    assert definition(reading).stages[2].exit_condition == "要续借？ 不要"
    assert reading.stage_lines == {"scan": 7, "stage-2": 8, "stage-3": 10}
    assert reading.warnings == []


@pytest.mark.parametrize(
    "shape", ["[_]", "(_)", "([_])", "[[_]]", "[(_)]", "((_))", "(((_)))", "{{_}}", ">_]", "[/_/]", "[\\_\\]", "[/_\\]"]
)
@pytest.mark.parametrize(
    "text", ["Wash up", '"Wash up"', '"`Wash **up**`"', "fa:fa-tint Wash<br/>up", "<b>Wash up</b>"]
)
def test_every_shape_has_a_label(shape: str, text: str) -> None:
    assert names(diagram("graph LR", f"A{shape.replace('_', text)}:::big --> B", "")) == ["Wash up", "B"]


@pytest.mark.parametrize(
    ("arrow", "condition"),
    [
        ("-->", ""),
        ("--->", ""),
        ("---", ""),
        ("==>", ""),
        ("===", ""),
        ("-.->", ""),
        ("-..->", ""),
        ("-.-", ""),
        (" --o ", ""),
        (" --x ", ""),
        ("-->|go on|", "go on"),
        ('-->|"go on"|', "go on"),
        ("-- go on -->", "go on"),
        ('-- "go -- on" -->', "go -- on"),
        ("-- go on ---", "go on"),
        ("== go on ==>", "go on"),
        ("-. go on .->", "go on"),
        ("e1@-->", ""),
    ],
)
def test_every_arrow_is_a_transition(arrow: str, condition: str) -> None:
    assert ways(diagram("flowchart TD", f"A {arrow} B")) == [("a", "b", condition)]


def test_both_ways_and_invisible_arrows() -> None:
    assert ways(diagram("flowchart", "A <--> B", "B ~~~ C")) == [("a", "b", ""), ("b", "a", "")]
    assert names(diagram("flowchart", "A <--> B", "B ~~~ C")) == ["A", "B", "C"]


def test_chains_groups_and_semicolons() -> None:
    reading = diagram(
        "graph TD; A[x;y]-->B & C --> D; E", "classDef a fill:#fff;", "class A a", "style B fill:#000", "end --> E"
    )
    assert names(reading) == ["x;y", "B", "C", "D", "E"]
    assert ways(reading) == [("x-y", "b", ""), ("x-y", "c", ""), ("b", "d", ""), ("c", "d", "")]


def test_subgraphs_group_and_are_no_stages() -> None:
    reading = diagram(
        "flowchart TD", "subgraph S [组]", "direction LR", "A --> B", "end", "S --> C", 'subgraph "x y"', "end", "C"
    )
    assert names(reading) == ["A", "B", "C"]
    assert ways(reading) == [("a", "b", "")]
    assert codes(reading) == [(3, "diagram"), (7, "diagram")]


def test_what_is_not_understood_is_warned_about_and_left_out() -> None:
    reading = diagram("flowchart TD", "A --> B", "A -->", "C [", "A ?? B", "A -- x", "A[open --> D", "& E", "A --> ?")
    assert names(reading) == ["A", "B"]
    assert codes(reading) == [(line, "diagram") for line in range(4, 11)]


def test_endless_statements_are_not_understood() -> None:
    assert codes(diagram("flowchart TD", "A --> B", "A --> B" * 5000)) == [(4, "diagram")]


def test_labels_over_several_lines_and_the_newer_shapes() -> None:
    reading = diagram(
        "flowchart TD",
        'A["one',
        'two"] --> B@{ shape: diam, label: "ok?" }',
        "B -->|yes| C@{shape: rect}",
        "B --> A",
        'D["open',
    )
    assert names(reading) == ["one two", "C"]
    assert ways(reading) == [("one-two", "c", "ok? yes"), ("one-two", "one-two", "ok?")]
    assert reading.stage_lines["one-two"] == 3
    assert codes(reading) == [(7, "diagram")]


def test_a_bracket_within_a_label_keeps_it_whole() -> None:
    assert names(diagram("flowchart TD", "A[(可选) 洗] --> B[/wash dishes] --> C[(库)]")) == [
        "洗",
        "/wash dishes",
        "库",
    ]


def test_a_rhombus_that_asks_nothing_is_work() -> None:
    reading = diagram("flowchart TD", "A --> B{Review} --> C --> D{Ready?}", "E{Sure?} -->|yes| A", "E -->|no| C")
    assert names(reading) == ["A", "Review", "C", "Ready?"]
    assert codes(reading) == [(4, "diagram")]


def test_questions_in_a_circle_end() -> None:
    reading = diagram("flowchart TD", "A --> Q{a?}", "Q --> R{b?}", "R -->|no| Q", "R -->|yes| B")
    assert ways(reading) == [("a", "b", "a? b? yes")]


def test_a_maze_of_questions_is_cut_short_with_a_warning() -> None:
    maze = [f"Q{n}{{q?}} -->|{side}| Q{n + 1}" for n in range(60) for side in "ab"]
    reading = diagram("flowchart TD", "A --> Q0", *maze, "Q60 --> B")
    assert (None, "diagram") in codes(reading)


def test_comments_front_matter_and_keywords_are_passed_over() -> None:
    reading = diagram(
        "---",
        "title: x",
        "---",
        "%% a",
        "flowchart TD",
        "%%{init: {}}%%",
        'click A "http://x"',
        "linkStyle 0 x",
        "A --> B",
    )
    assert names(reading) == ["A", "B"]
    assert reading.stage_lines == {"a": 10, "b": 10}


def test_labels_lose_their_entities() -> None:
    assert clean_label("a #quot;b#quot; &amp; c") == 'a "b" & c'


@pytest.mark.parametrize("shape", ["((_))", "([_])", "(((_)))"])
def test_a_round_done_is_the_end(shape: str) -> None:
    reading = diagram("graph LR", f"A[洗] -->|ok| B{shape.replace('_', '完成')}", "A --> C[完成]")
    assert names(reading) == ["洗", "完成"]
    assert definition(reading).stages[0].exit_condition == "ok"


def test_arrows_beyond_all_measure_are_not_drawn() -> None:
    group = " & ".join(f"N{number}" for number in range(60))
    reading = diagram("flowchart TD", "A --> B", f"{group} --> {group}", *["A --> B"] * 9_000)
    assert reading.definition is None
    assert [problem.code for problem in reading.errors] == ["too-many"]
