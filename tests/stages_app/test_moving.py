"""A state moved to another version of its workflow: data in, data out, no database."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from sessions_app.capturing import SessionHolder
from sessions_app.models.definitions import PublishedVersion
from sessions_app.moving import Move, moved, proposals
from tests.factories import definition, stage

OLD = (stage("plan", items=["goal"]), stage("build", items=["one", "two?"], depends_on=["plan"]), stage("test"))


def published(*stages: Any, number: int = 1, **options: Any) -> PublishedVersion:
    return PublishedVersion(number, definition(*stages, **options).content())


def item(item_id: str, number: int = 1, *, done: bool = False, added: bool = False) -> dict[str, Any]:
    ticked = {"done": done, "done_at": "2026-03-02T08:00:00+00:00" if done else None, "done_by": "mei" if done else ""}
    return {"id": item_id, "number": number, "text": item_id, "required": True, "added": added, **ticked}


def attempt(stage_id: str, status: str, *items: dict[str, Any], number: int = 1, **columns: Any) -> dict[str, Any]:
    return {
        "stage_id": stage_id,
        "attempt": number,
        "status": status,
        "is_ad_hoc": False,
        "is_exclusive": True,
        "follows_session": False,
        "items": list(items),
        **columns,
    }


def state_of(*attempts: dict[str, Any], current: str = "", status: str = "ACTIVE") -> dict[str, Any]:
    session = {"pinned_version_id": "dev@1", "status": status, "current_stage_id": current}
    return {"session": session, "attempts": {f"{each['stage_id']}.{each['attempt']}": each for each in attempts}}


def go(state: dict[str, Any], *stages: Any, old: Any = OLD, old_parallel: bool = False, **options: Any) -> Any:
    """The state moved, and the move."""
    mapping = options.pop("mapping", {})
    source, target = published(*old, parallel=old_parallel), published(*stages, number=2, **options)
    move = Move(source, target, "dev@2", mapping, proposals(source, target))
    before = copy.deepcopy(state)
    after = moved(state, move)
    assert state == before, "what was given stays as it is"
    return after, move


def codes(move: Move) -> list[tuple[str, str]]:
    return [(reason.code, reason.stage_id) for reason in move.reasons]


def items_of(after: Any, key: str) -> list[tuple[str, int, bool, bool]]:
    return [(each["id"], each["number"], each["done"], each["added"]) for each in after["attempts"][key]["items"]]


def test_nothing_begun_moves_and_points_at_the_first_stage():
    after, move = go(state_of(current="plan"), "intake", "build")
    assert after == {
        "session": {"pinned_version_id": "dev@2", "status": "ACTIVE", "current_stage_id": "intake"},
        "attempts": {},
    }
    assert (move.reasons, move.warnings) == ([], [])


def test_items_of_an_open_attempt_become_those_of_the_new_version():
    begun = attempt(
        "build",
        "ACTIVE",
        item("one", 1, done=True),
        item("gone", 2),
        item("done-and-gone", 3, done=True),
        item("mine", 4, added=True),
    )
    done = attempt("plan", "COMPLETED", item("goal", done=True))
    after, move = go(
        state_of(begun, done, current="build"), stage("plan", items=["else"]), stage("build", items=["new", "one?"])
    )
    assert move.reasons == []
    assert items_of(after, "build.1") == [
        ("new", 1, False, False),
        ("one", 2, True, False),
        ("done-and-gone", 3, True, True),
        ("mine", 4, False, True),
    ]
    one = after["attempts"]["build.1"]["items"][1]
    assert (one["required"], one["done_by"]) == (False, "mei")
    assert after["attempts"]["plan.1"]["items"] == done["items"], "what has ended stays"


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ({}, [("stage-gone", "build")]),
        ({"build": "make"}, []),
        ({"build": "-"}, []),
        ({"build": "plan"}, [("stage-taken", "plan")]),
        ({"test": "make"}, [("stage-gone", "build")]),
    ],
)
def test_begun_stage_that_is_gone_needs_a_mapping(mapping, expected):
    state = state_of(attempt("plan", "COMPLETED"), attempt("build", "ACTIVE", item("one")), current="build")
    _after, move = go(state, "plan", stage("make", name="Other", items=["one"]), mapping=mapping)
    assert codes(move) == expected


def test_proposal_is_the_stage_that_seems_to_be_the_same():
    state = state_of(attempt("build", "FAILED"), attempt("test", "SKIPPED"))
    _after, move = go(state, stage("make", items=["one", "two?"]), "other")
    assert [(reason.stage_id, reason.proposal) for reason in move.reasons] == [("build", "make"), ("test", "-")]


def test_mapped_stage_takes_all_its_attempts_along():
    first = attempt("build", "FAILED", item("one"))
    second = attempt("build", "ACTIVE", item("one", done=True), number=2)
    after, move = go(state_of(first, second, current="build"), stage("make", items=["one"]), mapping={"build": "make"})
    assert (move.reasons, sorted(after["attempts"])) == ([], ["make.1", "make.2"])
    assert after["session"]["current_stage_id"] == "make"
    assert items_of(after, "make.2") == [("one", 1, True, False)]
    assert {each["stage_id"] for each in after["attempts"].values()} == {"make"}


def test_swapped_stages_change_places():
    after, move = go(
        state_of(attempt("plan", "COMPLETED"), attempt("test", "ACTIVE"), current="test"),
        "plan",
        "test",
        mapping={"plan": "test", "test": "plan"},
    )
    statuses = {key: each["status"] for key, each in after["attempts"].items()}
    assert (move.reasons, statuses) == ([], {"test.1": "COMPLETED", "plan.1": "ACTIVE"})
    assert after["session"]["current_stage_id"] == "plan"


@pytest.mark.parametrize(
    ("names", "mapping", "told"),
    [
        (("B", "A"), {}, 1),
        (("B", "A"), {"one": "two", "two": "one"}, 0),
        (("C", "A"), {}, 1),
        (("C", "B"), {}, 0),  # renamed, and nobody took its name
        (("A", "B"), {}, 0),
    ],
)
def test_name_that_another_stage_has_now_is_warned_of(names, mapping, told):
    old = (stage("one", name="A"), stage("two", name="B"))
    new = (stage("one", name=names[0]), stage("two", name=names[1]))
    _after, move = go(state_of(attempt("one", "PAUSED"), current="one"), *new, old=old, mapping=mapping)
    assert (move.reasons, len(move.warnings)) == ([], told)
    if told:
        assert "two has the name it had. Say --map one=two" in move.warnings[0]


def test_stage_kept_ad_hoc_keeps_its_items_as_added():
    after, move = go(
        state_of(attempt("build", "ACTIVE", item("one", 1), item("two", 2, done=True)), current="build"),
        "plan",
        mapping={"build": "-"},
    )
    assert move.reasons == []
    assert after["attempts"]["build.1"]["is_ad_hoc"]
    assert items_of(after, "build.1") == [("one", 1, False, True), ("two", 2, True, True)]
    assert after["session"]["current_stage_id"] == "build"
    again, _move = go(after, "plan")
    assert again["attempts"] == after["attempts"], "an ad hoc stage needs no mapping"


def test_ad_hoc_stage_that_the_version_has_becomes_one_of_its_own():
    after, move = go(state_of(attempt("spike", "ACTIVE", item("mine", added=True), is_ad_hoc=True)), *OLD, "spike")
    assert (move.reasons, after["attempts"]["spike.1"]["is_ad_hoc"]) == ([], False)
    assert items_of(after, "spike.1") == [("mine", 1, False, True)]


BUILD_NEEDS_REVIEW = ("review", stage("build", depends_on=["review"]))


@pytest.mark.parametrize(
    ("columns", "old", "expected", "warnings"),
    [
        ({"status": "ACTIVE"}, OLD, ["dependencies-unmet"], 0),
        ({"status": "PAUSED", "follows_session": True}, OLD, ["dependencies-unmet"], 0),
        ({"status": "FAILED", "follows_session": True}, OLD, ["dependencies-unmet"], 0),
        ({"status": "PAUSED"}, OLD, [], 1),
        ({"status": "PENDING"}, OLD, [], 0),
        ({"status": "COMPLETED"}, OLD, [], 0),
        ({"status": "ACTIVE"}, BUILD_NEEDS_REVIEW, [], 0),
    ],
    ids=["active", "with its session", "to be retried", "on hold", "waiting", "done", "forced before"],
)
def test_stage_that_goes_on_before_its_dependencies_blocks(columns, old, expected, warnings):
    begun = {**attempt("build", ""), **columns}
    _after, move = go(state_of(begun, current="build"), *BUILD_NEEDS_REVIEW, "last", old=old)
    assert [reason.code for reason in move.reasons] == expected
    assert len(move.warnings) == warnings


@pytest.mark.parametrize(
    ("second", "parallel", "expected"),
    [
        (attempt("test", "ACTIVE", is_exclusive=False), False, [("several-active", "")]),
        (attempt("test", "PAUSED", is_exclusive=False, follows_session=True), False, [("several-active", "")]),
        (attempt("test", "PAUSED", is_exclusive=False), False, []),
        (attempt("test", "ACTIVE", is_exclusive=False), True, []),
    ],
)
def test_sequential_version_takes_one_active_stage(second, parallel, expected):
    state = state_of(attempt("plan", "ACTIVE", is_exclusive=False), second, current="plan")
    after, move = go(state, "plan", "test", old_parallel=True, parallel=parallel)
    assert codes(move) == expected
    assert {each["is_exclusive"] for each in after["attempts"].values()} == {not parallel}


@pytest.mark.parametrize(
    ("attempts", "current", "stages", "expected"),
    [
        ([attempt("plan", "COMPLETED")], "build", ["plan", "make"], "make"),
        ([attempt("plan", "COMPLETED")], "build", ["plan", "make", "build"], "build"),
        ([attempt("plan", "COMPLETED")], "build", ["plan", "make", stage("build", depends_on=["make"])], "make"),
        ([attempt("plan", "PAUSED")], "build", ["make", "plan"], "plan"),
        ([attempt("plan", "COMPLETED")], "", ["plan", "make"], "make"),
        ([attempt("plan", "COMPLETED")], "build", ["plan"], ""),
        ([attempt("plan", "FAILED")], "plan", ["plan", "make"], "plan"),
    ],
)
def test_current_stage_moves_sensibly(attempts, current, stages, expected):
    after, move = go(state_of(*attempts, current=current), *stages)
    assert (after["session"]["current_stage_id"], move.reasons) == (expected, [])


@pytest.mark.parametrize(("status", "told"), [("ACTIVE", 1), ("PAUSED", 0)])
def test_session_with_nothing_left_to_do_says_so(status, told):
    _after, move = go(state_of(attempt("plan", "COMPLETED"), status=status), "plan", "build")
    assert len(move.warnings) == 0
    _after, move = go(state_of(attempt("plan", "COMPLETED"), status=status), "plan")
    assert len(move.warnings) == told


def test_ground_moves_its_version_alone():
    after, move = go(state_of(current="plan"), *OLD)
    assert SessionHolder().name in after
    assert (after["session"]["pinned_version_id"], after["session"]["current_stage_id"]) == ("dev@2", "plan")
    assert move.new_id("plan") == "plan"
