"""``flow stats``."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app import language
from stages_app.stats import found
from tests.cli.conftest import Run
from tests.factories import actor, publish_workflow
from tests.stages_app.histories import ROUGH, SMOOTH, played


@pytest.fixture
def lab(run: Run) -> str:
    """A workflow of which one session went well and one didn't."""
    publish_workflow(id="lab", name="Lab")
    for verbs in (SMOOTH, ROUGH):
        played(*verbs, workflow="lab", ended=timezone.now() - timedelta(days=1))
    return "lab"


def test_statistics_of_one_workflow_are_told_in_words(run: Run, lab: str) -> None:
    told = run("flow", "stats", lab, COLUMNS="140").out
    for line in (
        "📊 lab (Lab)",
        "- Ended: 2 completed, 0 aborted, 0 failed",
        "- Throughput: 0.1 a day, 0.5 a week",
        "- From start to end: typically 40 min, 9 of 10 within 1 h 20 min",
        "- Of that: Active 62%, Idle 33%, Paused 4%",
        "- First-pass yield: 50% (1 of 2 completed sessions)",
        "- Rework: 25% of the stages, 1.25 attempts per stage",
        "- Bottleneck: Build takes most of the time: 67% of what completed sessions took.",
        "Build | 2        | 20 min    | 1 h            | 20 min | 0 s  | 0 s    | 0 s    | 67%   | 50%",
        "- enough (1 time): build",
    ):
        assert f"{line}\n" in told, line
    assert "Why sessions were aborted" not in told


def test_statistics_of_all_workflows_are_a_table(run: Run, lab: str) -> None:
    told = run("flow", "stats", COLUMNS="140").out
    assert "lab      | 2         | 0       | 0      | 0    | 40 min    | 1 h 20 min     | Build 67%\n" in told
    assert "vc flow stats <ID>" in told
    assert "No session ended in this time" in run("flow", "stats", "--as", actor("zhao").username).out


def test_statistics_say_that_they_are_a_sample(run: Run, lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "SAMPLE", 1)
    told = run("flow", "stats", lab).out
    assert "Times, rework and reasons are taken from the 1 sessions that ended last, of 2." in told


def test_statistics_as_json_are_those_of_the_api(run: Run, lab: str) -> None:
    data = run("flow", "stats", lab, "--since", "7d", "--version", "1", "--json").data
    assert set(data) == {"since", "until", "ended", "sampled", "reach", "workflows", "workflows_left_out"}
    assert (data["ended"], data["workflows"][0]["version"]) == (2, 1)


def test_statistics_in_chinese(run: Run, lab: str) -> None:
    language.activate("zh-hans")
    told = run("flow", "stats", lab, VCFLOW_LANG="zh-hans").out
    assert "- 瓶颈: “Build”最花时间：占已完成会话总用时的 67%。" in told


@pytest.mark.parametrize(
    ("words", "status", "fix"),
    [
        (["--since", "soon"], 2, "Give it as 30d"),
        (["--until", "0001-01-01"], 2, "Give it as 30d"),
        (["--until", "0001-01-02"], 2, "Give a time from 1900 to 9998."),
        (["--since", "9999-12-31"], 2, "Give a time from 1900 to 9998."),
        (["--version", "1"], 2, "Name the workflow before --version."),
        (["lab", "--version", "7"], 3, "Its newest version is 1."),
        (["nothing"], 3, ""),
    ],
)
def test_what_can_not_be_answered_is_refused(run: Run, lab: str, words: list[str], status: int, fix: str) -> None:
    answer = run("flow", "stats", *words)
    assert answer.status == status
    assert fix in answer.err
