"""``flow migrate``."""

import json

import pytest

from sessions_app import language
from sessions_app.models import FlowSession
from stages_app.services import StageInstanceManager
from tests.cli.conftest import Run
from tests.factories import assert_consistent, event_types, new_session, publish_workflow, stage


@pytest.fixture
def two(db: None) -> list[str]:
    """The first has begun a stage that version 2 doesn't have, the second nothing."""
    made = sorted(new_session(stage("build", items=["one"]), "test").pk for _number in range(2))
    StageInstanceManager().run_stage(made[0], "build")
    publish_workflow(stage("make", name="Build", items=["one"]), "test")
    return made


def versions(keys: list[str]) -> list[int]:
    return [FlowSession.objects.get(pk=key).workflow_version for key in keys]


def test_dry_run_says_what_would_become_of_each(run: Run, two: list[str]) -> None:
    told = run("flow", "migrate", "dev", "--dry-run")
    assert told.status == 0
    for line in (
        "📋 Open sessions of dev, looked at for version 2:",
        "Need a mapping: 1",
        f"- {two[0]}  1 → 2",
        "Safe: 1",
        "Nothing was changed: this was a dry run.",
        "- look again with the mapping that is proposed: vc flow migrate dev --to 2 --map build=make --dry-run",
    ):
        assert line in told.out.splitlines(), told.out
    assert "proposed: build=make. [stage-gone]" in told.out
    data = run("flow", "migrate", "dev", "--dry-run", "--json").data
    assert data["counts"] == {"needs-mapping": 1, "safe": 1}
    assert (data["proposals"], data["to"], data["changed"]) == ({"build": "make"}, 2, False)
    assert [row["id"] for row in data["results"]] == two
    assert versions(two) == [1, 1]


def test_those_that_are_safe_are_migrated_and_the_rest_is_told(run: Run, two: list[str]) -> None:
    told = run("flow", "migrate", "dev", "--yes", "--reason", "new rules")
    assert (told.status, versions(two)) == (5, [1, 2])
    assert "✅ 1 session of dev was migrated to version 2." in told.out
    assert f"(back: vc flow savepoint restore {two[1]}@1)" in told.out
    assert "[sessions-left]: 1 session was not migrated." in told.err
    again = run("flow", "migrate", "dev", "--yes", "--map", "build=make", "--json")
    assert (again.status, versions(two)) == (0, [2, 2])
    assert (again.data["counts"], again.data["changed"]) == ({"migrated": 1}, True)
    nothing = run("flow", "migrate", "dev")
    assert (nothing.status, nothing.out.splitlines()[0]) == (
        0,
        "No open session of dev is on another version than 2.",
    )
    for key in two:
        assert_consistent(key)


def test_it_asks_before_and_takes_no_for_an_answer(run: Run, two: list[str]) -> None:
    refused = run("flow", "migrate", "dev", "--json")
    assert (refused.status, refused.diagnostic["code"], versions(two)) == (2, "usage", [1, 1])
    asked = run("flow", "migrate", "dev", typed="n\n")
    assert (asked.status, versions(two)) == (1, [1, 1])
    assert "1 session is safe to migrate to version 2 of dev. Migrate? [y/N]" in asked.err
    assert run("flow", "migrate", "dev", "--map", "build=-", typed="y\n").status == 0
    assert versions(two) == [2, 2]


def test_sessions_can_be_named_and_a_key_does_it_once(run: Run, two: list[str]) -> None:
    words = ("flow", "migrate", "dev", "--session", two[1], "--yes", "--idempotency-key", "k", "--json")
    first, again = run(*words), run(*words)
    assert (first.status, first.data["results"]) == (0, again.data["results"])
    assert event_types(two[1]).count("session.migrated") == 1
    assert versions(two) == [1, 2]
    there = run("flow", "migrate", "dev", "--session", two[1], "--yes", "--json")
    assert (there.status, there.data["counts"], there.data["changed"]) == (0, {"unchanged": 1}, False)


def test_progress_stands_beside_the_answer(run: Run, two: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.cli.migrate.STEP", 1)
    told = run("flow", "migrate", "dev", "--yes", "--map", "build=make", "--limit", "1")
    assert "2 of 2 sessions looked at, 2 migrated" in told.err
    assert "- and 1 more (--limit)" in told.out
    beside = json.loads(run("flow", "migrate", "dev", "--to", "1", "--dry-run", "--json").err.splitlines()[-1])
    assert (beside["severity"], beside["code"]) == ("info", "migrate")


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["nothing"], 3, "not-found"),
        (["dev", "--to", "7"], 3, "not-found"),
        (["dev", "--session", "nobody"], 3, "not-found"),
        (["dev", "--map", "build"], 2, "usage"),
        (["dev", "--map", "build=make", "--map", "build=-"], 2, "usage"),
        (["dev", "--map", "build="], 2, "usage"),
        (["dev", "--map", "bild=make"], 2, "mapping-unknown"),
        (["dev", "--map", "build=nowhere"], 2, "mapping-unknown"),
        (["dev", "--map", "test=-"], 2, "mapping-unknown"),
        (["dev", "--limit", "0"], 2, "invalid-input"),
    ],
)
def test_what_can_not_be_meant_is_refused(run: Run, two: list[str], words: list[str], status: int, code: str) -> None:
    refused = run("flow", "migrate", *words, "--yes", "--json")
    assert (refused.status, refused.diagnostic["code"]) == (status, code)
    assert refused.diagnostic["fix"]
    assert versions(two) == [1, 1]


def test_it_speaks_chinese(run: Run, two: list[str]) -> None:
    language.activate("zh-hans")
    told = run("flow", "migrate", "dev", "--yes", "--map", "build=make")
    assert "✅ 已将 dev 的 2 个会话迁移到版本 2。" in told.out
