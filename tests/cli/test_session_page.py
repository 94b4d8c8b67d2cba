"""``flow session show``: the transcript, and the other states."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from sessions_app import language
from sessions_app.actors import local_actor, local_user
from sessions_app.definitions.schema import Definition, StageDefinition
from sessions_app.models import FlowSession
from sessions_app.publishing import publish
from stages_app.models import StageInstance, StageItem
from tests.cli.conftest import Run

TRANSCRIPT = """\
📋 工作流会话: dev-flow-7k3q (用户认证功能)

基本信息:
- 工作流: dev (开发工作流)
- 状态: 活动
- 创建时间: 2023-06-15 10:30
- 最后更新: 2023-06-15 14:45

阶段进度:
✅ story - 已完成 (2023-06-15 11:00)
✅ spec - 已完成 (2023-06-15 13:30)
▶️ coding - 进行中
⏳ test - 待进行
⏳ review - 待进行

当前阶段详情:
- 名称: 实现用户认证模块
- 开始时间: 2023-06-15 13:45
- 已完成项: 3/8 (37.5%)
  ✅ 搭建基础结构
  ✅ 实现用户模型
  ✅ 设计数据库schema
  ⏳ 实现登录API
  ⏳ 实现注册API
  ⏳ 实现密码重置
  ⏳ 添加JWT认证
  ⏳ 实现权限控制

操作:
- 暂停此会话: vc flow session pause dev-flow-7k3q
- 终止此会话: vc flow session abort dev-flow-7k3q
"""

ITEMS = [
    "搭建基础结构",
    "实现用户模型",
    "设计数据库schema",
    "实现登录API",
    "实现注册API",
    "实现密码重置",
    "添加JWT认证",
    "实现权限控制",
]


def at(time: str) -> datetime:
    return datetime.fromisoformat(f"2023-06-15 {time}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def transcribed(db: None) -> FlowSession:
    stages = tuple(
        StageDefinition(name, name, order)
        for order, name in enumerate(("story", "spec", "coding", "test", "review"), 1)
    )
    workflow = Definition(id="dev", name={"zh-hans": "开发工作流", "en": "Development"}, stages=stages)
    version = publish(local_actor(), workflow).version
    flow_session = FlowSession.objects.create(
        pk="dev-flow-7k3q",
        workflow_id="dev",
        pinned_version=version,
        name="用户认证功能",
        status="ACTIVE",
        owner=local_user(),
        created_at=at("10:30"),
        updated_at=at("14:45"),
        current_stage_id="coding",
        stage_states={"story": "COMPLETED", "spec": "COMPLETED", "coding": "ACTIVE"},
    )
    begin(flow_session, "story", at("10:30"), at("11:00"))
    begin(flow_session, "spec", at("11:00"), at("13:30"))
    coding = begin(flow_session, "coding", at("13:45"), None, name="实现用户认证模块")
    for number, text in enumerate(ITEMS, 1):
        StageItem.objects.create(
            stage_instance=coding, item_id=f"item-{number}", number=number, text=text, is_done=number <= 3
        )
    return flow_session


def begin(
    flow_session: FlowSession, stage_id: str, started: datetime, completed: datetime | None, name: str = ""
) -> StageInstance:
    return StageInstance.objects.create(
        pk=f"{flow_session.pk}.{stage_id}.1",
        session=flow_session,
        stage_id=stage_id,
        name=name,
        attempt=1,
        status="COMPLETED" if completed else "ACTIVE",
        started_at=started,
        completed_at=completed,
    )


def test_show_prints_the_transcript(run: Run, transcribed: FlowSession) -> None:
    language.activate("zh-hans")
    assert run("flow", "session", "show", transcribed.pk).out == TRANSCRIPT


def test_show_as_json_has_everything_that_people_see(run: Run, transcribed: FlowSession) -> None:
    data = run("flow", "session", "show", "dev-flow", "--json").data
    assert (data["id"], data["status"], data["workflow_id"]) == (transcribed.pk, "ACTIVE", "dev")
    assert data["completed_stages"] == ["story", "spec"]
    assert [stage["status"] for stage in data["stages"]] == ["COMPLETED", "COMPLETED", "ACTIVE", None, None]
    coding = data["stages"][2]
    assert coding["completed_items"] == ["item-1", "item-2", "item-3"]
    assert [item["text"] for item in coding["items"]] == ITEMS
    assert data["allowed_actions"] == ["pause", "complete", "fail", "abort"]


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_show_asks_no_more_for_more_stages(
    run: Run, transcribed: FlowSession, django_assert_max_num_queries: DjangoAssertNumQueries, words: list[str]
) -> None:
    with django_assert_max_num_queries(12):
        assert run("flow", "session", "show", transcribed.pk, *words).status == 0


def test_show_before_any_stage_has_begun(run: Run, session_id: str) -> None:
    out = run("flow", "session", "show", session_id).out
    assert "- Begun: not yet" in out
    assert "- Items done: 0/2 (0.0%)" in out
    assert "⏳ Polish it (optional)" in out


def test_show_says_why_it_is_paused(run: Run, session_id: str) -> None:
    run("flow", "run", "dev:story", "--session", session_id)
    run("flow", "session", "pause", "--reason", "going home")
    out = run("flow", "session", "show").out
    assert "- State: Paused (going home)" in out
    assert "⏸️ story - on hold (going home)" in out
    assert f"- Continue this session: vc flow session resume {session_id}" in out
    assert "pause" not in out.partition("Operations:")[2]


def test_show_says_why_it_failed(run: Run, session_id: str) -> None:
    run("flow", "run", "dev:story", "--session", session_id)
    run("flow", "session", "fail", "--reason", "no budget")
    out = run("flow", "session", "show").out
    assert "- State: Failed (no budget)" in out
    assert "❌ story - failed (no budget)" in out


def test_show_of_a_completed_session_offers_to_reopen_it(run: Run, session_id: str) -> None:
    run("flow", "session", "complete", session_id, "--force", "--reason", "enough")
    operations = run("flow", "session", "show", session_id).out.partition("Operations:\n")[2]
    assert operations == f"- Reopen this session: vc flow session reopen {session_id} --reason '<reason>'\n"


def test_show_of_an_aborted_session_offers_a_new_one(run: Run, session_id: str) -> None:
    run("flow", "session", "abort", session_id)
    operations = run("flow", "session", "show", session_id).out.partition("Operations:\n")[2]
    assert operations == "- Begin anew: vc flow session create dev\n"


def test_show_offers_completion_once_nothing_required_is_open(run: Run, session_id: str) -> None:
    assert "session complete" not in run("flow", "session", "show").out
    run("flow", "run", "dev:review", "--session", session_id)
    for stage in ("story", "coding"):
        run("flow", "stage", "skip", stage, "--reason", "not needed")
    assert f"vc flow session complete {session_id}" in run("flow", "session", "show").out


def test_show_tells_what_is_handed_in_and_missing(run: Run, session_id: str) -> None:
    run("flow", "run", "dev:story", "--session", session_id)
    run("flow", "deliverable", "add", "more=x")
    page = run("flow", "session", "show", session_id).out
    assert "- Deliverables:\n  ⏳ story.md\n  ✅ more\n" in page


def test_show_of_a_parallel_session_begins_with_the_stage_that_commands_mean(run: Run, db: None) -> None:
    stages = tuple(StageDefinition(id=name, name=name.upper(), order=place) for place, name in enumerate("abc", 1))
    publish(local_actor(), Definition(id="trio", name="Trio", stages=stages, parallel=True))
    run("flow", "run", "trio:a")
    run("flow", "stage", "start", "c")
    out = run("flow", "session", "show").out
    assert out.index("Current stage:\n- Name: C") < out.index("Also under way: a\n- Name: A")
