"""What is hidden, broken, or no workflow at all; limits; and that nothing makes the reader crash."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.definitions.rules import read
from sessions_app.definitions.rules.front_matter import read_front_matter
from sessions_app.definitions.rules.masking import mask
from sessions_app.definitions.rules.wording import numbered, optional, plain, split_list, task
from sessions_app.definitions.schema import Reading

STAGES = "### A阶段\n- **主要角色**：甲\n### B阶段\n- **主要角色**：乙\n"


def names(reading: Reading) -> list[object] | None:
    return [stage.name for stage in reading.definition.stages] if reading.definition else None


def codes(reading: Reading) -> list[tuple[int | None, str]]:
    return [(problem.line, problem.code) for problem in reading.warnings]


@pytest.mark.parametrize(
    "hidden",
    [
        "```\n{}```",
        "~~~ text\n{}~~~",
        "   ```bash\n{}   ```",
        "- ```\n{}```",
        "````\n```\n{}```\n{}````",
        "```markdown\n# x\n\n```\ninner\n```\n{}```",
        "```markdown\n```bash\nls\n```\n{}```",
        "````md\n{}```\nx\n````",
        "<example>\n{}</example>",
        '<example type="invalid">\n  ```\n{}</example>',
        "  <example>\n{}    </example>",
        "<example>\n  <example>\n  </example>\n{}</example>",
        "<bad-example>\n{}</bad-example>",
        "<examples>{}</examples>",
        "<!--\n{}-->",
        "<!-- a --> <!--\n{}-->",
        "## 示例\n{}",
        "## 合并流程示例\n{}",
        "## Examples\n{}",
    ],
)
def test_hidden_stages_are_none(hidden: str) -> None:
    reading = read(hidden.replace("{}", STAGES) + "\n", "x.md")
    assert names(reading) is None
    assert codes(reading) == [(None, "no-workflow")]


@pytest.mark.parametrize(
    "before",
    [
        "```\n<example>\n```\n",
        "```md\nx\n```\ny\n",
        "````md\n```bash\n````\n",
        "<example>\n```\n</example>\n",
        "<example>x</example>\n",
        "Write `<example>` or `<!--` first.\n",
        "# 示例工作流\n",
        "```md\n\n```\nx\n",
        "<!-- x -->\n",
        "<stages>\n",
        "\ufeff",
        "---\n\n",
    ],
)
def test_what_follows_something_hidden_is_read(before: str) -> None:
    assert names(read(before + STAGES, "x.md")) == ["A阶段", "B阶段"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_count_with_any_newline(newline: str) -> None:
    reading = read(("---\nname: 裁缝\n---\n\n" + STAGES).replace("\n", newline), "x.md")
    assert reading.stage_lines == {"a": 5, "b": 7}
    assert reading.definition is not None
    assert reading.definition.name == "裁缝"


@pytest.mark.parametrize("opening", ["```", "~~~", "<example>", "<!--"])
def test_what_is_never_closed_hides_the_rest_with_a_warning(opening: str) -> None:
    reading = read(f"{STAGES}\n{opening}\n## Z阶段\n- **主要角色**：丙\n", "x.md")
    assert names(reading) == ["A阶段", "B阶段"]
    assert (6, "unclosed") in codes(reading)


def test_comments_leave_the_text_beside_them() -> None:
    lines = mask(["a <!-- b --> c --> <!-- d", "e", "f --> g <!-- h --> i"], 0).lines
    assert lines == ["a  c --> ", "", " g  i"]


@pytest.mark.parametrize("file", ["up-cmd.mdc", "up_cmd.md", "up-command.mdc", "rules/go.commands.md"])
def test_a_command_document_is_no_workflow(file: str) -> None:
    assert codes(read(STAGES, file)) == [(None, "command-document")]


@pytest.mark.parametrize("title", ["启动命令处理器", "启动命令规则", "The start command handler"])
def test_a_command_title_is_no_workflow(title: str) -> None:
    assert codes(read(f"# {title}\n{STAGES}", "x.md")) == [(1, "command-document")]


@pytest.mark.parametrize("placeholder", ["# {{ name }}", "{% for x in y %}", "- **输出物**：{{x|default([])}}"])
def test_a_template_is_no_workflow(placeholder: str) -> None:
    assert codes(read(f"{STAGES}\n{placeholder}\n", "x.md")) == [(6, "template")]


def test_a_template_may_show_in_the_front_matter() -> None:
    assert codes(read(f"---\ndescription: {{{{ x }}}}\n---\n{STAGES}", "x.md")) == [(2, "template")]


def test_placeholders_in_code_are_none() -> None:
    assert names(read(f"{STAGES}\nWrite `{{{{x}}}}`.\n", "x.md")) == ["A阶段", "B阶段"]


@pytest.mark.parametrize(
    ("lines", "values", "body", "warned"),
    [
        (["---", "a: b", "---", "c: d"], {"a": "b"}, 3, []),
        (["", "---", "a: 'b''s' # x", "..."], {"a": "b's"}, 4, []),
        (["---", 'a: "x\\"y"', "---"], {"a": 'x"y'}, 3, []),
        (["---", "a: b # c", "# d", "---"], {"a": "b"}, 4, []),
        (["---", "a:b", "---"], {"a": "b"}, 3, [2]),
        (["---", "a：b", "---"], {"a": "b"}, 3, [2]),
        (["---", "a: *.ts", "---"], {"a": "*.ts"}, 3, [2]),
        (["---", "a: b: c", "---"], {"a": "b: c"}, 3, [2]),
        (["---", "a: b", "a: c", "---"], {"a": "c"}, 4, [3]),
        (["---", "a: b", "\tc", "---"], {"a": "b c"}, 4, [3]),
        (["---", "a: b", "just text", "---"], {"a": "b"}, 4, [3]),
        (["---", 'a: "b', "---"], {"a": "b"}, 3, [2]),
        (["---", "a: >-", "  b", "  c", "---"], {"a": "b c"}, 5, []),
        (["---", "a:", "  - b", "- c", "---"], {"a": "- b - c"}, 5, []),
        (["---", "a: b", "# T", "", "text"], {"a": "b"}, 2, [1]),
        (["---", "a: b", "", "text", "## T", "---"], {"a": "b"}, 2, [1]),
        (["---", "a: b"], {"a": "b"}, 2, [1]),
        (["---", "---", "x"], {}, 2, []),
        (["---", "text"], {}, 0, []),
        (["---"], {}, 0, []),
        (["a: b", "---"], {}, 0, []),
        ([], {}, 0, []),
    ],
)
def test_front_matter_is_read_whatever_it_looks_like(
    lines: list[str], values: dict[str, str], body: int, warned: list[int]
) -> None:
    found = read_front_matter(lines)
    assert (found.values, found.body) == (values, body)
    assert [problem.line for problem in found.warnings] == warned


def test_front_matter_may_name_the_workflow() -> None:
    definition = read(f"---\nid: Tailor's Shop\nname: 裁缝\ntype: craft\n---\n# x\n{STAGES}", "y.md").definition
    assert definition is not None
    assert (definition.id, definition.name, definition.type) == ("tailor-s-shop", "裁缝", "craft")


def test_a_title_that_is_a_stage_does_not_name_the_workflow() -> None:
    definition = read(STAGES.replace("###", "#"), "dir\\tailor.md").definition
    assert definition is not None
    assert (definition.name, definition.source_rule) == ("tailor", "tailor.md")


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (STAGES.replace("甲", "甲" * 201), "text", 2),
        (STAGES.replace("B阶段", "B" * 201 + "阶段"), "text", 3),
        (STAGES + "- [ ] " + "x" * 2001, "text", 5),
        (STAGES + "\n" + "x" * 20_001, "text", 3),
        (STAGES.replace("乙", "乙\x07"), "text", 4),
        ("".join(f"### S{number}阶段\n- **工具**：x\n" for number in range(501)), "too-many", 1),
        (STAGES + "- [ ] x\n" * 501, "too-many", 3),
        ("1. →→ 甲 ←←\n2. 乙\n# 清单\n" + "- [ ] x\n" * 501, "too-many", 1),
        (STAGES + "- **输出物**：" + "、".join(map(str, range(501))), "too-many", 3),
        (
            "```mermaid\nflowchart TD\n" + "".join(f"A{a} --> B{b}\n" for a in range(46) for b in range(46)) + "```\n",
            "too-many",
            1,
        ),
    ],
)
def test_what_is_too_much_is_an_error_with_its_line(text: str, code: str, line: int) -> None:
    reading = read(text, "x.md")
    assert reading.definition is None
    assert reading.stage_lines == {}
    assert {(problem.code, problem.line) for problem in reading.errors} == {(code, line)}
    assert all(problem.fix for problem in reading.errors)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("**a** `b` [c](d) *e* ![f](g)", "a b c e f"),
        ("**名：**值", "名：值"),
        ("~~old~~ → new", "new"),
        ("~~old~~ new -> more", "new -> more"),
        ("~~gone~~", ""),
        ("<ID> a_b_c *.ts", "<ID> a_b_c *.ts"),
        ("a<br>b\nc", "a b c"),
        ("e\u0301", "é"),
        ("*" * 20_001, "*" * 20_001),
    ],
)
def test_plain_text_has_no_markup(raw: str, expected: str) -> None:
    assert plain(raw) == expected


@pytest.mark.parametrize(
    ("text", "number", "rest"),
    [("十二、X", 12, "X"), ("二十、X", 20, "X"), ("十 X", 10, "X"), ("Step 3", 3, "Step 3"), ("1. 2", 1, "2")],
)
def test_numbers_are_read(text: str, number: int, rest: str) -> None:
    found = numbered(text)
    assert found is not None
    assert (found.number, found.rest) == (number, rest)


@pytest.mark.parametrize("text", ["1.2 X", "3D", "一致", "第一章 X", "X 1", "", "2024年"])
def test_other_texts_have_no_number(text: str) -> None:
    assert numbered(text) is None


def test_lists_split_outside_brackets() -> None:
    assert split_list("CI/CD、图/表，a (b, c); d / e。") == ["CI/CD", "图", "表", "a (b, c)", "d", "e"]
    assert split_list("a）、b") == ["a）", "b"]


def test_checkboxes_and_optional_marks() -> None:
    assert [task(raw) for raw in ("[ ] a", "[x] a", "[] a", "☑ a", "[x](y)", "a")] == ["a", "a", "a", "a", None, None]
    assert [optional(text) for text in ("a（可选）", "[Optional] a", "a", "(optional)")] == [
        ("a", True),
        ("a", True),
        ("a", False),
        ("(optional)", False),
    ]


def test_endless_warnings_are_cut_short() -> None:
    reading = read("---\n" + "a:b\n" * 300 + "---\n" + STAGES, "x.md")
    assert len(reading.warnings) == 201
    assert reading.warnings[-1].code == "more"


def test_reading_twice_gives_the_same_wherever_the_file_lies() -> None:
    first, second = read(STAGES, "a/x.md"), read(STAGES, "/b/c/x.md")
    assert first.definition is not None
    assert first.definition == second.definition


MARKUP = "# |## 1. |### A阶段|- |- [ ] |1. |**输出物**：|**后续阶段**：A|强制检查点 1：|→→ | ←←|~~|**|`|x|流程"
HIDING = "```|```mermaid\n|<example>|</example>|<!--|-->|---\n|a: b\n|\n|\n\n|  |\t"
DRAWING = 'flowchart TD\n|stateDiagram-v2\n|A --> B|{x?}|[y]|& C|state s {|}|[*]|;|"'
PIECES = st.sampled_from(f"{MARKUP}|{HIDING}|{DRAWING}".split("|"))


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_nothing_makes_the_reader_crash(text: str) -> None:
    reading = read(text, "any-flow.md")
    assert reading.definition is not None or reading.errors or reading.warnings
    lines = text.count("\n") + 1
    assert all(1 <= line <= lines for line in reading.stage_lines.values())


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_no_text_makes_the_reader_crash(text: str) -> None:
    assert read(text, "any.md").file == "any.md"


@pytest.mark.parametrize(
    "piece",
    [
        "```markdown\n\n```\nx\n",
        "  <example>\n    </example>\n",
        "<!-- ",
        "[",
        "*a **b ",
        "→ ",
        "{{ ",
        "a：",
        "A[x]-->",
        "A([x)-->",
        "- " * 50 + "\n",
        "1. " + "<" * 9_000 + "a\n",
        "**a**" + " " * 9_000 + "x\n",
        "state a" + " " * 9_000 + "x\n",
    ],
)
def test_reading_takes_time_in_proportion(piece: str) -> None:
    for opening in ("", "```mermaid\nflowchart TD\n", "```mermaid\nstateDiagram-v2\n"):
        started = time.process_time()
        read(opening + piece * (150_000 // len(piece)), "x.md")
        assert time.process_time() - started < 5
