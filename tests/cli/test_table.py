"""Columns line up whatever is in them."""

import pytest

from sessions_app.cli.table import Column, display_width, pad, shorten, table


@pytest.mark.parametrize(
    ("text", "width"), [("", 0), ("abc", 3), ("用户", 4), ("API文档", 7), ("▶️", 2), ("👩‍💻", 2), ("é", 1)]
)
def test_display_width_counts_cells(text: str, width: int) -> None:
    assert display_width(text) == width


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("short", 8, "short"),
        ("exactly8", 8, "exactly8"),
        ("nine char", 8, "nine ch…"),
        ("用户认证", 8, "用户认证"),
        ("用户认证功能", 8, "用户认…"),
        ("a用户认证", 8, "a用户认…"),
        ("x" * 10_000, 5, "xxxx…"),
        ("👩‍💻" * 4, 8, "👩‍💻" * 4),
        ("👩‍💻" * 5, 8, "👩‍💻" * 3 + "…"),
        ("e\u0301" * 8, 8, "e\u0301" * 8),
        ("e\u0301" * 9, 8, "e\u0301" * 7 + "…"),
    ],
)
def test_shorten_fits_and_says_so(text: str, width: int, expected: str) -> None:
    assert shorten(text, width) == expected
    assert display_width(shorten(text, width)) <= width


def test_pad_fills_to_the_width_of_wide_text() -> None:
    assert pad("用户", 6) == "用户  "


def test_table_lines_up_wide_text() -> None:
    lines = table([Column("ID"), Column("名称")], [["a", "用户"], ["bcd", "x"]])
    assert lines == ["ID  | 名称", "----|-----", "a   | 用户", "bcd | x"]


def test_table_shortens_only_columns_that_give() -> None:
    long = "x" * 100
    lines = table([Column("ID"), Column("Name", gives=True)], [[long, long]])
    assert lines[2] == f"{long} | {'x' * 39}…"


def test_table_gives_way_until_it_fits() -> None:
    lines = table([Column("ID"), Column("Name", gives=True)], [["a" * 10, "b" * 30]], width=30)
    assert lines[2] == f"{'a' * 10} | {'b' * 16}…"


def test_table_that_cannot_fit_stays_readable() -> None:
    lines = table([Column("ID"), Column("Name", gives=True)], [["a" * 50, "b" * 30]], width=20)
    assert lines[2] == f"{'a' * 50} | bbbbbbb…"
