"""A measured figure, what it is held against, and the table of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """Processor time in milliseconds, beside a reference's.

    ``ratio`` is what counts; ``bound`` is the most it may be (None: nothing was promised).
    ``is_goal``: the bound is an aim of ours, not a promise.
    """

    what: str
    cost: float
    reference: str
    reference_cost: float
    ratio: float
    bound: float | None = None
    is_goal: bool = False

    @property
    def verdict(self) -> str:
        """``holds``, or by how much it does not."""
        if self.bound is None:
            return ""
        if self.ratio <= self.bound:
            return "holds"
        return f"missed by {100 * (self.ratio / self.bound - 1):.0f}%"

    @property
    def limit(self) -> str:
        """The bound as the table says it."""
        if self.bound is None:
            return ""
        return f"{self.bound:g}{' (goal)' if self.is_goal else ''}"


def table(figures: Iterable[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = ["| what | ms | against | ms | ratio | at most | |", "|---|---:|---|---:|---:|---|---|"]
    for figure in figures:
        costs = f"{figure.what} | {figure.cost:.1f} | {figure.reference} | {figure.reference_cost:.1f}"
        lines.append(f"| {costs} | {figure.ratio:.2f} | {figure.limit} | {figure.verdict} |")
    return "\n".join(lines)
