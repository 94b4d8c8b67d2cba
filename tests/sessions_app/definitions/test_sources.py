"""The two parsers: what they read, where it stands, and what they refuse."""

from typing import Any

import pytest

from sessions_app.definitions import json_source, yaml_source
from sessions_app.definitions.positions import path_text

YAML = """\
name: x
list:
  - 1
  -
    key: two
  - [a, {b: c}]
"""

JSON = """\
{
  "name": "x\\n\\"{[",
  "list": [
    1,
    {"key":
      "two"},
    ["a", {"b": "c"}]
  ]
}
"""


def test_yaml_lines_are_those_of_the_keys_and_entries() -> None:
    document = yaml_source.parse(YAML)
    assert document.data == {"name": "x", "list": [1, {"key": "two"}, ["a", {"b": "c"}]]}
    lines = {path_text(path): line for path, line in document.lines.items()}
    assert lines == {
        "": 1, "name": 1, "list": 2, "list[0]": 3, "list[1]": 5, "list[1].key": 5, "list[2]": 6, "list[2][0]": 6,
        "list[2][1]": 6, "list[2][1].b": 6,
    }  # fmt: skip


def test_json_lines_are_those_of_the_keys_and_entries() -> None:
    document = json_source.parse(JSON)
    assert document.data == {"name": 'x\n"{[', "list": [1, {"key": "two"}, ["a", {"b": "c"}]]}
    lines = {path_text(path): line for path, line in document.lines.items()}
    assert lines == {
        "": 1, "name": 2, "list": 3, "list[0]": 4, "list[1]": 5, "list[1].key": 5, "list[2]": 7, "list[2][0]": 7,
        "list[2][1]": 7, "list[2][1].b": 7,
    }  # fmt: skip


def test_document_line_falls_back_to_what_is_around_it() -> None:
    document = yaml_source.parse(YAML)
    assert document.line(("list", 1, "key", "deeper", 3)) == 5
    assert document.line(("unknown",)) == 1


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("Off", "Off"),
        ("n", "n"),
        ("012", "012"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-01-31", "2024-01-31"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("42", 42),
        ("-7", -7),
        ("1.5", 1.5),
        ("2e3", 2000.0),
        ("'42'", "42"),
        ('""', ""),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_yaml_scalars_mean_what_they_look_like(written: str, value: Any) -> None:
    document = yaml_source.parse(f"key: {written}\n")
    assert document.problems == []
    assert document.data == {"key": value}
    assert type(document.data["key"]) is type(value)


def test_yaml_without_a_document_holds_nothing() -> None:
    assert yaml_source.parse("# only a comment\n").data is None


@pytest.mark.parametrize(
    ("text", "code", "line", "fix"),
    [
        ("a: &x 1\n", "yaml-alias", 1, "Write the value out"),
        ("a: 1\nb: *x\n", "yaml-alias", 2, "Write the value out"),
        ("a: 1\n*x : 2\n", "yaml-alias", 2, "Write the value out"),
        ("b:\n  <<: {c: 1}\n", "yaml-merge", 2, "Write the keys out"),
        ("a: !!python/object:os.system x\n", "yaml-tag", 1, "Remove the tag"),
        ("a: !x {b: 1}\n", "yaml-tag", 1, "Remove the tag"),
        ("a: 1\nb: 2\na: 3\n", "duplicate-key", 3, "Keep one"),
        ("a: 1\n---\nb: 2\n", "several-documents", 2, "---"),
        ("a: 1\n? [b]\n: 2\n", "key", 2, "quotes"),
        ("a: b: c\n", "syntax", 1, "': '"),
        ("a:\n\t- b\n", "syntax", 2, "spaces"),
        ("a: @b\n", "syntax", 1, "special character"),
        ("a: 1\nb: 'c\nd: 2\n", "syntax", 2, "Close the quote"),
        ("a: [1, 2\nb: 3\n", "syntax", 2, "brackets"),
        ('a: "\\q"\n', "syntax", 1, "single quotes"),
        ("a: \ufffe\n", "syntax", None, "Check this line"),
        ("[" * 100_000, "too-deep", 1, "flatter"),
        ("{a: " * 50_000, "too-deep", 1, "flatter"),
    ],
)
def test_yaml_refuses_with_line_and_fix(text: str, code: str, line: int | None, fix: str) -> None:
    problem = yaml_source.parse(text).problems[0]
    assert (problem.code, problem.line) == (code, line)
    assert fix in problem.fix


def test_yaml_bomb_is_refused_without_growing() -> None:
    levels = "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9))
    document = yaml_source.parse("a: &a [lol, lol]\n" + levels)
    assert len(document.problems) == 10 + 81
    assert document.data["j"] == [None] * 9


def test_yaml_keeps_the_first_of_two_equal_keys() -> None:
    document = yaml_source.parse("a: {b: 1}\na:\n  c: [2]\n")
    assert document.data == {"a": {"b": 1}}
    assert "first on line 1" in document.problems[0].message


@pytest.mark.parametrize(
    ("text", "code", "line", "fix"),
    [
        ("{", "syntax", 1, "missing or too much"),
        ('{"a": 1,\n}', "syntax", 2, "Remove the comma"),
        ('{"a": 1}\n{"b": 2}', "syntax", 2, "into a list"),
        ('{"a": "x\ty"}', "syntax", 1, "\\t"),
        ("{'a': 1}", "syntax", 1, "missing or too much"),
        ('{"a": 1,\n "a": 2}', "duplicate-key", 2, "Keep one"),
        ('{"a":\n NaN}', "number", 2, "smaller number"),
        ('{"a": -Infinity}', "number", 1, "smaller number"),
        ('{"a": 1e999}', "number", 1, "smaller number"),
        ('{"a": ' + "7" * 5000 + "}", "number", 1, "smaller number"),
        ("[\n" * 40 + "]" * 40, "too-deep", 33, "flatter"),
        ("[" * 200_000, "too-deep", 1, "flatter"),
    ],
)
def test_json_refuses_with_line_and_fix(text: str, code: str, line: int, fix: str) -> None:
    problem = json_source.parse(text).problems[0]
    assert (problem.code, problem.line) == (code, line)
    assert fix in problem.fix
