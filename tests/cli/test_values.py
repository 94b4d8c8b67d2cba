"""key=value pairs."""

from pathlib import Path

import pytest

from sessions_app.cli.values import pairs
from sessions_app.exceptions import InvalidInput
from sessions_app.text import JSON_BYTES


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("a=1.10", {"a": "1.10"}),
        ("a=", {"a": ""}),
        ("a=b=c", {"a": "b=c"}),
        (" 名 =值", {"名": "值"}),
        ("a:=[1, true]", {"a": [1, True]}),
        ("a:=null", {"a": None}),
        ("a=@b", {"a": "@b"}),
    ],
)
def test_pairs_take_text_as_it_is_and_json_when_asked(word: str, expected: dict[str, object]) -> None:
    assert pairs([word]) == expected


@pytest.mark.parametrize("word", ["a", "=b", ":=1", "a:=", "a:={", "a:=" + "[" * 100_000])
def test_pairs_refuse_what_is_none(word: str) -> None:
    with pytest.raises(InvalidInput):
        pairs([word])


def test_pairs_refuse_a_key_given_twice() -> None:
    with pytest.raises(InvalidInput):
        pairs(["a=1", "a=2"])
    with pytest.raises(InvalidInput) as refused:
        pairs(['a:={"k": 1, "k": 2}'])
    assert refused.value.message == "k is given twice."


def test_pairs_read_files_where_that_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    file.write_text("# 报告\n", encoding="utf-8")
    assert pairs([f"report=@{file}"], files=True) == {"report": "# 报告\n"}


def test_pairs_refuse_files_that_are_too_large_or_no_text(tmp_path: Path) -> None:
    large, binary = tmp_path / "large", tmp_path / "binary"
    large.write_bytes(b"x" * (JSON_BYTES + 1))
    binary.write_bytes(b"\xff\xfe\x00")
    for file in (large, binary):
        with pytest.raises(InvalidInput) as refused:
            pairs([f"a=@{file}"], files=True)
        assert "key=" in refused.value.fix


def test_pairs_leave_a_missing_file_to_the_door(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pairs([f"a=@{tmp_path / 'missing'}"], files=True)
