"""``flow session list``: the transcript, filters, what is not shown, and what it costs."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from sessions_app import language
from sessions_app.actors import local_actor, local_user
from sessions_app.definitions.schema import Definition, StageDefinition
from sessions_app.models import FlowSession
from sessions_app.publishing import publish
from tests.cli.conftest import Run

TRANSCRIPT = """\
✅ 活动工作流会话:

ID                 | 工作流 | 名称         | 状态 | 当前阶段 | 创建时间
-------------------|--------|--------------|------|----------|-----------------
dev-flow-7k3q      | dev    | 用户认证功能 | 活动 | coding   | 2023-06-15 10:30
docs-api-9m2x      | docs   | API文档更新  | 暂停 | draft    | 2023-06-14 14:15

总计: 2个会话

提示: 使用 'vc flow session show <ID>' 查看详情
      使用 'vc flow session resume <ID>' 恢复暂停的会话
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def make(session_id: str, created: str, **columns: str) -> FlowSession:
    workflow_id = session_id.partition("-")[0]
    stage = StageDefinition("coding", "Coding", 1)
    version = publish(local_actor(), Definition(id=workflow_id, name=workflow_id, stages=(stage,))).version
    time = at(created)
    return FlowSession.objects.create(
        pk=session_id,
        workflow_id=workflow_id,
        pinned_version=version,
        owner=local_user(),
        created_at=time,
        updated_at=time,
        **{"name": session_id, "status": "ACTIVE", "current_stage_id": "coding", **columns},
    )


@pytest.fixture
def two(db: None) -> None:
    make("dev-flow-7k3q", "2023-06-15 10:30", name="用户认证功能")
    make("docs-api-9m2x", "2023-06-14 14:15", name="API文档更新", status="PAUSED", current_stage_id="draft")


@pytest.mark.usefixtures("two")
def test_list_prints_the_transcript(run: Run) -> None:
    language.activate("zh-hans")
    assert run("flow", "session", "list").out == TRANSCRIPT


@pytest.mark.usefixtures("two")
def test_list_speaks_english(run: Run) -> None:
    out = run("flow", "session", "list").out
    assert out.startswith("✅ Active workflow sessions:\n")
    assert "Total: 2 sessions" in out


@pytest.mark.usefixtures("two")
def test_list_hints_at_resuming_only_when_something_is_paused(run: Run) -> None:
    assert "resume" not in run("flow", "session", "list", "--status", "active").out


@pytest.mark.usefixtures("two")
def test_list_counts_what_it_does_not_show(run: Run) -> None:
    make("dev-old-2345", "2023-06-13 09:00", status="COMPLETED")
    make("dev-old-6789", "2023-06-13 09:00", status="ABORTED")
    lines = run("flow", "session", "list", "--limit", "1").out.splitlines()
    assert "Total: 2 sessions" in lines
    assert lines[-1] == "1 more is not shown (--limit). 2 ended ones are not shown (--all)."


@pytest.mark.usefixtures("two")
def test_list_all_has_the_ended_too(run: Run) -> None:
    make("dev-old-2345", "2023-06-13 09:00", status="COMPLETED")
    out = run("flow", "session", "list", "--all").out
    assert "dev-old-2345" in out
    assert "not shown" not in out


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], ["dev-flow-7k3q", "docs-api-9m2x"]),
        (["--status", "paused"], ["docs-api-9m2x"]),
        (["--status", "PAUSED", "--status", "ACTIVE"], ["dev-flow-7k3q", "docs-api-9m2x"]),
        (["--workflow", "docs"], ["docs-api-9m2x"]),
        (["--workflow", "do"], ["docs-api-9m2x"]),
        (["--search", "认证"], ["dev-flow-7k3q"]),
        (["--search", "%"], []),
        (["--mine"], ["dev-flow-7k3q", "docs-api-9m2x"]),
        (["--limit", "1"], ["dev-flow-7k3q"]),
    ],
)
def test_list_filters(run: Run, words: list[str], found: list[str]) -> None:
    result = run("flow", "session", "list", "--json", *words)
    assert [row["id"] for row in result.data] == found


@pytest.mark.usefixtures("two")
def test_list_as_json_warns_when_it_is_cut(run: Run) -> None:
    result = run("flow", "session", "list", "--json", "--limit", "1")
    assert result.diagnostic == {
        "severity": "warning",
        "code": "not-shown",
        "message": "1 more is not shown (--limit).",
    }


@pytest.mark.parametrize("words", [["--limit", "0"], ["--limit", "9" * 40], ["--status", "sleeping"]])
def test_list_refuses_what_it_does_not_know(run: Run, words: list[str]) -> None:
    assert run("flow", "session", "list", *words).status == 2


def test_list_refuses_unknown_and_ambiguous_workflows(run: Run, two: object) -> None:
    assert run("flow", "session", "list", "--workflow", "none").status == 3
    assert run("flow", "session", "list", "--workflow", "d").status == 6


def test_list_of_nothing_says_what_to_do_first(run: Run) -> None:
    out = run("flow", "session", "list").out
    assert "vc flow session create '<workflow>'" in out
    assert run("flow", "session", "list", "--search", "x").out == "No session fits.\n"


def test_list_shows_hostile_names_on_one_line(run: Run) -> None:
    make("dev-a-2345", "2023-06-15 10:30", name="\x1b[31m\n\u202eevil" + "x" * 150)
    lines = run("flow", "session", "list").out.splitlines()
    assert lines[4].startswith(r"dev-a-2345         | dev      | \x1b[31m\n\u202eevil")
    assert "…" in lines[4]
    assert "\x1b" not in lines[4]


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_list_asks_as_often_for_three_as_for_one(
    run: Run, django_assert_num_queries: DjangoAssertNumQueries, words: list[str]
) -> None:
    make("dev-a-2345", "2023-06-15 10:30")
    run("flow", "session", "list", *words)
    with django_assert_num_queries(4):  # the schema's stamp, the local user, the counts, the rows
        run("flow", "session", "list", *words)
    make("dev-b-2345", "2023-06-15 10:30")
    make("dev-c-2345", "2023-06-15 10:30")
    with django_assert_num_queries(4):
        assert run("flow", "session", "list", *words).status == 0
