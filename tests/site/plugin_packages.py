"""Packages with entry points as pip leaves them behind, without its seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

from vcflow_site.plugins import Plugin

Load = Callable[..., dict[str, Plugin]]
"""Loads what was installed; the plugins by their titles."""


def install(
    folder: Path,
    name: str,
    files: Mapping[str, str],
    *,
    version: str = "1.0",
    **groups: Mapping[str, str] | str,
) -> None:
    """Put a package with ``files`` into ``folder``; ``plugins={"name": "module"}`` and so on are its entry points."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text))
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text("\n".join(_section(group, points) for group, points in groups.items()))


def _section(group: str, points: Mapping[str, str] | str) -> str:
    lines = points if isinstance(points, str) else "\n".join(f"{name} = {value}" for name, value in points.items())
    return f"[vcflow.{group}]\n{lines}\n"


GUARD = """
    from vcflow_site.plugin_hooks import hookimpl

    @hookimpl
    def vcflow_guard(subject, verb):
        {body}
"""

LISTENER = """
    from vcflow_site.plugin_hooks import hookimpl

    @hookimpl
    def vcflow_event_committed(event):
        {body}
"""
