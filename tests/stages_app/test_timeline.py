"""Where the time went: bands of sessions and attempts, which add up whatever happened."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages_app.timeline import Band, Line, Spent, Step, Timeline, spent, timeline

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def played(now: float, *steps: tuple[float, str, str]) -> Timeline:
    return timeline([Step(at(minutes), subject, status) for minutes, subject, status in steps], at(now))


def told(bands: list[Band]) -> list[tuple[str, float, float]]:
    return [(band.kind, (band.begin - START) / MINUTE, (band.end - START) / MINUTE) for band in bands]


MINUTE = timedelta(minutes=1)


def minutes(found: Spent) -> tuple[float, ...]:
    return tuple(length / MINUTE for length in found)


def test_session_waits_between_its_stages() -> None:
    found = played(
        100,
        (0, "", "PENDING"),
        (10, "", "ACTIVE"),
        (12, "a.1", "ACTIVE"),
        (30, "a.1", "COMPLETED"),
        (45, "b.1", "ACTIVE"),
        (60, "b.1", "COMPLETED"),
        (60, "", "COMPLETED"),
    )
    assert told(found.bands) == [
        ("waiting", 0, 12), ("active", 12, 30), ("waiting", 30, 45), ("active", 45, 60),
    ]  # fmt: skip
    assert [told(line.bands) for line in found.lines] == [[("active", 12, 30)], [("active", 45, 60)]]
    assert found.end == at(60)


def test_pause_of_the_session_pauses_its_stage() -> None:
    found = played(
        50, (0, "", "ACTIVE"), (0, "a.1", "ACTIVE"), (20, "", "PAUSED"), (20, "a.1", "PAUSED"), (40, "", "ACTIVE"),
        (40, "a.1", "ACTIVE"),
    )  # fmt: skip
    expected = [("active", 0, 20), ("paused", 20, 40), ("active", 40, 50)]
    assert told(found.bands) == told(found.lines[0].bands) == expected
    assert minutes(found.lines[0].spent) == (30, 0, 20, 0, 0)
    assert found.lines[0].end is None


def test_session_whose_stages_are_on_hold_is_on_hold() -> None:
    found = played(30, (0, "", "ACTIVE"), (0, "a.1", "ACTIVE"), (10, "a.1", "PAUSED"))
    assert told(found.bands) == [("active", 0, 10), ("paused", 10, 30)]
    both = played(30, (0, "", "ACTIVE"), (0, "a.1", "PAUSED"), (0, "b.1", "ACTIVE"))
    assert told(both.bands) == [("active", 0, 30)]


def test_failure_and_reopening_have_bands_of_their_own() -> None:
    found = played(
        60, (0, "", "ACTIVE"), (0, "a.1", "ACTIVE"), (10, "", "FAILED"), (10, "a.1", "FAILED"), (25, "", "ACTIVE"),
        (25, "a.2", "ACTIVE"), (30, "a.2", "COMPLETED"), (30, "", "COMPLETED"), (50, "", "ACTIVE"),
    )  # fmt: skip
    assert told(found.bands) == [
        ("active", 0, 10), ("failed", 10, 25), ("active", 25, 30), ("ended", 30, 50), ("waiting", 50, 60),
    ]  # fmt: skip
    assert [(line.stage_instance_id, line.status) for line in found.lines] == [("a.1", "FAILED"), ("a.2", "COMPLETED")]


def test_attempt_ends_once_though_its_status_may_change_after() -> None:
    found = played(60, (0, "", "ACTIVE"), (0, "a.1", "ACTIVE"), (10, "a.1", "FAILED"), (40, "a.1", "SKIPPED"))
    line = found.lines[0]
    assert (told(line.bands), line.status, line.end) == ([("active", 0, 10)], "SKIPPED", at(10))


def test_stage_that_is_ready_waits() -> None:
    line = played(20, (0, "", "ACTIVE"), (5, "a.1", "PENDING"), (15, "a.1", "ACTIVE")).lines[0]
    assert told(line.bands) == [("waiting", 5, 15), ("active", 15, 20)]


def test_stage_that_was_skipped_at_once_took_no_time() -> None:
    line = played(20, (0, "", "ACTIVE"), (5, "a.1", "SKIPPED")).lines[0]
    assert line == Line("a.1", at(5), "SKIPPED", at(5), [])


def test_clock_that_is_set_back_makes_no_time() -> None:
    found = played(15, (10, "", "ACTIVE"), (12, "a.1", "ACTIVE"), (3, "a.1", "PAUSED"), (4, "a.1", "ACTIVE"))
    assert told(found.lines[0].bands) == [("active", 12, 15)]
    assert told(played(0, (10, "", "ACTIVE")).bands) == []


def test_log_without_steps_has_no_time() -> None:
    assert timeline([], START) == Timeline(START, START, [], [])


STATUSES = {
    "": ("PENDING", "ACTIVE", "PAUSED", "FAILED", "COMPLETED", "ABORTED"),
    "s": ("PENDING", "ACTIVE", "PAUSED", "FAILED", "COMPLETED", "SKIPPED", "ABORTED"),
}
steps = st.lists(
    st.builds(
        lambda seconds, subject, status: Step(START + timedelta(seconds=seconds), subject, status),
        st.floats(-1e6, 1e6),
        st.sampled_from(["a.1", "a.2", "b.1"]),
        st.sampled_from(STATUSES["s"]),
    )
    | st.builds(
        lambda seconds, status: Step(START + timedelta(seconds=seconds), "", status),
        st.floats(-1e6, 1e6),
        st.sampled_from(STATUSES[""]),
    ),
    min_size=1,
    max_size=30,
)


def without_gaps(bands: list[Band], begin: datetime, end: datetime) -> bool:
    """Whether the bands cover that time, each once, neighbours of different kinds."""
    edges = [begin, *(band.end for band in bands)]
    assert all(one.kind != other.kind for one, other in pairwise(bands))
    return [band.begin for band in bands] == edges[:-1] and edges[-1] == end and all(band.length for band in bands)


@given(steps, st.floats(-1e6, 1e6))
def test_parts_add_up_to_wall_time_whatever_happened(history: list[Step], later: float) -> None:
    found = timeline(history, START + timedelta(seconds=later))
    assert without_gaps(found.bands, found.begin, found.end)
    assert found.spent.total == found.end - found.begin
    for line in found.lines:
        assert without_gaps(line.bands, line.begin, line.end or found.end)
        assert line.spent.total == (line.end or found.end) - line.begin


def covers(bands: list[Band], moment: datetime) -> bool:
    return any(band.kind == "active" and band.begin <= moment < band.end for band in bands)


@given(steps, st.floats(-1e6, 1e6))
def test_session_is_active_exactly_while_one_of_its_stages_is(history: list[Step], later: float) -> None:
    lasting = [step for step in history if step.stage_instance_id]
    found = timeline([Step(START, "", "ACTIVE"), *lasting], START + timedelta(seconds=later))
    edges = {band.begin for band in found.bands} | {band.begin for line in found.lines for band in line.bands}
    for moment in edges:
        assert covers(found.bands, moment) == any(covers(line.bands, moment) for line in found.lines)


@pytest.mark.parametrize("kind", Spent._fields)
def test_spent_adds_up_by_kind(kind: str) -> None:
    bands = [Band(kind, at(0), at(3)), Band("active", at(3), at(4)), Band(kind, at(4), at(9))]  # type: ignore[arg-type]
    found = spent(bands)
    assert getattr(found, kind) == timedelta(minutes=9 if kind == "active" else 8)
    assert found.total == timedelta(minutes=9)
