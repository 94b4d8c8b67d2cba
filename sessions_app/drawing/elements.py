"""Elements of SVG pictures."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element


def add(parent: Element, tag: str, text: str = "", **attributes: object) -> Element:
    """A child; ``class_`` becomes ``class``, ``marker_end`` ``marker-end``."""
    named = {key.rstrip("_").replace("_", "-"): str(value) for key, value in attributes.items()}
    child = ElementTree.SubElement(parent, tag, named)
    child.text = text or None
    return child


def written(root: Element) -> str:
    """The picture as text, ending in a newline."""
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="unicode") + "\n"
