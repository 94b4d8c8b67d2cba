"""Small charts: shapes with classes, which say in words what they show."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from sessions_app.drawing.charts import bars, parts


def drawn(values, labels=None, summary="so it is"):
    return ElementTree.fromstring(bars(values, labels or [str(value) for value in values], summary))


def test_highest_bar_takes_the_whole_height_and_zero_is_a_line():
    heights = [int(bar.get("height")) for bar in drawn([0, 2, 4])]
    assert heights == [1, 24, 48]
    assert all(int(bar.get("y")) + int(bar.get("height")) == 48 for bar in drawn([0, 2, 4]))


def test_bars_stand_beside_each_other():
    chart = drawn([1] * 30)
    assert chart.get("viewBox") == "0 0 300 48"
    assert [int(bar.get("x")) for bar in chart] == list(range(1, 301, 10))


def test_chart_says_what_it_shows_and_each_bar_what_it_is():
    chart = drawn([3, 0], ['Monday: 3 "<&>"', "Tuesday: 0"], "3 in all <b>")
    assert (chart.get("role"), chart.get("aria-label")) == ("img", "3 in all <b>")
    assert [bar.findtext("title") for bar in chart] == ['Monday: 3 "<&>"', "Tuesday: 0"]


def test_chart_has_classes_and_no_styles():
    assert "style" not in bars([1, 0], ["a", "b"], "")
    assert [bar.get("class") for bar in drawn([1, 0])] == ["vc-column", "vc-column vc-none"]


@pytest.mark.parametrize("values", [[], [0, 0]])
def test_chart_of_nothing_is_drawn(values):
    assert len(drawn(values)) == len(values)


def test_each_value_needs_its_label():
    with pytest.raises(ValueError):
        bars([1, 2], ["one"], "")


def edges(values, **options):
    chart = ElementTree.fromstring(parts(values, {key: f"{key} <&>" for key in values}, "in all", **options))
    assert (chart.get("role"), chart.get("aria-label")) == ("img", "in all")
    assert [bar.findtext("title") for bar in chart] == [f"{key} <&>" for key, value in values.items() if value]
    return [(bar.get("class"), float(bar.get("x")), float(bar.get("width"))) for bar in chart]


def test_parts_fill_the_bar_one_after_the_other():
    assert edges({"a": 1, "none": 0, "b": 3}) == [("vc-part-a", 0, 250), ("vc-part-b", 250, 750)]
    assert edges({"a": 1, "b": 3}, whole=8) == [("vc-part-a", 0, 125), ("vc-part-b", 125, 375)]
    assert edges({"a": 0}) == edges({}) == []


def test_parts_leave_no_gaps():
    found = edges({str(number): 1 for number in range(7)})
    assert all(x + width == pytest.approx(after) for (_, x, width), (_, after, _w) in pairwise(found))
    assert sum(width for _, _, width in found) == pytest.approx(1000)
    assert "style" not in parts({"a": 1}, {"a": "a"}, "")
