"""Workflow definitions: the values (``schema``) and the readers that make them from files."""

from pathlib import Path

from sessions_app.definitions.files import read_bytes, read_file, read_text

__all__ = ["bundled", "read_bytes", "read_file", "read_text"]

_BUNDLED = Path(__file__).parent.parent / "workflows"


def bundled() -> list[Path]:
    """The files of the workflows that vcflow brings along, in the order of their names."""
    return sorted(_BUNDLED.glob("*.yaml"))
