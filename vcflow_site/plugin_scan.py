"""Which plugins are installed beside vcflow: the entry points whose group begins with ``vcflow.``."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from importlib.metadata import Distribution

PLUGINS = "vcflow.plugins"
GUARDS = "vcflow.guards"
_SECTION = "[vcflow."
_UNKNOWN = "?"


class Found(NamedTuple):
    """One entry point, and its package; ``fault`` when the package's metadata can't be read."""

    name: str
    group: str
    value: str
    distribution: str
    version: str
    fault: Exception | None = None


def entry_points() -> list[Found]:
    """All of ours, guards first, then by name and package: the same in each process."""
    if not _any_installed():
        return []
    # It takes 10 ms to load, which only who has a plugin need pay.
    from importlib.metadata import distributions

    found: dict[str, list[Found]] = {}
    for distribution in distributions():
        if _SECTION in _text_of(distribution):
            points = list(_of(distribution))
            # The first one on the path hides others of its name.
            found.setdefault(_key(points, str(len(found))), points)
    return sorted((point for points in found.values() for point in points), key=_order)


def _order(point: Found) -> tuple[str, str, str]:
    return point.group, point.name, point.distribution


def _key(points: list[Found], otherwise: str) -> str:
    name = points[0].distribution if points else _UNKNOWN
    return otherwise if name == _UNKNOWN else re.sub(r"[-_.]+", "-", name).lower()


def _text_of(distribution: Distribution) -> str:
    try:
        return distribution.read_text("entry_points.txt") or ""
    except UnicodeDecodeError:  # pip installs none of that kind
        return ""


def _of(distribution: Distribution) -> Iterator[Found]:
    package, version = _fact(distribution, "Name"), _fact(distribution, "Version")
    try:
        for point in distribution.entry_points:
            if f"[{point.group}".startswith(_SECTION):
                yield Found(point.name, point.group, point.value, package, version)
    except Exception as error:  # whatever the parser stumbles over harms nobody else
        group = GUARDS if f"[{GUARDS}]" in _text_of(distribution) else PLUGINS
        yield Found(package, group, "", package, version, error)


def _fact(distribution: Distribution, name: str) -> str:
    try:
        return str(distribution.metadata[name] or _UNKNOWN)
    except Exception:  # a package that is half removed is shown nevertheless
        return _UNKNOWN


def _any_installed() -> bool:
    """A look at the folders that packages are in: all that a command without plugins pays for them."""
    others = [finder for finder in sys.meta_path if hasattr(finder, "find_distributions") and finder is not PathFinder]
    return bool(others) or any(_holds_ours(folder) for folder in dict.fromkeys(sys.path))


def _holds_ours(folder: str) -> bool:
    try:
        names = os.listdir(folder or ".")
    except FileNotFoundError:
        return False
    except OSError:
        return True  # not a folder, such as a zip file: importlib.metadata can look into it
    packages = (name for name in names if name.lower().endswith((".dist-info", "egg-info")))
    return any(_mentions_us(os.path.join(folder, name, "entry_points.txt")) for name in packages)


def _mentions_us(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return _SECTION.encode() in file.read()
    except OSError:  # most packages have none
        return False
