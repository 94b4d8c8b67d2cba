"""The timeline's picture: its axis in the reader's zone, folded pauses, marks that are thinned, and its table."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages_app.timeline import Band, Step, timeline
from stages_app.timeline.axis import FOLDED_WIDTH, Axis
from stages_app.timeline.drawing import draw
from stages_app.timeline.plan import LABEL_WIDTH, MOST_ROWS, WIDTH, Plan, attempt_name, plan
from stages_app.timeline.reading import Happening

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 2, 1, 17, 5, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> \u202ecod.exe"


def captions(length: timedelta, zone: ZoneInfo = SHANGHAI, start: datetime = START) -> list[tuple[str, str]]:
    return [(tick.caption, tick.day) for tick in Axis(start, start + length, [], 200, 940).ticks(zone)]


@pytest.mark.parametrize(
    ("length", "first", "last"),
    [
        (timedelta(seconds=40), ("09:17:05", "2026-03-02"), ("09:17:45", "")),
        (timedelta(minutes=30), ("09:20", "2026-03-02"), ("09:45", "")),
        (timedelta(hours=7), ("10:00", "2026-03-02"), ("16:00", "")),
        (timedelta(days=2), ("12:00", "2026-03-02"), ("06:00", "")),
        (timedelta(days=10), ("03-03", "2026"), ("03-11", "")),
        (timedelta(days=60), ("03-09", "2026"), ("04-27", "")),
        (timedelta(days=400), ("2026-05", ""), ("2027-03", "")),
        (timedelta(days=3650), ("2028", ""), ("2036", "")),
    ],
)
def test_units_follow_the_length_in_the_readers_zone(
    length: timedelta, first: tuple[str, str], last: tuple[str, str]
) -> None:
    found = captions(length)
    assert (found[0], found[-1]) == (first, last)
    assert len(found) <= 10


def test_axis_of_an_hour_that_comes_twice_has_its_ticks() -> None:
    back = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    assert [caption for caption, _day in captions(timedelta(minutes=30), BERLIN, back)] == [
        "02:50", "02:55", "02:00", "02:05", "02:10", "02:15", "02:20",
    ]  # fmt: skip
    assert captions(timedelta(hours=20), BERLIN, back)[-1] == ("21:00", "")


def test_ticks_of_a_session_of_one_moment() -> None:
    assert Axis(START, START, [], 200, 940).at(START) == 200


@given(
    st.lists(st.floats(0, 1e8), min_size=1, max_size=12), st.floats(0, 1e6), st.sampled_from([SHANGHAI, BERLIN, UTC])
)
def test_axis_goes_forward_and_stays_inside(lengths: list[float], rest: float, zone: ZoneInfo) -> None:
    edges = [START]
    for length in lengths:
        edges.append(edges[-1] + timedelta(seconds=length))
    idle = [Band("paused", begin, end) for begin, end in list(pairwise(edges))[::2]]
    axis = Axis(START, edges[-1] + timedelta(seconds=rest), idle, 200, 940)
    places = [axis.at(edge) for edge in edges]
    assert places == sorted(places)
    assert places[0] == 200
    assert axis.at(axis.end) == pytest.approx(940, abs=0.2)
    ticks = axis.ticks(zone)
    assert all(200 <= tick.left <= 940 for tick in ticks)
    assert all(other.left - one.left >= 50 for one, other in pairwise(ticks))


def test_long_pause_leaves_room_for_the_rest() -> None:
    hour = timedelta(hours=1)
    pause = Band("paused", START + hour, START + 900 * hour)
    axis = Axis(START, START + 902 * hour, [pause], 200, 940)
    assert [piece.is_folded for piece in axis.pieces] == [False, True, False]
    folded = axis.pieces[1]
    assert folded.right - folded.left == FOLDED_WIDTH
    assert axis.at(START + hour) > 400


def test_session_that_only_waited_is_not_folded_away() -> None:
    axis = Axis(START, START + timedelta(days=30), [Band("waiting", START, START + timedelta(days=30))], 200, 940)
    assert [piece.is_folded for piece in axis.pieces] == [False]


def event(seq: int, minutes: float, subject: str, status: str | None, **told: str) -> Happening:
    at = START + timedelta(minutes=minutes)
    kind = "session.noted" if status is None else "stage.started"
    return Happening(seq, kind, subject, int(told.get("level", 20)), "ann", "cli", told.get("reason", ""), at, status)


def drawn(
    events: list[Happening], now: float, status: str = "ACTIVE", **names: str
) -> tuple[Plan, ElementTree.Element]:
    found = timeline(
        [Step(each.at, each.stage_instance_id, each.status) for each in events if each.status],
        START + timedelta(minutes=now),
    )
    made = plan(found, events, status, names, SHANGHAI)
    return made, ElementTree.fromstring(draw(made, lambda seq: f"#event-{seq}", SHANGHAI, label="Timeline"))


def links(root: ElementTree.Element) -> list[ElementTree.Element]:
    return list(root.iter("a"))


def test_each_event_is_a_link_that_tells_it() -> None:
    events = [
        event(1, 0, "", "ACTIVE"),
        event(2, 10, "s.build.1", "ACTIVE", reason=HOSTILE),
        event(3, 30, "s.build.1", "FAILED", level="40"),
    ]
    _made, root = drawn(events, 60, build="Build it")
    assert [link.get("href") for link in links(root)] == ["#event-1", "#event-2", "#event-3"]
    told = links(root)[1].get("aria-label", "")
    assert told == "#2 2026-03-02 09:27:05 stage begun · ann (cli) · Why: <script>alert(1)</script> \\u202ecod.exe"
    assert links(root)[1].findtext("title") == told
    assert links(root)[2].findtext("text") == "!"


def test_bands_tell_what_how_long_and_from_when() -> None:
    events = [event(1, 0, "", "ACTIVE"), event(2, 10, "s.a.1", "ACTIVE"), event(3, 40, "s.a.1", "PAUSED")]
    _made, root = drawn(events, 100)
    told = [title.text for group in root.iter("g") for title in group.iter("title")]
    assert told[:3] == [
        "Idle: 10 min, from 2026-03-02 09:17:05 to 2026-03-02 09:27:05",
        "Active: 30 min, from 2026-03-02 09:27:05 to 2026-03-02 09:57:05",
        "Paused: 1 h, from 2026-03-02 09:57:05 to 2026-03-02 10:57:05",
    ]
    signs = {sign.text for sign in root.iter("text") if sign.get("class") == "vct-sign"}
    assert signs == {"○", "▶", "‖"}


def test_thousand_events_are_thinned_to_marks_with_counts() -> None:
    events = [event(1, 0, "", "ACTIVE"), *(event(seq, seq / 7, "", None) for seq in range(2, 1001))]
    made, root = drawn(events, 200)
    marks = links(root)
    assert len(marks) <= (WIDTH - LABEL_WIDTH) / 18
    assert sum(len(mark.events) for mark in made.rows[0].marks) == 1000
    assert marks[0].get("aria-label", "").startswith(f"{len(made.rows[0].marks[0].events)} events\n#")


def test_one_event_is_drawn() -> None:
    made, root = drawn([event(1, 0, "", "PENDING")], 0)
    assert [row.label for row in made.rows] == ["Session"]
    assert len(links(root)) == 1


def test_newest_attempts_are_drawn_and_the_others_counted() -> None:
    events = [event(1, 0, "", "ACTIVE")]
    for number in range(1, MOST_ROWS + 11):
        events.append(event(2 * number, 2 * number, f"s.a.{number}", "ACTIVE"))
        events.append(event(2 * number + 1, 2 * number + 1, f"s.a.{number}", "FAILED"))
    made, _root = drawn(events, 200, a="Analysis")
    assert (len(made.rows), made.left_out) == (MOST_ROWS + 1, 10)
    assert made.rows[-1].label == f"✕ Analysis, attempt {MOST_ROWS + 10}"
    assert sum(len(mark.events) for row in made.rows for mark in row.marks) == len(events)


def test_picture_needs_no_style_and_survives_every_name() -> None:
    events = [event(1, 0, "", "ACTIVE"), event(2, 1, "s.a.1", "ACTIVE")]
    made, _root = drawn(events, 10, a="名" * 300)
    picture = draw(made, lambda seq: f"#event-{seq}", SHANGHAI, label='"><b>')
    assert "style" not in picture
    assert "<b>" not in picture
    labels = [text for text in ElementTree.fromstring(picture).iter("text") if text.get("class") == "vct-label"]
    assert len(labels[1].text or "") <= 15
    assert labels[1].findtext("title") == "▶ " + "名" * 300


def test_attempt_is_named_by_its_stage_and_its_number() -> None:
    assert attempt_name("s.build.1", {"build": "Build"}) == "Build"
    assert attempt_name("s.build.3", {"build": "Build"}) == "Build, attempt 3"
    assert attempt_name("s.extra.1", {}) == "extra"
