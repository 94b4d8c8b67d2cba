"""Hatchling's hook: compiles the message catalogues, so that nobody needs gettext to install."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileMessages(BuildHookInterface):
    """Writes a ``.mo`` beside each ``.po`` and puts it into what is built."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compiled = compile_messages(Path(self.root))
        build_data["artifacts"].extend(f"/{path.relative_to(self.root).as_posix()}" for path in compiled)


def compile_messages(root: Path) -> list[Path]:
    """Compile every catalogue below the packages of ``root``; returns the compiled files."""
    return [_compile(catalogue) for catalogue in sorted(root.glob("*/locale/*/LC_MESSAGES/*.po"))]


def _compile(source: Path) -> Path:
    target = source.with_suffix(".mo")
    compiled = io.BytesIO()
    with source.open("rb") as po:
        write_mo(compiled, read_po(po))
    # Whoever reads the catalogue in the meantime sees the old one or the new one, never half of one.
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    unfinished.write_bytes(compiled.getvalue())
    unfinished.replace(target)
    return target


if __name__ == "__main__":
    compile_messages(Path(__file__).parent)
