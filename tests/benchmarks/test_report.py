"""What the benchmark says of its figures, and when it can't run."""

from __future__ import annotations

import pytest

from benchmarks.figures import Figure, table
from benchmarks.harness import HarnessError, prepare


def figure(ratio: float, bound: float | None, *, is_goal: bool = False) -> Figure:
    return Figure("ours", 10 * ratio, "theirs", 10.0, ratio, bound, is_goal)


@pytest.mark.parametrize(
    ("ratio", "bound", "verdict"),
    [(0.9, 1.0, "holds"), (1.0, 1.0, "holds"), (1.5, 1.0, "missed by 50%"), (3.9, 3.0, "missed by 30%"), (2, None, "")],
)
def test_figure_says_whether_its_bound_holds(ratio: float, bound: float | None, verdict: str) -> None:
    assert figure(ratio, bound).verdict == verdict


def test_table_tells_a_promise_from_a_goal() -> None:
    promised, aimed_at = table([figure(0.9, 1.3), figure(1.4, 1.0, is_goal=True)]).splitlines()[2:]

    assert promised == "| ours | 9.0 | theirs | 10.0 | 0.90 | 1.3 | holds |"
    assert aimed_at == "| ours | 14.0 | theirs | 10.0 | 1.40 | 1 (goal) | missed by 40% |"


def test_bench_says_where_the_harness_is_wanted(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("BENCH_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("BENCH_HARNESS", str(tmp_path / "missing"))

    with pytest.raises(HarnessError, match="make bench BENCH_HARNESS="):
        prepare()

    assert not (tmp_path / "root").exists()
