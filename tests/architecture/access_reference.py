"""The table of actions in ``docs/access.md``, made from the permissions.

    python -m tests.architecture.access_reference

writes it anew between the two markers; a test fails when that was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from sessions_app.permissions import SESSION_ACTIONS, STAGE_ACTIONS, Need

PAGE = Path(__file__).resolve().parents[2] / "docs" / "access.md"
BEGIN, END = "<!-- made from the tables: begin -->\n", "<!-- made from the tables: end -->\n"


def reference() -> str:
    """The table in Markdown."""
    rows = [*_rows("session", SESSION_ACTIONS), *_rows("stage", STAGE_ACTIONS)]
    return "\n".join(["| of a | action | role | scope |", "| --- | --- | --- | --- |", *rows, ""])


def updated(page: str) -> str:
    """``page`` with the table between its markers made anew."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + "\n" + reference() + "\n" + END + rest.split(END)[1]


def _rows(kind: str, actions: Mapping[str, Need]) -> Iterator[str]:
    for action, need in actions.items():
        yield f"| {kind} | {action} | {need.role.name.lower()} | `{need.scope}` |"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text()))
