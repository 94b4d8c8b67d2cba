"""``vc flow conflict``."""

import pytest

from sessions_app import language
from sessions_app.actors import local_actor
from sessions_app.cli.table import display_width
from status_bridge import conflicts, subscriptions
from status_bridge.models import ConflictKind
from tests.cli.conftest import dev as dev
from tests.cli.conftest import run as run
from tests.cli.conftest import session_id as session_id

KEY = "ghp_" + "a1B2" * 9


@pytest.fixture
def noted(run, session_id):
    row, _secret = subscriptions.create(local_actor(), name="board", url="https://board.example.com/", reach="all")

    def note(field="title", values=("a", "b", f"c {KEY}"), reason=""):
        return conflicts.found(row.pk, session_id, field, ConflictKind.BOTH_CHANGED, values, reason=reason)

    return note


def test_the_list_shows_both_sides_and_leads_on(run, noted, session_id):
    row = noted()
    noted("item:story/write", (False, True, False))
    out = run("flow", "conflict", "list").out
    assert "story / write" in out
    assert "c ••••••" in out
    assert KEY not in out
    assert "vc flow conflict show" in out
    assert "Total: 2 conflicts" in out
    assert max(map(display_width, out.splitlines())) <= 80
    listed = run("flow", "conflict", "list", "--session", session_id, "--json").data
    assert [found["id"] for found in listed] == [row.pk + 1, row.pk]


def test_an_empty_list_says_so(run, session_id):
    assert run("flow", "conflict", "list").out == "There is no conflict.\n"


def test_show_tells_both_sides_and_the_two_ways(run, noted):
    row = noted("status", ("IN_PROGRESS", "ON_HOLD", "FAILED"), reason="because \u202e")
    out = run("flow", "conflict", "show", str(row.pk)).out
    for text in ("both sides changed it", "ON_HOLD", "FAILED", "because \\u202e", "--keep ours", "--keep theirs"):
        assert text in out
    found = run("flow", "conflict", "show", str(row.pk), "--json").data
    assert [found["ours"], found["theirs"], len(found["next"])] == ["ON_HOLD", "FAILED", 2]


def test_settle_keeps_one_side(run, noted, session_id):
    row = noted("title", ("User auth", "User auth", "Login"))
    out = run("flow", "conflict", "settle", str(row.pk), "--keep", "theirs", "--reason", "as agreed").out
    assert "✅ Settled: title" in out
    assert run("flow", "session", "show", session_id, "--json").data["name"] == "Login"
    again = run("flow", "conflict", "settle", str(row.pk), "--keep", "theirs", "--json").data
    assert (again["changed"], again["reason"]) == (False, "as agreed")
    refused = run("flow", "conflict", "settle", str(row.pk), "--keep", "ours", "--json")
    assert (refused.status, refused.diagnostic["code"]) == (5, "already-settled")
    shown = run("flow", "conflict", "show", str(row.pk)).out
    assert "local" in shown
    assert "--keep" not in shown


def test_what_the_guards_refuse_is_refused(run, noted):
    row = noted("status", ("IN_PROGRESS", "ON_HOLD", "COMPLETED"))
    refused = run("flow", "conflict", "settle", str(row.pk), "--keep", "theirs", "--json")
    assert (refused.status, refused.diagnostic["code"]) == (7, "stages-open")


def test_an_unknown_number_is_not_found(run, session_id):
    assert run("flow", "conflict", "show", "99").status == 3


def test_it_speaks_chinese(run, noted):
    row = noted()
    language.activate("zh-hans")
    assert "冲突" in run("flow", "conflict", "show", str(row.pk), VCFLOW_LANG="zh-hans").out
