"""Small charts as SVG: shapes with classes alone, for a strict policy allows no styles in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

_STEP, _WIDTH, _HEIGHT, _LEAST = 10, 8, 48, 1


def bars(values: Sequence[int], labels: Sequence[str], summary: str) -> str:
    """A bar per value, each with its label on hover; ``summary`` says in words what the chart shows.

    The highest value takes the whole height, a zero is a thin line.  Values are not negative.
    """
    svg = Element("svg", {"class": "vc-chart", "viewBox": f"0 0 {_STEP * len(values)} {_HEIGHT}", "role": "img"})
    svg.set("aria-label", summary)
    svg.set("preserveAspectRatio", "none")
    most = max([1, *values])
    for place, (value, label) in enumerate(zip(values, labels, strict=True)):
        height = max(round(_HEIGHT * value / most), _LEAST)
        bar = SubElement(svg, "rect", {"class": "vc-column" if value else "vc-column vc-none"})
        for name, number in (("x", place * _STEP + 1), ("y", _HEIGHT - height), ("width", _WIDTH), ("height", height)):
            bar.set(name, str(number))
        SubElement(bar, "title").text = label
    return ElementTree.tostring(svg, encoding="unicode")


_WHOLE, _THICK = 1000, 20


def parts(values: Mapping[str, int], labels: Mapping[str, str], summary: str, *, whole: int | None = None) -> str:
    """One bar of parts by their kinds, each with its label on hover; ``summary`` says in words what it shows.

    ``whole`` takes the whole width, or else all the values together do; each part has the class
    ``vc-part-<kind>``.  Values are not negative.
    """
    svg = Element("svg", {"class": "vc-parts", "viewBox": f"0 0 {_WHOLE} {_THICK}", "role": "img"})
    svg.set("aria-label", summary)
    svg.set("preserveAspectRatio", "none")
    total, reached = max(sum(values.values()) if whole is None else whole, 1), 0
    for kind, value in values.items():
        # From edge to edge, so that rounding leaves no gaps.
        left, right = (round(_WHOLE * edge / total, 1) for edge in (reached, reached + value))
        reached += value
        if value:
            bar = SubElement(svg, "rect", {"class": f"vc-part-{kind}", "x": str(left), "y": "0"})
            bar.set("width", str(round(right - left, 1)))
            bar.set("height", str(_THICK))
            SubElement(bar, "title").text = labels[kind]
    return ElementTree.tostring(svg, encoding="unicode")
