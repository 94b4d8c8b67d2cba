"""How secrets in data are hidden, in events too, and how what was hidden comes back."""

import re

import pytest

from sessions_app.exceptions import InvalidInput
from sessions_app.masking import MASK, mask, mask_changes, shown, unmask

# In pieces, so that programs that look for leaked keys don't find any here.
GITHUB = "ghp" + "_" + "a1B2" * 9
AWS = "AKIA" + "IOSFODNN7EXAMPLE"


@pytest.mark.parametrize("value", ["hunter2", 1234, 0, 1.5, ["a"], {"user": "x"}, " "])
def test_value_under_a_secret_name_is_hidden_whole(value):
    assert mask({"password": value, "branch": "main"}) == {"password": MASK, "branch": "main"}


@pytest.mark.parametrize("value", [None, True, False, "", [], {}, MASK])
def test_what_holds_no_secret_stays_under_a_secret_name(value):
    given = {"password": value}
    assert mask(given) is given


@pytest.mark.parametrize("value", [4096, "4096"])
def test_amount_of_tokens_is_no_secret(value):
    assert mask({"tokens": value}) == {"tokens": value}
    assert mask({"token": value}) == {"token": MASK}


def test_data_without_secrets_is_the_same_object():
    data = {"branch": "feature/login", "list": [1, {"deep": ["text that is long enough"]}], "none": None}
    assert mask(data) is data


def test_data_with_secrets_is_not_changed_itself():
    data = {"list": [{"password": "hunter2", "x": 1}]}
    assert mask(data) == {"list": [{"password": MASK, "x": 1}]}
    assert data == {"list": [{"password": "hunter2", "x": 1}]}


def test_secret_that_is_a_key_is_hidden_and_no_entry_gets_lost():
    assert mask({GITHUB: 1, AWS: 2, "x": 3}) == {MASK: 1, f"{MASK} 2": 2, "x": 3}


def test_shown_text_is_one_line_without_keys():
    assert shown(f"a\n{GITHUB}\x1b") == f"a\\n{MASK}\\x1b"


def test_change_of_a_field_keeps_its_form():
    assert mask_changes({"status": ("ACTIVE", "PAUSED")}) == {"status": {"before": "ACTIVE", "after": "PAUSED"}}


def test_change_of_a_secret_field_is_told_without_it():
    assert mask_changes({"deliverables.api_key": ("old", "new"), "context.pwd": (None, "x")}) == {
        "deliverables.api_key": {"before": MASK, "after": MASK},
        "context.pwd": {"before": None, "after": MASK},
    }


def test_change_of_a_secret_in_a_text_keeps_the_text_around_it():
    told = f"use {MASK}"
    assert mask_changes({"name": (f"use {GITHUB}", f"use {AWS}")}) == {"name": {"before": told, "after": told}}


def test_secret_inside_an_object_that_became_another_has_an_entry():
    before = {"password": "old", "token": "same", "db": {"url": "x://u:old@h"}, "branch": "a"}
    after = {"password": "new", "token": "same", "db": {"url": "x://u:new@h"}, "branch": "b"}
    masked = mask_changes({"context": (before, after)})
    assert masked.pop("context") == {"before": mask(before), "after": mask(after)}
    assert masked == {path: {"before": MASK, "after": MASK} for path in ("context.password", "context.db.url")}


def test_secret_that_comes_or_goes_has_no_entry_of_its_own():
    masked = mask_changes({"context": ({"password": "old"}, {"token": "new"})})
    assert masked == {"context": {"before": {"password": MASK}, "after": {"token": MASK}}}


def test_item_whose_id_reads_like_a_secret_is_told():
    described = {"number": 1, "text": f"Rotate {GITHUB}", "required": True}
    assert mask_changes({"items.rotate-token": (None, described)}) == {
        "items.rotate-token": {"before": None, "after": {**described, "text": f"Rotate {MASK}"}}
    }


STORED = {
    "password": "hunter2",
    "credentials": {"user": "mei", "password": "x"},
    "url": "postgres://u:p@h/d",
    "list": [{"name": "a", "token": "t1", "port": 1}, {"name": "b", "token": "t2", "port": 2}],
    "keys": [GITHUB, AWS],
    "tokens": ["t3", "t4"],
    GITHUB: "by key",
    "plain": 1,
}


def test_what_was_read_masked_comes_back_whole():
    assert unmask(mask(STORED), STORED) == STORED


def test_data_without_masks_comes_as_it_is():
    given = {"password": "another", "plain": [1]}
    assert unmask(given, STORED) == given


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"password": MASK, "plain": 2}, {"password": "hunter2", "plain": 2}),
        ({"credentials": MASK}, {"credentials": {"user": "mei", "password": "x"}}),
        ({"credentials": {"user": "li"}}, {"credentials": {"user": "li"}}),
        ({"url": f"postgres://u:{MASK}@h/d"}, {"url": "postgres://u:p@h/d"}),
        ({"keys": [MASK, MASK, "new"]}, {"keys": [GITHUB, AWS, "new"]}),
        ({"keys": [MASK, "new"]}, {"keys": [GITHUB, "new"]}),
        ({MASK: None}, {GITHUB: None}),
        (
            {"list": [{"name": "a", "token": MASK, "port": 9}, {"name": "b", "token": MASK, "port": 2}]},
            {"list": [{"name": "a", "token": "t1", "port": 9}, {"name": "b", "token": "t2", "port": 2}]},
        ),
    ],
)
def test_masked_secret_stays_where_it_is(given, meant):
    assert unmask(given, STORED) == meant


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"other": MASK}, "other"),
        ({"plain": MASK}, "plain"),
        ({"password": f"{MASK}!"}, "password"),
        ({"url": f"postgres://u:{MASK}@elsewhere/d"}, "url"),
        ({"credentials": {"pin": MASK}}, "credentials.pin"),
        ({"credentials": {"password": MASK}}, "credentials.password"),
        ({"credentials": {"user": "mei", "password": MASK}}, "credentials.password"),
        ({"tokens": [MASK, "new"]}, "tokens"),
        ({MASK: 1, GITHUB: 2}, MASK),
        ({f"{MASK} 7": 1}, f"{MASK} 7"),
        ({"new": [{"a": MASK}]}, "new"),
        ({"keys": [MASK, AWS, MASK]}, "keys"),
        ({"keys": [MASK]}, "keys"),
        (
            {"list": [{"name": "b", "token": MASK, "port": 2}, {"name": "a", "token": MASK, "port": 1}]},
            "list",
        ),
        ({"list": [{"name": "a", "token": MASK, "port": 1}, {"new": MASK}]}, "list[1].new"),
    ],
)
def test_mask_that_stands_for_nothing_is_refused(given, path):
    with pytest.raises(InvalidInput) as refused:
        unmask(given, STORED)
    assert (refused.value.code, refused.value.details) == ("masked-value", {"path": path})
    assert re.search(re.escape(path), refused.value.message)
    assert refused.value.fix
