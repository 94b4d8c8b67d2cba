"""No page of the admin lets right-to-left marks in names turn a line around."""

import re
from dataclasses import replace

import pytest
from django.contrib.admin.utils import quote
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sessions_app.actors import local_actor
from sessions_app.publishing import publish
from sessions_app.services import FlowSessionManager
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from status_bridge import subscriptions
from status_bridge.models import Conflict, StatusEntry
from tests.factories import definition, stage, team, user

pytestmark = pytest.mark.django_db

MARK = "\u202e"
NAME = f"ann{MARK}nna"


@pytest.fixture
def marked():
    """A session whose workflow, team, owner and assignee have a mark in their names; NAME's browser."""
    ann = user(NAME, is_staff=True, is_superuser=True, first_name=NAME)
    named = stage("build", items=["a"], name=f"Build {MARK}")
    publish(local_actor(), replace(definition(named), name=f"Dev {MARK}", type=f"kind {MARK}"))
    ann.groups.add(team(f"team {MARK}"))
    made = FlowSessionManager().create_session("dev", f"Run {MARK}", team=f"team {MARK}")
    FlowSessionManager().update_session(made.pk, {"owner": NAME})
    stages = StageInstanceManager()
    attempt = stages.run_stage(made.pk, "build")
    stages.update_instance(attempt.pk, {"assignee": NAME})
    item = attempt.items.get()
    stages.complete_item(attempt.pk, item.item_id)
    return made


@pytest.fixture
def reader(marked):
    client = Client(headers={"accept-language": "en"})
    client.force_login(user(NAME))
    return client


def shown(page):
    """What a browser draws: without what forms send back as it is stored."""
    return re.sub(r'<(option|input)([^>]*) value="[^"]*"', r"<\1\2", page)


def row_page(row, page="change"):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[quote(row.pk)])


def pages(flow_session):
    """The pages that name the session's people, team and workflow."""
    rows = (flow_session, StageInstance.objects.get(), StatusEntry.objects.get(), flow_session.workflow)
    yield reverse("admin:index")
    for row in (*rows, flow_session.pinned_version):
        yield reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_changelist")
        yield row_page(row)
    for verb in ("update", "pause"):
        yield reverse("admin:session-do", args=[quote(flow_session.pk), verb])
    yield reverse("admin:stage-do", args=[quote(rows[1].pk), "assign"])
    yield reverse("admin:start-workflow", args=[quote(flow_session.workflow_id)])
    yield reverse("admin:sessions_app_apitoken_add")
    yield reverse("admin:status_bridge_subscription_add")
    yield reverse("admin:sessions_app_sessionevent_changelist")
    yield reverse("admin:status-overview")


def test_marks_in_names_are_made_visible_on_every_page(marked, reader):
    for address in pages(marked):
        page = reader.get(address)
        assert page.status_code == 200, address
        found = re.search(f".{{0,120}}{MARK}", shown(page.text))
        assert found is None, (address, found.group())
        assert r"\u202e" in page.text, address


def test_a_suggestion_is_what_would_be_sent(marked, reader):
    page = reader.get(reverse("admin:stage-do", args=[quote(StageInstance.objects.get().pk), "assign"]))
    assert NAME not in re.findall(r'<option value="([^"]*)"', page.text)


def test_an_owner_that_was_left_as_shown_stays(marked, reader):
    form = {"name": "Other", "owner": NAME.replace(MARK, r"\u202e"), "team": f"team {MARK}"}
    reader.post(reverse("admin:session-do", args=[quote(marked.pk), "update"]), form)
    marked.refresh_from_db()
    assert (marked.name, marked.owner.username, marked.team.name) == ("Other", NAME, f"team {MARK}")


def test_the_title_of_a_conflicts_history_shows_marks(marked, reader):
    told = subscriptions.create(local_actor(), name="board", url="https://x.example.com/", reach="all")[0]
    values = {"field": f"items.{MARK}", "kind": "both", "found_at": timezone.now()}
    row = Conflict.objects.create(session=marked, subscription=told, **values)
    page = reader.get(row_page(row, "history"))
    assert page.status_code == 200
    assert MARK not in page.text


def test_marks_are_visible_in_the_exported_table(marked, reader):
    address = reverse("admin:sessions_app_flowsession_changelist")
    table = b"".join(reader.get(f"{address}export/csv/").streaming_content).decode()
    assert MARK not in table
    assert r"ann\u202enna" in table
