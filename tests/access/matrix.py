"""The matrix of who may do what, as it stands in ``matrix.csv``: each cell is an outcome.

It is written by hand and says nothing by way of the product's own tables.  One row is one
request or command; ``case`` tells apart several of the same.  The columns ``anonymous`` to
``admin`` are people (``tests/access/world.py``), ``scopes`` are those that a token needs, all
of them, ``other_team`` and ``other_workflow`` what an administrator's token answers whose
bound is another one.  ``local`` is the command line without ``--as``; there ``anonymous`` is
a user who doesn't exist.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("matrix.csv")

ROLES = ("anonymous", "disabled", "local", "stranger", "definer", "viewer", "operator", "owner", "admin")
SIGNED_IN = ("stranger", "definer", "viewer", "operator", "owner", "admin")
BOUNDS = ("other_team", "other_workflow")

OUTCOMES = {
    "api": {
        "ok": "2xx, and it was done, or what was asked for is in the answer",
        "empty": "200, and nothing of any session in it",
        "401": "nobody is signed in",
        "403": "not allowed",
        "404": "answered byte for byte as what doesn't exist",
        "each-403": "200; of each session named it says that it is not allowed",
        "each-404": "200; of each session named it says what it says of one that doesn't exist",
    },
    "site": {"ok": "200", "redirect": "302", "403": "403"},
    "admin": {
        "ok": "200, and what was asked for is on the page",
        "empty": "200, and nothing of any session on the page",
        "login": "sent to the login page",
        "redirect": "302 to another page",
        "gone": "answered as what doesn't exist",
        "each-403": "200; of each session named it says that it is not allowed",
        "each-404": "200; of each session named it says what it says of one that doesn't exist",
        "403": "403",
        "404": "404",
    },
    "cli": {
        "0": "exit code 0, and it was done",
        "empty": "exit code 0, and nothing of any session is told",
        "2": "the command doesn't take --as",
        "3": "exit code 3, told as of what doesn't exist",
        "4": "exit code 4",
    },
}
"""Per door, what each outcome means; ``-`` is a cell that can't be."""


class Row(NamedTuple):
    """One line of the file."""

    door: str
    request: str
    case: str
    cells: dict[str, str]
    scopes: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.request, self.case

    @property
    def name(self) -> str:
        return f"{self.request} ({self.case})" if self.case else self.request

    def roles(self, *outcomes: str) -> list[str]:
        """Those whose cell is one of ``outcomes``."""
        return [role for role in ROLES if self.cells[role] in outcomes]


def read() -> list[Row]:
    """Every row."""
    with FILE.open(newline="", encoding="utf-8") as file:
        return [_row(line) for line in csv.DictReader(file, strict=True)]


def of_door(door: str) -> list[Row]:
    """The rows of one door."""
    return [row for row in read() if row.door == door]


def _row(line: dict[str, str]) -> Row:
    door, request, case = line.pop("door"), line.pop("request"), line.pop("case")
    scopes = tuple(line.pop("scopes").replace("-", "").split())
    return Row(door, request, case, line, scopes)
