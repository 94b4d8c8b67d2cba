"""Figures of what was done: percentiles, how long stages take, what gets done, what is stuck."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from sessions_app.models import FlowSession, SessionEvent
from sessions_app.services import FlowSessionManager
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from stages_app.stats import durations, stuck, throughput
from stages_app.stats.durations import by_stage, slowest_stages, timed_attempts
from stages_app.stats.percentiles import Spread, percentile, spread_of
from stages_app.stats.stuck import patience, stuck_sessions
from stages_app.stats.throughput import by_workflow, completions, day_starts
from tests.factories import actor, in_team, new_session, person, publish_workflow, session_in

pytestmark = pytest.mark.django_db

HOUR = 3600.0


def attempt_of(hours: float, stage_id: str = "build", *, ended: datetime | None = None) -> FlowSession:
    """A session whose stage took so long; it was completed an hour ago."""
    flow_session = FlowSessionManager().create_session("dev")
    stages = StageInstanceManager()
    stages.run_stage(flow_session.pk, stage_id)
    stages.perform(flow_session.pk, stage_id, "complete", force=True, reason="enough")
    ended = ended or timezone.now() - timedelta(hours=1)
    StageInstance.objects.filter(session=flow_session).update(
        started_at=ended - timedelta(hours=hours), completed_at=ended
    )
    return flow_session


def silent_for(flow_session: FlowSession, length: timedelta) -> FlowSession:
    FlowSession.objects.filter(pk=flow_session.pk).update(updated_at=timezone.now() - length)
    return flow_session


def completed_at(moment: datetime, *, took: timedelta = timedelta(hours=1)) -> FlowSession:
    flow_session = session_in("COMPLETED")
    FlowSession.objects.filter(pk=flow_session.pk).update(created_at=moment - took)
    SessionEvent.objects.filter(session=flow_session, type="session.completed").update(created_at=moment)
    return flow_session


@pytest.mark.parametrize(
    ("values", "p50", "p90"),
    [
        ([7.0], 7.0, 7.0),
        ([1.0, 2.0], 1.0, 2.0),
        ([1.0, 2.0, 3.0], 2.0, 3.0),
        ([float(n) for n in range(1, 11)], 5.0, 9.0),
        ([float(n) for n in range(1, 12)], 6.0, 10.0),
        ([float(n) for n in range(1, 101)], 50.0, 90.0),
    ],
)
def test_percentile_is_the_value_at_its_nearest_rank(values, p50, p90):
    assert (percentile(values, 50), percentile(values, 90)) == (p50, p90)
    assert spread_of(reversed(values)) == Spread(len(values), p50, p90)


def test_spread_of_nothing_is_unknown():
    assert spread_of([]) is None


def test_attempts_are_timed_without_what_they_were_on_hold():
    publish_workflow()
    flow_session = attempt_of(5)
    attempt = StageInstance.objects.get(session=flow_session)
    for kind, hours in (("stage.paused", 4), ("stage.resumed", 1)):
        SessionEvent(
            session=flow_session,
            seq=100 - hours,
            type=kind,
            stage_instance_id=attempt.pk,
            created_at=attempt.completed_at - timedelta(hours=hours),
        ).save()
    (timed,) = timed_attempts(actor("li"), timezone.now())
    assert (timed.workflow_id, timed.version_id, timed.stage_id) == ("dev", flow_session.pinned_version_id, "build")
    assert timed.seconds == pytest.approx(2 * HOUR, abs=0.01)


def test_only_completed_attempts_of_the_last_90_days_are_timed():
    publish_workflow()
    attempt_of(1, ended=timezone.now() - timedelta(days=91))
    StageInstanceManager().run_stage(new_session().pk, "build")
    attempt_of(1, ended=timezone.now() - timedelta(days=89))
    assert len(timed_attempts(actor("li"), timezone.now())) == 1


def test_attempts_are_those_of_the_sessions_that_changed_last(monkeypatch):
    monkeypatch.setattr(durations, "SAMPLE", 1)
    publish_workflow()
    silent_for(attempt_of(1), timedelta(hours=2))
    attempt_of(3)
    assert [round(timed.seconds / HOUR) for timed in timed_attempts(actor("li"), timezone.now())] == [3]


def test_attempts_are_those_that_the_actor_sees():
    publish_workflow()
    attempt_of(1)
    in_team(attempt_of(3), "crew")
    seen = timed_attempts(person("wang", watches=["crew"]), timezone.now())
    assert [round(timed.seconds / HOUR) for timed in seen] == [3]
    assert timed_attempts(person("zhao"), timezone.now()) == []


def test_of_fewer_than_five_attempts_nothing_is_concluded():
    publish_workflow()
    for hours in (1, 2, 3, 4):
        flow_session = attempt_of(hours)
    assert by_stage(timed_attempts(actor("li"), timezone.now())) == {}
    attempt_of(5)
    spread = by_stage(timed_attempts(actor("li"), timezone.now()))[flow_session.pinned_version_id, "build"]
    assert (spread.count, round(spread.p50 / HOUR), round(spread.p90 / HOUR)) == (5, 3, 5)


def test_slowest_stage_is_the_one_whose_half_takes_longest():
    publish_workflow("build", "test")
    attempt_of(2)
    attempt_of(30)
    attempt_of(4, "test")
    found = slowest_stages(timed_attempts(actor("li"), timezone.now()))
    assert (found["dev"].stage_id, found["dev"].spread.count) == ("test", 1)


def test_session_is_stuck_when_silent_for_longer_than_its_stage_takes():
    publish_workflow()
    for hours in (1, 2, 3, 4, 5):
        attempt_of(hours)
    at_work = [new_session() for _ in range(2)]
    for flow_session, hours in zip(at_work, (4.9, 5.1), strict=True):
        StageInstanceManager().run_stage(flow_session.pk, "build")
        silent_for(flow_session, timedelta(hours=hours))
    li = actor("li")
    assert [row.pk for row in stuck_sessions(li)] == [at_work[1].pk]
    known = patience(li)
    assert round(known.at(FlowSession.objects.get(pk=at_work[1].pk)).p90 / HOUR) == 5
    assert stuck.longest_silent(stuck_sessions(li, known)) == [at_work[1].pk]


def test_where_too_little_is_known_a_session_is_stuck_after_seven_days():
    known, unknown = new_session(), new_session()
    silent_for(known, timedelta(days=6, hours=23))
    silent_for(unknown, timedelta(days=7, hours=1))
    assert [row.pk for row in stuck_sessions(actor("li"))] == [unknown.pk]


def test_silence_of_less_than_a_minute_is_not_stuck():
    publish_workflow()
    for _ in range(5):
        attempt_of(0)
    flow_session = new_session()
    StageInstanceManager().run_stage(flow_session.pk, "build")
    assert not stuck_sessions(actor("li"), now=timezone.now() + timedelta(seconds=50)).exists()
    assert stuck_sessions(actor("li"), now=timezone.now() + timedelta(seconds=70)).filter(pk=flow_session.pk).exists()


@pytest.mark.parametrize("status", ["PENDING", "PAUSED", "COMPLETED", "FAILED", "ABORTED"])
def test_only_active_sessions_are_stuck(status):
    silent_for(session_in(status), timedelta(days=30))
    assert not stuck_sessions(actor("li")).exists()


def test_stuck_sessions_are_those_that_the_actor_sees():
    in_team(silent_for(new_session(), timedelta(days=30)), "crew")
    FlowSession.objects.update(updated_at=timezone.now() - timedelta(days=30))
    assert stuck_sessions(person("wang", watches=["crew"])).count() == 1
    assert stuck_sessions(person("zhao")).count() == 0


def test_stuck_sessions_are_named_longest_silence_first_and_up_to_a_bound(monkeypatch):
    days = {length: silent_for(new_session(), timedelta(days=length)).pk for length in (10, 30, 20)}
    assert stuck.longest_silent(stuck_sessions(actor("li"))) == [days[30], days[20], days[10]]
    monkeypatch.setattr(stuck, "MOST_COUNTED", 1)
    assert stuck.longest_silent(stuck_sessions(actor("li"))) == [days[30], days[20]]


def test_days_begin_at_midnight_where_the_reader_is():
    with timezone.override("Asia/Shanghai"):
        starts = day_starts(datetime(2026, 3, 2, 18, tzinfo=UTC))  # the 3rd in Shanghai
        assert len(starts) == 60
        assert starts[-1] == datetime(2026, 3, 2, 16, tzinfo=UTC)
    with timezone.override("Europe/Berlin"):
        starts = day_starts(datetime(2026, 3, 30, 12, tzinfo=UTC))
        assert starts[-1].timestamp() - starts[-2].timestamp() == 23 * HOUR  # the clocks went forward


def test_completions_are_counted_by_day_and_workflow():
    now = timezone.now()
    starts = day_starts(now)
    publish_workflow(id="other")
    for day, took in ((-1, 2), (-1, 4), (-2, 6), (-30, 8), (-31, 10), (-60, 30)):
        completed_at(starts[day] + timedelta(minutes=1), took=timedelta(hours=took))
    completed_at(starts[0] - timedelta(minutes=1))
    found = by_workflow(completions(actor("li"), starts[0]), starts)
    assert set(found) == {"dev"}
    assert list(found["dev"].per_day) == [1, *[0] * 27, 1, 2]
    assert (found["dev"].total, found["dev"].before) == (4, 2)
    assert [round(length / HOUR) for length in (found["dev"].cycle.p50, found["dev"].cycle.p90)] == [4, 8]
    assert round(found["dev"].cycle_before.p50 / HOUR) == 10


def test_reopened_session_counts_once_by_its_last_completion():
    flow_session = completed_at(timezone.now() - timedelta(days=3))
    manager = FlowSessionManager()
    manager.reopen_session(flow_session.pk, reason="again")
    starts = day_starts(timezone.now())
    assert completions(actor("li"), starts[0]).found == []
    manager.complete_session(flow_session.pk, force=True, reason="enough")
    found = by_workflow(completions(actor("li"), starts[0]), starts)
    assert list(found["dev"].per_day) == [*[0] * 29, 1]


def test_completions_beyond_the_bound_say_how_far_they_reach(monkeypatch):
    now = timezone.now()
    for hours in (3, 2, 1):
        completed_at(now - timedelta(hours=hours))
    assert completions(actor("li"), now - timedelta(days=60)).reach is None
    monkeypatch.setattr(throughput, "MOST", 2)
    cut = completions(actor("li"), now - timedelta(days=60))
    assert abs(cut.reach - (now - timedelta(hours=2))) < timedelta(seconds=1)
    assert by_workflow(cut, day_starts(now))["dev"].before is None


def test_completions_are_those_that_the_actor_sees():
    in_team(completed_at(timezone.now()), "crew")
    since = timezone.now() - timedelta(days=1)
    assert len(completions(person("wang", watches=["crew"]), since).found) == 1
    assert completions(person("zhao"), since).found == []
