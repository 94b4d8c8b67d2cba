"""People and the session move at once, with faults in between: in the end both sides agree, or a person is asked."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from sessions_app.exceptions import FlowError
from status_bridge import conflicts, tracking_making
from status_bridge.models import Conflict
from status_bridge.sinks.github_text import name_in, ticks_in, title_of
from status_bridge.tracking_picture import STATUS, TITLE, picture_of
from tests.factories import assert_consistent
from tests.status_bridge.fake_github import FakeGitHub
from tests.status_bridge.github_world import World

STEPS = 60
LABELS = {"PENDING": "pending", "IN_PROGRESS": "in-progress", "ON_HOLD": "on-hold", "FAILED": "failed"}
CLOSED = {"completed": "COMPLETED", "not_planned": "CANCELED"}
ITEMS = ("build/write", "build/check", "test/run")


def play_here(world: World, random: Random) -> None:
    """Something that the session's people do, possible or not."""
    session_id, stage_id = world.session().pk, random.choice(["build", "test"])
    item = random.choice(["write", "check", "run"])
    sessions, stages = world.sessions, world.stages
    moves: list[Callable[[], Any]] = [
        lambda: sessions.pause_session(session_id),
        lambda: sessions.resume_session(session_id),
        lambda: sessions.fail_session(session_id, reason="broken"),
        lambda: sessions.reopen_session(session_id, reason="see"),
        lambda: sessions.update_session(session_id, {"name": f"ours {random.randrange(9)}"}),
        lambda: stages.run_stage(session_id, stage_id),
        lambda: stages.perform(session_id, stage_id, "complete", force=True, reason="enough"),
        lambda: stages.perform(session_id, stage_id, "retry"),
        lambda: stages.complete_item(stages.locate_instance(session_id, stage_id).pk, item),
        lambda: stages.reopen_item(stages.locate_instance(session_id, stage_id).pk, item),
        lambda: sessions.note_session(session_id, "so"),
    ]
    with suppress(FlowError):
        random.choice(moves)()


def play_there(github: FakeGitHub, random: Random) -> None:
    """Something that people do to the issue."""
    if not github.issues:
        return
    labels = [name for name in github.label_names(1) if not name.startswith("vcflow:")]
    moves: list[Callable[[], Any]] = [
        lambda: github.tick(1, random.choice(ITEMS)),
        lambda: github.tick(1, random.choice(ITEMS), done=False),
        lambda: github.change(1, "ann", title=f"theirs {random.randrange(9)}"),
        lambda: github.change(1, "ann", state="closed", state_reason=random.choice(list(CLOSED))),
        lambda: github.change(1, "ann", state="open"),
        lambda: github.change(1, "ann", labels=[*labels, f"vcflow:{random.choice(list(LABELS.values()))}"]),
        lambda: github.label(1, f"vcflow:{random.choice(list(LABELS.values()))}"),
        lambda: github.change(1, "ann", body=f"{random.randrange(9)}\r\n{github.issues[1]['body']}"),
    ]
    random.choice(moves[:3] if random.random() < 0.6 else moves)()


def shown_there(world: World) -> dict[str, Any]:
    """What the issue says, read by the test's own eyes."""
    issue, session_id = world.issue, world.session().pk
    told = [name.removeprefix("vcflow:") for name in world.github.label_names(1) if name.startswith("vcflow:")]
    by_label = {label: status for status, label in LABELS.items()}
    status = CLOSED[issue["state_reason"]] if issue["state"] == "closed" else by_label.get(told[0], "?")
    ticks = ticks_in(issue["body"], session_id)
    return {TITLE: name_in(issue["title"], session_id), STATUS: status if len(told) == 1 else str(told), **ticks}


def shown_here(world: World) -> dict[str, Any]:
    picture = picture_of(world.session())
    return {**picture.fields, TITLE: name_in(title_of(picture), picture.session_id)}


def differing(world: World) -> set[str]:
    here, there = shown_here(world), shown_there(world)
    return {name for name in here.keys() | there.keys() if here.get(name) != there.get(name)}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(25))
def test_in_the_end_both_sides_agree_or_a_person_is_asked(seed, monkeypatch):
    monkeypatch.setattr(tracking_making, "GRACE", timedelta())
    random = Random(seed)
    world = World(monkeypatch, FakeGitHub(Random(seed + 1000), fault_rate=random.choice([0, 0.1, 0.3])))
    world.sessions.create_session(world.workflow, "Spring")
    world.github.between = lambda: play_there(world.github, random) if random.random() < 0.1 else None
    for _step in range(STEPS):
        move = random.randrange(5)
        if move == 0:
            play_here(world, random)
        elif move == 1:
            play_there(world.github, random)
        elif move == 2:
            world.listen()
        else:
            world.deliver()
    world.github.between = lambda: None
    world.github.fault_rate, world.github._down = 0.0, 0
    world.meet()

    assert len(world.github.issues) == 1
    asked = set(Conflict.objects.open().filter(kind="both-changed").values_list("field", flat=True))
    assert differing(world) == asked
    assert world.issue["body"].count("<!-- vcflow:claim:") == 1

    for row in Conflict.objects.open():
        try:
            conflicts.settle(world.actor, row.pk, random.choice(["ours", "theirs"]))
        except FlowError:
            conflicts.settle(world.actor, row.pk, "ours")
    world.meet()
    assert differing(world) == set()
    assert not Conflict.objects.open().filter(kind="both-changed").exists()
    assert_consistent(world.session().pk)
    world.github.asked.clear()
    world.sessions.note_session(world.session().pk, "the end")
    world.meet()
    assert world.github.asked == ["GET /issues/1"]
