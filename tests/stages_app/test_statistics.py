"""The statistics of workflows, read from the event log for who may see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app import state_diff
from sessions_app.exceptions import InvalidInput, NotFound
from sessions_app.lookup import find_workflow
from sessions_app.models import FlowSession
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from stages_app.stats import found, statistics, telling, throughput
from stages_app.stats.measures import Share
from stages_app.stats.representation import statistics_json
from stages_app.stats.window import Window, read_window
from stages_app.timeline.moves import MOVES
from tests.factories import actor, in_team, person, publish_workflow, session_in, stage
from tests.stages_app import histories
from tests.stages_app.histories import FORCED, ROUGH, SMOOTH

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
MINUTE = 60_000_000

with_rows = pytest.mark.django_db


def played(
    *verbs: tuple[int, str, str], workflow: str = "dev", ended: datetime = NOW - timedelta(days=1)
) -> FlowSession:
    return histories.played(*verbs, workflow=workflow, ended=ended)


def read(who: str = "li", workflow: str | None = "dev", number: int | None = None, window: Window | None = None) -> Any:
    window = window or read_window(now=NOW)
    return statistics_json(
        statistics.statistics(actor(who), window, find_workflow(workflow) if workflow else None, number)
    )


@with_rows
def test_statistics_of_known_histories() -> None:
    publish_workflow()
    played(*SMOOTH)
    played(*ROUGH, ended=NOW - timedelta(days=2))
    played((0, "build", "start"), (7, "", "abort"))
    played((0, "build", "start"), (7, "", "fail"))
    played((0, "build", "start"), ended=NOW - timedelta(hours=5))
    data = read()
    (dev,) = data["workflows"]
    assert (data["ended"], data["sampled"], data["reach"], data["workflows_left_out"]) == (4, 4, None, 0)
    assert (dev["completed"], dev["aborted"], dev["failed"], dev["sampled"]) == (2, 1, 1, 2)
    assert dev["cycle"] == {"count": 2, "p50": 40 * MINUTE, "p90": 80 * MINUTE, "total": 120 * MINUTE}
    parts = {kind: part["total"] // MINUTE for kind, part in dev["parts"].items()}
    assert parts == {"active": 75, "waiting": 40, "paused": 5, "failed": 0, "ended": 0}
    build, test = dev["stages"]
    assert {kind: part["total"] // MINUTE for kind, part in build["parts"].items()} == {
        "active": 45, "waiting": 0, "paused": 5, "failed": 30, "ended": 0,
    }  # fmt: skip
    assert (build["name"], build["share"], test["share"]) == ("Build", 0.6667, 0.25)
    assert build["rework"] == {"begun": 2, "repeated": 1, "share": 0.5, "mean_attempts": 1.5}
    assert (build["failures"], test["failures"]) == (1, 0)
    assert dev["first_pass"] == {"sessions": 1, "share": 0.5}
    assert dev["bottleneck"]["text"] == "Build takes most of the time: 67% of what completed sessions took."
    # The failure of a session's stage is told once, with the session that caused it.
    assert dev["failures"] == [{"reason": "enough", "count": 2, "stage_ids": ["build"]}]
    assert dev["aborts"] == [{"reason": "enough", "count": 1, "stage_ids": []}]
    open_ones = dev["open"]
    assert open_ones["count"] == 2
    assert open_ones["longest"] == pytest.approx(24 * 60 * MINUTE + 7 * MINUTE, abs=2000)
    days = {row["day"]: row["completed"] for row in dev["per_day"]}
    assert len(days) in (31, 30)
    assert sum(days.values()) == sum(row["completed"] for row in dev["per_week"]) == 2
    assert dev["throughput"] == {"per_day": 0.0667, "per_week": 0.4667}
    assert days[timezone.localdate(NOW - timedelta(days=2)).isoformat()] == 1


@with_rows
def test_statistics_are_of_what_ended_in_the_window_and_is_seen() -> None:
    publish_workflow()
    in_team(played(*SMOOTH), "crew")
    played(*SMOOTH, ended=NOW - timedelta(days=40))
    publish_workflow("draft", id="docs")
    played((0, "draft", "start"), (3, "draft", "complete"), workflow="docs")
    assert [(row["workflow_id"], row["completed"]) for row in read(workflow=None)["workflows"]] == [
        ("dev", 1),
        ("docs", 1),
    ]
    early = read_window(since="2026-02-01", until="2026-02-20", now=NOW)
    assert read(window=early)["workflows"][0]["completed"] == 1
    window = read_window(now=NOW)
    seen = statistics_json(statistics.statistics(person("wang", watches=["crew"]), window))
    assert [(row["workflow_id"], row["completed"]) for row in seen["workflows"]] == [("dev", 1)]
    unseen = statistics_json(statistics.statistics(person("zhao"), window))
    assert (unseen["ended"], unseen["workflows"]) == (0, [])
    (empty,) = statistics_json(statistics.statistics(person("zhao"), window, find_workflow("dev")))["workflows"]
    assert (empty["completed"], empty["cycle"], empty["stages"], empty["open"]["count"]) == (0, None, [], 0)


@with_rows
def test_statistics_of_one_version_are_of_its_sessions() -> None:
    publish_workflow()
    played(*SMOOTH)
    publish_workflow("build", "test", "ship")
    assert read(number=1)["workflows"][0]["completed"] == 1
    assert read(number=2)["workflows"][0]["completed"] == 0
    assert read(number=2)["workflows"][0]["version"] == 2
    with pytest.raises(NotFound):
        read(number=3)


@with_rows
def test_statistics_are_of_a_bounded_number_of_logs_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    publish_workflow()
    for days in (1, 2, 3):
        played(*SMOOTH, ended=NOW - timedelta(days=days))
    monkeypatch.setattr(found, "SAMPLE", 2)
    data = read()
    assert (data["ended"], data["sampled"], data["workflows"][0]["completed"]) == (3, 2, 3)
    assert data["workflows"][0]["sampled"] == 2
    monkeypatch.setattr(throughput, "MOST", 2)
    assert abs(read()["reach"] - (NOW - timedelta(days=2))) < timedelta(seconds=1)
    monkeypatch.setattr(found, "MOST", 1)
    for state in ("ACTIVE", "PAUSED"):
        session_in(state)
    assert read()["workflows"][0]["open"] == {"count": 2, "p50": None, "p90": None, "longest": None}


@with_rows
def test_statistics_take_as_many_queries_however_much_there_is() -> None:
    publish_workflow()
    li, counted = actor("li"), []
    for _round in range(2):
        played(*ROUGH)
        played((0, "build", "start"), (7, "", "abort"))
        publish_workflow("draft", id=f"docs{_round}")
        played((0, "draft", "start"), (3, "draft", "complete"), workflow=f"docs{_round}")
        with CaptureQueriesContext(connection) as queries:
            statistics_json(statistics.statistics(li, read_window(now=NOW)))
        counted.append(len(queries))
    assert counted == [6, 6]


@with_rows
def test_restored_and_forked_sessions_count_as_what_they_were() -> None:
    publish_workflow()
    started = played((0, "build", "start"), ended=NOW - timedelta(days=1, minutes=60))
    savepoint = SavepointManager().create_savepoint(started.pk)
    StageInstanceManager().perform(started.pk, "build", "complete", **FORCED)
    known = FlowSession.objects.get(pk=started.pk).version
    histories.put_at(started, known - 1, NOW - timedelta(days=1, minutes=50))
    SavepointManager().restore_savepoint(savepoint.pk, reason="another way")
    histories.put_at(started, known, NOW - timedelta(days=1, minutes=30))
    fork = SavepointManager().fork_savepoint(savepoint.pk)
    histories.put_at(fork, 0, NOW - timedelta(days=1, minutes=20))
    for each, ended in ((started, 10), (fork, 15)):
        for stage_id in ("build", "test"):
            known = FlowSession.objects.get(pk=each.pk).version
            if stage_id == "test":
                StageInstanceManager().perform(each.pk, "test", "start")
            StageInstanceManager().perform(each.pk, stage_id, "complete", **FORCED)
            histories.put_at(each, known, NOW - timedelta(days=1, minutes=ended))
    (dev,) = read()["workflows"]
    assert dev["completed"] == 2
    build = next(stage for stage in dev["stages"] if stage["stage_id"] == "build")
    # The one: 10 minutes, done for 20, put back to where it was worked on for 20 more; the fork: 5 minutes.
    parts = {kind: part["total"] // MINUTE for kind, part in build["parts"].items() if part["total"]}
    assert parts == {"active": 35, "ended": 20}
    assert build["rework"] == {"begun": 2, "repeated": 1, "share": 0.5, "mean_attempts": 1.5}
    assert set(MOVES) == set(state_diff.MOVES)


@with_rows
def test_stage_that_the_newest_version_does_not_have_has_the_name_it_had_last() -> None:
    for name in ("Make", "Make it", "Assemble"):
        publish_workflow(stage("build", name=name), "test")
        if name == "Make it":
            played((0, "build", "start"), (5, "build", "fail"), *SMOOTH[2:], (41, "", "abort"))
            played(*SMOOTH)
    publish_workflow("ship", "test")
    (dev,) = read()["workflows"]
    assert [stage["name"] for stage in dev["stages"]] == ["Test", "Assemble"]
    assert dev["bottleneck"]["name"] == "Assemble"


@with_rows
@pytest.mark.parametrize("verb", ["fail", "abort", "complete"])
def test_end_that_a_fork_was_made_with_is_not_counted_and_one_of_its_own_is(verb: str) -> None:
    publish_workflow()
    counts = {"fail": "failed", "abort": "aborted", "complete": "completed"}
    ended = played((0, "build", "start"), (7, "", verb))
    fork = SavepointManager().fork_savepoint(SavepointManager().create_savepoint(ended.pk).pk)
    histories.put_at(fork, 0, NOW - timedelta(hours=3))
    FlowSession.objects.filter(pk__in=[ended.pk, fork.pk]).update(updated_at=NOW - timedelta(hours=3))
    assert FlowSession.objects.get(pk=fork.pk).status == FlowSession.objects.get(pk=ended.pk).status
    assert read()["workflows"][0][counts[verb]] == 1
    if verb == "abort":
        return  # nothing leads on from there
    manager = FlowSessionManager()
    if verb == "fail":
        manager.resume_session(fork.pk)
        manager.fail_session(fork.pk, reason="again")
    else:
        manager.reopen_session(fork.pk, reason="again")
        manager.complete_session(fork.pk, **FORCED)
    histories.put_at(fork, 1, NOW - timedelta(hours=2))
    FlowSession.objects.filter(pk=fork.pk).update(updated_at=NOW - timedelta(hours=2))
    assert read()["workflows"][0][counts[verb]] == 2


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 0, "-"), (0, 9, "0%"), (1, 1000, "<1%"), (1, 3, "33%"), (999, 1000, ">99%"), (7, 7, "100%")],
)
def test_share_that_is_something_is_not_told_as_nothing_or_all(part: int, whole: int, said: str) -> None:
    assert telling.percent(Share(part, whole)) == said


@pytest.mark.parametrize(
    ("since", "until", "begin", "end"),
    [
        (None, None, NOW - timedelta(days=30), NOW),
        ("7d", None, NOW - timedelta(days=7), NOW),
        ("2w", "12h", NOW - timedelta(days=14), NOW - timedelta(hours=12)),
        (None, "7d", NOW - timedelta(days=37), NOW - timedelta(days=7)),
        ("2026-03-02T08:00:00Z", "2027-01-01T00:00:00Z", datetime(2026, 3, 2, 8, tzinfo=UTC), NOW),
    ],
)
def test_window_is_between_two_moments(since: str | None, until: str | None, begin: datetime, end: datetime) -> None:
    assert read_window(since, until, NOW) == (begin, end, NOW)


def test_day_is_its_beginning_where_the_reader_is() -> None:
    with timezone.override("Asia/Shanghai"):
        assert read_window("2026-03-02", None, NOW).since == datetime(2026, 3, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "field"),
    [
        ("yesterday", None, "since"), ("", None, "since"), (None, "30", "until"), ("30x", None, "since"),
        ("9999w", None, "since"), ("1d", "2d", "since"), ("2027-01-01", None, "since"), ("2026-02-30", None, "since"),
        ("0001-01-01T00:00:00+14:00", None, "since"), (None, "0001-01-01", "until"), ("0001-01-01", None, "since"),
        ("0001-01-01", "0001-01-02", "until"), (None, "0001-01-01T00:00:00-14:00", "until"),
        ("9999-12-31", None, "since"), ("9999-12-31T23:59:59-14:00", None, "since"), (None, "9999-12-31", "until"),
        (None, "9999-12-31T23:59:59.999999-14:00", "until"), (None, "9999w", "until"), ("1899-12-31", None, "since"),
    ],
)  # fmt: skip
def test_window_that_is_none_is_refused_by_name(since: str | None, until: str | None, field: str) -> None:
    for zone in ("UTC", "Asia/Shanghai", "America/New_York"):
        with timezone.override(zone), pytest.raises(InvalidInput) as refused:
            read_window(since, until, NOW)
    assert refused.value.details["field"] == field
    assert refused.value.fix


def test_days_are_those_of_the_reader_and_none_is_left_out() -> None:
    moment = datetime(2026, 3, 18, 17, tzinfo=UTC)  # the 19th in Shanghai
    window = Window(NOW - timedelta(days=3), NOW, NOW)
    with timezone.override("Asia/Shanghai"):
        days = statistics.per_day([moment.timestamp()] * 2, window)
    assert {day.day: count for day, count in days.items()} == {17: 0, 18: 0, 19: 2, 20: 0}
    assert {day.isoformat(): count for day, count in statistics.per_week(days).items()} == {"2026-03-16": 2}
