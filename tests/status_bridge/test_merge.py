"""The three-way merge."""

from itertools import product

import pytest

from status_bridge.merge import ABSENT, Decision, decide, merge


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "decision"),
    [
        ("a", "a", "a", Decision.SAME),
        ("a", "b", "b", Decision.SAME),
        ("a", "b", "a", Decision.PUSH),
        ("a", "a", "b", Decision.PULL),
        ("a", "b", "c", Decision.CONFLICT),
        (ABSENT, "a", ABSENT, Decision.PUSH),
        (ABSENT, "a", "a", Decision.SAME),
        (ABSENT, "a", "b", Decision.CONFLICT),
        ("a", "a", ABSENT, Decision.PUSH),
        ("a", "b", ABSENT, Decision.PUSH),
    ],
)
def test_each_case_has_its_decision(base, ours, theirs, decision):
    assert decide(base, ours, theirs) is decision


def test_what_was_sent_is_our_own_word():
    assert decide("a", "c", "b", sent=["b"]) is Decision.PUSH
    assert decide("a", "a", "b", sent=["b"]) is Decision.PUSH
    assert decide("a", "c", "d", sent=["b"]) is Decision.CONFLICT


def test_a_field_of_two_values_never_conflicts():
    for base, ours, theirs in product([True, False], repeat=3):
        assert decide(base, ours, theirs) is not Decision.CONFLICT


def test_a_merge_that_was_carried_out_merges_to_nothing():
    for base, ours, theirs in product("abc", repeat=3):
        decision = decide(base, ours, theirs)
        if decision is Decision.PUSH:
            theirs = base = ours
        elif decision is Decision.PULL:
            ours = base = theirs
        assert decide(base, ours, theirs) in (Decision.SAME, Decision.CONFLICT)


def test_only_our_fields_are_merged():
    decisions = merge({"x": 1, "gone": 1}, {"x": 1, "new": 0}, {"x": 2, "theirs": 5}, {"new": [7]})
    assert decisions == {"x": Decision.PULL, "new": Decision.PUSH}
