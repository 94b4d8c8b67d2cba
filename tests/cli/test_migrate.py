"""``flow migrate``."""

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from sessions_app import language
from sessions_app.migrating import Result, migrate_all
from sessions_app.models import FlowSession, SessionEvent
from stages_app.services import StageInstanceManager
from tests.cli.conftest import Run
from tests.factories import assert_consistent, event_types, events_of, new_session, publish_workflow, stage, user


@pytest.fixture
def two(db: None) -> list[str]:
    """The first has begun a stage that version 2 doesn't have, the second nothing."""
    made = sorted(new_session(stage("build", items=["one"]), "test").pk for _number in range(2))
    StageInstanceManager().run_stage(made[0], "build")
    publish_workflow(stage("make", name="Build", items=["one"]), "test")
    return made


def versions(keys: list[str]) -> list[int]:
    return [FlowSession.objects.get(pk=key).workflow_version for key in keys]


def event_of(key: str) -> SessionEvent:
    return events_of(FlowSession.objects.get(pk=key))[-1]


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


def offered(run: Run, *words: str) -> str:
    """The first command that is offered next."""
    command: str = run("flow", "migrate", "dev", *words, "--dry-run", "--json").data["next"][0]["command"]
    return command


def test_what_a_dry_run_offers_means_the_same_sessions_and_keeps_what_was_said(run: Run, two: list[str]) -> None:
    user("mei", is_superuser=True)
    said = ("--reason", "new rules; $HOME", "--as", "mei")
    safe = offered(run, "--session", two[1], *said, "--idempotency-key", "k")
    assert safe == (
        f"vc flow migrate dev --to 2 --session {two[1]} --reason 'new rules; $HOME' --as mei --idempotency-key k"
    )
    assert offered(run, "--session", two[0], *said, "--idempotency-key", "k") == (
        f"vc flow migrate dev --to 2 --map build=make --session {two[0]} --reason 'new rules; $HOME' --as mei --dry-run"
    )
    assert offered(run, "--map", "build=-", "--reason=-x", "--yes").endswith("--map build=- --reason=-x --yes")
    assert "--reason '<reason>'" in offered(run, "--session", two[1], "--reason", "two\nlines")
    done = run(*shlex.split(safe)[1:], "--yes")
    assert (done.status, versions(two), event_of(two[1]).reason) == (0, [1, 2], "new rules; $HOME")
    assert event_of(two[1]).actor == "mei"


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_interrupt_says_how_far_it_came(
    run: Run, two: list[str], monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    def interrupted(*given: Any, **options: Any) -> Iterator[Result]:
        yield next(migrate_all(*given, **options))
        raise KeyboardInterrupt

    monkeypatch.setattr("sessions_app.cli.migrate.migrate_all", interrupted)
    told = run("flow", "migrate", "dev", "--map", "build=make", "--yes", *words)
    assert (told.status, told.out, versions(two)) == (130, "", [2, 1])
    message = "Interrupted. Sessions of dev that were migrated to version 2: at least 1."
    assert message in told.err
    assert "Run the same command again" in told.err
    if words:
        assert (told.diagnostic["code"], told.diagnostic["migrated"]) == ("interrupted", 1)


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
