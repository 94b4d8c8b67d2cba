"""What many sessions have in common, and why things failed: pure figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stages_app.stats.measures import Lengths, Share, lengths_of, measures
from stages_app.stats.reasons import Event, Reason, cleaned, top_reasons
from stages_app.stats.session_time import SessionTime, session_time
from stages_app.timeline import Step

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = 60_000_000


def completed(a: float, b: float, *, idle: float = 0, fails: int = 0) -> SessionTime:
    """A session that is at stage «a» for so many minutes, idle, then at «b», which fails so often at once."""
    times = [0, a, a + idle, a + idle + b]
    steps = [(times[0], "", "ACTIVE"), (times[0], "x.a.1", "ACTIVE"), (times[1], "x.a.1", "COMPLETED")]
    for number in range(1, fails + 1):
        steps += [(times[2], f"x.b.{number}", "ACTIVE"), (times[2], f"x.b.{number}", "FAILED")]
    last = f"x.b.{fails + 1}"
    steps += [(times[2], last, "ACTIVE"), (times[3], last, "COMPLETED"), (times[3], "", "COMPLETED")]
    return session_time([Step(START + timedelta(minutes=m), who, status) for m, who, status in steps], START)


def test_measures_of_sessions_are_spreads_sums_and_shares() -> None:
    sessions = [completed(10, 20), completed(10, 40, idle=10), completed(20, 60, fails=2)]
    found = measures(sessions, [])
    assert found.sessions == 3
    assert found.times is not None
    assert found.times.cycle == Lengths(3, 60 * MINUTE, 80 * MINUTE, 170 * MINUTE)
    assert {kind: part.total // MINUTE for kind, part in found.times.parts.items()} == {
        "active": 160, "waiting": 10, "paused": 0, "failed": 0, "ended": 0,
    }  # fmt: skip
    a, b = found.stages
    assert (a.stage_id, a.share, a.repeated, a.attempts, a.failures) == (
        "a",
        Share(40 * MINUTE, 170 * MINUTE),
        Share(0, 3),
        3,
        0,
    )
    assert b.times.cycle == Lengths(3, 40 * MINUTE, 60 * MINUTE, 120 * MINUTE)
    assert (b.repeated, b.attempts, b.failures) == (Share(1, 3), 5, 2)
    assert found.bottleneck == b
    assert (found.repeated, found.attempts, found.first_pass) == (Share(1, 6), 8, Share(2, 3))
    assert b.share.value == 0.7059


def test_only_completed_sessions_are_measured() -> None:
    aborted = session_time([Step(START, "", "ACTIVE"), Step(START + timedelta(hours=9), "", "ABORTED")], START)
    found = measures([aborted], [])
    assert (found.sessions, found.times, found.before_start, found.bottleneck) == (0, None, None, None)
    assert (found.repeated.value, found.first_pass.value) == (None, None)
    assert measures([aborted, completed(1, 1)], []).sessions == 1


def test_sessions_that_took_no_time_have_no_bottleneck() -> None:
    found = measures([completed(0, 0)], [])
    assert found.bottleneck is None
    assert [stage.share.value for stage in found.stages] == [None, None]


def test_lengths_are_exact() -> None:
    lengths = [timedelta(days=300, microseconds=number) for number in (1, 2, 4)]
    assert lengths_of(lengths) == Lengths(
        3, 300 * 86_400_000_000 + 2, 300 * 86_400_000_000 + 4, 900 * 86_400_000_000 + 7
    )
    assert lengths_of([]) is None


@pytest.mark.parametrize("text", ["Tests fail", "  tests   FAIL. ", "ｔｅｓｔｓ fail", "tests\nfail!"])
def test_reasons_that_say_the_same_are_one(text: str) -> None:
    assert cleaned(text) == "tests fail"


def test_top_reasons_are_told_as_most_wrote_them() -> None:
    events = [
        Event("stage.failed", "b", "tests fail"),
        Event("stage.failed", "a", "Tests  fail"),
        Event("session.failed", "", "Tests fail"),
        Event("stage.failed", "b", "TESTS FAIL."),
        Event("stage.failed", "a", ""),
        Event("stage.failed", "b", "网络断了。"),
        Event("stage.failed", "b", "网络断了"),
    ]
    assert top_reasons(events) == [
        Reason("Tests fail", 4, ("b", "a")),
        Reason("网络断了", 2, ("b",)),
        Reason("", 1, ("a",)),
    ]
    assert [reason.count for reason in top_reasons(events, 1)] == [4]


def test_failures_and_aborts_are_told_apart() -> None:
    found = measures(
        [], [Event("stage.failed", "a", "x"), Event("session.failed", "", "x"), Event("session.aborted", "", "y")]
    )
    assert found.failures == [Reason("x", 2, ("a",))]
    assert found.aborts == [Reason("y", 1, ())]
