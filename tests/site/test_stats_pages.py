"""The admin's pages of statistics."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import in_team, publish_workflow, stage, user
from tests.site.staff import messages_of, staff_client
from tests.stages_app.histories import ROUGH, SMOOTH, played

pytestmark = pytest.mark.django_db

STATS = "/admin/stages_app/stageinstance/stats/"
ZH = {"accept-language": "zh-hans"}


@pytest.fixture
def dev() -> None:
    publish_workflow(stage("build", name="Build \u202e<b>"), "test")
    for verbs in (SMOOTH, ROUGH):
        in_team(played(*verbs, ended=timezone.now() - timedelta(days=1)), "platform")


@pytest.fixture
def ann(dev: None) -> Client:
    return staff_client("ann", watches=["platform"])


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_page_of_all_workflows_leads_to_each(ann: Client) -> None:
    page: Any = ann.get(STATS, {"since": "7d"})
    assert 'href="/admin/stages_app/stageinstance/stats/dev/?since=7d"' in page.text
    told = text_of(page)
    for text in (
        "2 completed, 0 aborted, 0 failed",
        "typically 40 min",
        "Active 62%",
        "50% (1 of 2 completed sessions)",
    ):
        assert text in told, text
    assert "No session ended" in text_of(staff_client("zhao").get(STATS))


def test_page_of_a_workflow_tells_of_its_stages_and_reasons(ann: Client) -> None:
    page: Any = ann.get(f"{STATS}dev/")
    assert "style=" not in re.sub(r"<head>.*</head>", "", page.text, flags=re.DOTALL)
    assert "\u202e" not in page.text
    assert "<b>" not in page.text
    assert page.text.count('class="vc-parts"') == 3
    told = text_of(page)
    for text in ("Why stages and sessions failed", "enough", "Failed 38%", "1.50", "takes most of the time: 67%"):
        assert text in told, text
    assert "瓶颈" in ann.get(f"{STATS}dev/", headers=ZH).text
    assert 'option value="1" selected' in ann.get(f"{STATS}dev/", {"version": "1"}).text


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"{STATS}?since=soon", "since can&#x27;t be soon"),
        (f"{STATS}dev/?version=x", "version can&#x27;t be x"),
        (f"{STATS}dev/?version=9", "has no version 9"),
        (f"{STATS}nothing/", "nothing"),
    ],
)
def test_page_that_can_not_be_made_says_why(ann: Client, address: str, said: str) -> None:
    answer = ann.get(address, follow=True)
    assert answer.redirect_chain
    assert said.replace("&#x27;", "'") in messages_of(answer)


def test_pages_lead_to_statistics_whom_they_let_in(ann: Client) -> None:
    assert STATS in ann.get("/admin/").text
    workflow = "/admin/sessions_app/workflowdefinition/dev/change/"
    assert f"{STATS}dev/" in ann.get(workflow).text
    user("ann").user_permissions.remove(*user("ann").user_permissions.filter(codename="view_stageinstance"))
    for address in ("/admin/", workflow):
        page: Any = ann.get(address)
        assert (page.status_code, STATS in page.text) == (200, False)
    assert ann.get(STATS).status_code == 403


def test_pages_take_as_many_queries_however_much_there_is(ann: Client) -> None:
    counted = []
    for number in range(2):
        publish_workflow("draft", id=f"docs{number}")
        for verbs in (((0, "draft", "start"), (3, "draft", "complete")),):
            in_team(played(*verbs, workflow=f"docs{number}", ended=timezone.now() - timedelta(hours=1)), "platform")
        with CaptureQueriesContext(connection) as queries:
            ann.get(STATS)
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 14
