"""Where a session's time went, by its stages: histories whose answers are known, and any others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stages_app.stats.session_time import SessionTime, StageTime, session_time
from stages_app.timeline import GONE, Spent, Step, timeline
from stages_app.timeline.moves import moved_attempts

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def played(now: float, *steps: tuple[float, str, str]) -> SessionTime:
    return session_time([Step(at(m), f"dev.x.{who}" if who else "", status) for m, who, status in steps], at(now))


def minutes(spent: Spent | None) -> tuple[float, ...] | None:
    """Active, waiting, paused, failed, ended."""
    return spent and tuple(length / MINUTE for length in spent)


def stages(found: SessionTime) -> dict[str, StageTime]:
    return {stage.stage_id: stage for stage in found.stages}


def test_session_that_went_well_waits_between_its_stages_and_passes_at_once() -> None:
    found = played(
        500, (0, "", "PENDING"), (10, "", "ACTIVE"), (12, "a.1", "ACTIVE"), (30, "a.1", "COMPLETED"),
        (45, "b.1", "ACTIVE"), (60, "b.1", "COMPLETED"), (60, "", "COMPLETED"),
    )  # fmt: skip
    assert found.before == 10 * MINUTE
    assert minutes(found.spent) == (33, 17, 0, 0, 0)
    assert {key: minutes(stage.spent) for key, stage in stages(found).items()} == {
        "a": (18, 0, 0, 0, 0),
        "b": (15, 0, 0, 0, 0),
    }
    assert found.passed_at_once
    assert found.status == "COMPLETED"


def test_pauses_and_retries_count_right() -> None:
    found = played(
        500, (0, "", "ACTIVE"), (0, "a.1", "ACTIVE"), (10, "a.1", "PAUSED"), (15, "a.1", "ACTIVE"),
        (20, "a.1", "FAILED"), (50, "a.2", "ACTIVE"), (60, "", "PAUSED"), (60, "a.2", "PAUSED"), (90, "", "ACTIVE"),
        (90, "a.2", "ACTIVE"), (100, "a.2", "COMPLETED"), (100, "", "COMPLETED"),
    )  # fmt: skip
    (stage,) = found.stages
    assert minutes(stage.spent) == (35, 0, 35, 30, 0)
    assert (stage.attempts, stage.failures, stage.under_way) == (2, 1, 100 * MINUTE)
    # Of the session nobody was active while its only stage had failed.
    assert minutes(found.spent) == (35, 30, 35, 0, 0)
    assert not found.passed_at_once


def test_completed_stage_that_is_retried_had_ended_between() -> None:
    found = played(
        500, (0, "", "ACTIVE"), (0, "a.1", "ACTIVE"), (10, "a.1", "COMPLETED"), (10, "b.1", "ACTIVE"),
        (40, "b.1", "COMPLETED"), (40, "a.2", "ACTIVE"), (45, "a.2", "COMPLETED"), (50, "", "COMPLETED"),
    )  # fmt: skip
    stage = stages(found)["a"]
    assert minutes(stage.spent) == (15, 0, 0, 0, 30)
    assert (stage.begin, stage.end, stage.under_way) == (at(0), at(45), 15 * MINUTE)
    assert not found.passed_at_once


def test_failed_session_has_failed_time_and_its_stage_too() -> None:
    found = played(
        500, (0, "", "ACTIVE"), (0, "a.1", "ACTIVE"), (10, "", "FAILED"), (10, "a.1", "FAILED"), (25, "", "ACTIVE"),
        (25, "a.2", "ACTIVE"), (30, "a.2", "COMPLETED"), (30, "", "COMPLETED"),
    )  # fmt: skip
    assert minutes(found.spent) == minutes(found.stages[0].spent) == (15, 0, 0, 15, 0)
    assert found.is_taken_up_again


def test_stage_that_failed_and_was_left_is_failed_to_the_end() -> None:
    left = (0, "", "ACTIVE"), (0, "a.1", "ACTIVE"), (10, "a.1", "FAILED"), (25, "", "COMPLETED")
    assert minutes(played(99, *left).stages[0].spent) == (10, 0, 0, 15, 0)
    skipped = (*left[:3], (18, "a.1", "SKIPPED"), left[3])
    assert minutes(played(99, *skipped).stages[0].spent) == (10, 0, 0, 8, 0)


def test_stage_that_was_never_begun_and_session_that_was_never_started_have_no_time() -> None:
    found = played(99, (0, "", "PENDING"), (5, "a.1", "PENDING"), (9, "a.1", "SKIPPED"), (10, "", "ABORTED"))
    assert (found.spent, found.stages, found.before) == (None, [], 10 * MINUTE)


def test_stage_waits_from_its_beginning_only() -> None:
    found = played(30, (0, "", "ACTIVE"), (5, "a.1", "PENDING"), (15, "a.1", "ACTIVE"))
    assert minutes(found.stages[0].spent) == (15, 0, 0, 0, 0)
    assert minutes(found.spent) == (15, 15, 0, 0, 0)


def test_reopened_session_did_not_pass_at_once() -> None:
    found = played(
        99, (0, "", "ACTIVE"), (0, "a.1", "ACTIVE"), (9, "a.1", "COMPLETED"), (9, "", "COMPLETED"), (20, "", "ACTIVE"),
        (25, "", "COMPLETED"),
    )  # fmt: skip
    assert minutes(found.spent) == (9, 5, 0, 0, 11)
    assert not found.passed_at_once


def test_restored_session_goes_on_with_the_attempts_that_are_left() -> None:
    """At 40 it is put back to where the first attempt at «a» was being worked on, and the second wasn't there."""
    changes = {
        "status": {"before": "COMPLETED", "after": "ACTIVE"},
        "attempts.a.1": {"before": {"status": "FAILED"}, "after": {"status": "ACTIVE"}},
        "attempts.a.2": {"before": {"status": "COMPLETED"}, "after": None},
        "attempts.b.1": {"before": {"status": "COMPLETED"}, "after": None},
        "context": {"before": {}, "after": {}},
    }
    before = [
        Step(at(0), "", "ACTIVE"),
        Step(at(0), "dev.x.a.1", "ACTIVE"),
        Step(at(10), "dev.x.a.1", "FAILED"),
        Step(at(12), "dev.x.a.2", "ACTIVE"),
        Step(at(20), "dev.x.a.2", "COMPLETED"),
        Step(at(20), "dev.x.b.1", "ACTIVE"),
        Step(at(30), "dev.x.b.1", "COMPLETED"),
        Step(at(30), "", "COMPLETED"),
        Step(at(40), "", "ACTIVE"),
    ]
    moved = list(moved_attempts("dev.x", changes, at(40)))
    assert [(step.stage_instance_id, step.status) for step in moved] == [
        ("dev.x.a.1", "ACTIVE"),
        ("dev.x.a.2", GONE),
        ("dev.x.b.1", GONE),
    ]
    after = [Step(at(55), "dev.x.a.1", "COMPLETED"), Step(at(60), "", "COMPLETED")]
    history = [*before, *moved, *after]
    found = session_time(history, at(99))
    assert minutes(found.spent) == (43, 7, 0, 0, 10)
    assert minutes(stages(found)["a"].spent) == (33, 0, 0, 2, 20)
    assert stages(found)["a"].attempts == 3
    # What was taken back has taken its time.
    assert minutes(stages(found)["b"].spent) == (10, 0, 0, 0, 0)
    lines = {line.stage_instance_id: line for line in timeline(history, at(99)).lines}
    assert minutes(lines["dev.x.a.1"].spent) == (25, 0, 0, 0, 30)
    assert (lines["dev.x.b.1"].status, lines["dev.x.b.1"].end) == ("ABORTED", at(30))


def test_attempt_that_a_restoring_took_back_while_it_was_worked_on_ends_there() -> None:
    history = [Step(at(0), "", "ACTIVE"), Step(at(0), "x.a.1", "ACTIVE"), Step(at(8), "x.a.1", GONE)]
    (line,) = timeline(history, at(20)).lines
    assert (line.status, line.end) == ("ABORTED", at(8))
    (again,) = session_time([*history, Step(at(15), "x.a.1", "ACTIVE")], at(20)).stages
    assert (minutes(again.spent), again.attempts) == ((13, 0, 0, 0, 7), 2)


def test_forked_session_begins_with_what_it_was_given() -> None:
    changes = {
        "attempts.a.1": {"before": None, "after": {"status": "COMPLETED"}},
        "attempts.b.1": {"before": None, "after": {"status": "ACTIVE"}},
    }
    history = [Step(at(0), "", "ACTIVE"), *moved_attempts("x", changes, at(0)), Step(at(7), "x.b.1", "COMPLETED")]
    found = session_time([*history, Step(at(7), "", "COMPLETED")], at(99))
    assert list(stages(found)) == ["b"]
    assert minutes(found.spent) == minutes(found.stages[0].spent) == (7, 0, 0, 0, 0)
    assert found.passed_at_once


def test_empty_log_has_no_time() -> None:
    assert session_time([], START) == SessionTime("PENDING", timedelta(), None, [], is_taken_up_again=False)


STAGE_STATES = ("PENDING", "ACTIVE", "PAUSED", "FAILED", "COMPLETED", "SKIPPED", "ABORTED", GONE)
SESSION_STATES = ("PENDING", "ACTIVE", "PAUSED", "FAILED", "COMPLETED", "ABORTED")
microseconds = st.integers(-(10**12), 10**12).map(lambda count: START + timedelta(microseconds=count))
histories = st.lists(
    st.builds(Step, microseconds, st.sampled_from(["x.a.1", "x.a.2", "x.b.1"]), st.sampled_from(STAGE_STATES))
    | st.builds(Step, microseconds, st.just(""), st.sampled_from(SESSION_STATES)),
    min_size=1,
    max_size=30,
)


@given(histories, microseconds)
def test_parts_add_up_to_wall_time_whatever_happened(history: list[Step], now: datetime) -> None:
    found, drawn = session_time(history, now), timeline(history, now)
    if found.spent is not None:
        assert found.before + found.spent.total == drawn.end - drawn.begin
    for stage in found.stages:
        assert stage.spent.total == stage.end - stage.begin
        assert drawn.begin <= stage.begin <= stage.end <= drawn.end
        assert timedelta() <= stage.under_way <= stage.spent.total
    for line in drawn.lines:
        assert line.spent.total == (line.end or drawn.end) - line.begin


@given(histories, microseconds)
def test_stage_is_active_as_long_as_its_highest_attempt_is(history: list[Step], now: datetime) -> None:
    """Counted anew, second by second of the log, without the bands."""
    latest, state, active = history[0].at, dict[str, dict[str, str]](), dict[str, timedelta]()
    for step in [*history, Step(now, "", "")]:
        moment = max(latest, step.at)
        for stage_id, attempts in state.items():
            there = [attempts[key] for key in sorted(attempts) if attempts[key] != GONE]
            if there and there[-1] == "ACTIVE":
                active[stage_id] = active.get(stage_id, timedelta()) + (moment - latest)
        latest = moment
        if step.stage_instance_id:
            _x, stage_id, number = step.stage_instance_id.split(".")
            state.setdefault(stage_id, {})[number] = step.status
        if step is history[-1] and [each.status for each in history if not each.stage_instance_id][-1:] in (
            ["COMPLETED"],
            ["ABORTED"],
        ):
            break  # an ended session's time stands still
    found = stages(session_time(history, now))
    for stage_id, length in active.items():
        assert found[stage_id].spent.active == length
