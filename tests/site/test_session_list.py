"""The list of sessions: what it shows, by what it is filtered and ordered, and what it costs."""

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sessions_app.admin import paging, session_query
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.factories import (
    actor,
    in_team,
    new_session,
    permission,
    person,
    publish_workflow,
    session_in,
    stage,
    team,
    user,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/sessions_app/flowsession/"
FILTERS = [
    "status__exact=ACTIVE",
    "status__in=PENDING,ACTIVE,PAUSED,FAILED",
    "workflow__id__exact=dev",
    "whose=mine",
    "whose=teams",
    "team=platform",
    "owner=mei",
    "waits=me",
    "stuck=1",
    "q=dev",
    "created_at__gte=2020-01-01&created_at__lt=2999-01-01",
    "o=-updated_at",
]


@pytest.fixture(autouse=True)
def _english(client, admin_client):
    for each in (client, admin_client):
        each.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def mei(client):
    """A member of a team, who is no administrator and may look at the admin's pages."""
    made = user("mei", operates=["platform"], is_staff=True)
    made.user_permissions.add(permission("view_flowsession"))
    client.force_login(made)
    return made


def shown(page):
    """The sessions of the page, in its order."""
    return re.findall(r'name="id" value="([^"]+)"', page.text)


def listed(client, query="", **options):
    page = client.get(f"{LIST}?{query}", **options)
    assert page.status_code == 200
    return shown(page)


def made(count, **options):
    """The ids of new sessions, newest first."""
    publish_workflow()
    return [FlowSessionManager(**options).create_session("dev", f"Plan {n}").pk for n in range(count)][::-1]


def test_list_is_where_the_rest_of_the_admin_looks_for_it():
    assert reverse("admin:sessions_app_flowsession_changelist") == LIST


def test_row_says_state_stage_progress_owner_and_who_is_on_it(admin_client):
    flow_session = in_team(new_session("build", "test", name="Rescue"), "platform")
    stages = StageInstanceManager()
    stages.complete_instance(stages.run_stage(flow_session.pk, "build").pk)
    user("wang", operates=["platform"])
    stages.assign_stage(flow_session.pk, "test", "wang")
    stages.run_stage(flow_session.pk, "test")
    row = html.unescape(admin_client.get(LIST).text).partition("<tbody>")[2]
    for text in ("Rescue", flow_session.pk, "Active", "test", "50%", "Development", "platform", "wang", "just now"):
        assert text in row


def test_row_says_that_its_stage_is_overdue(admin_client):
    flow_session = new_session(stage("build", timeout=1))
    made = StageInstanceManager().run_stage(flow_session.pk, "build")
    type(made).objects.filter(pk=made.pk).update(started_at="2020-01-01T00:00:00Z")
    assert "overdue" in admin_client.get(LIST).text


def test_each_state_has_its_list(admin_client):
    keys = {status: session_in(status).pk for status in ("ACTIVE", "PAUSED", "FAILED", "COMPLETED")}
    for status, key in keys.items():
        assert listed(admin_client, f"status__exact={status}") == [key]


def test_whose_sessions_are_told_apart(client, mei):
    own, of_team, other = made(1, actor=actor("mei")), made(1), made(1)
    in_team(FlowSession.objects.get(pk=of_team[0]), "platform")
    assert listed(client) == of_team + own
    assert listed(client, "whose=mine") == own
    assert listed(client, "whose=teams") == of_team
    assert listed(client, "team=platform") == of_team
    assert listed(client, "owner=mei") == own
    assert listed(client, "owner=nobody") == listed(client, f"q={other[0]}") == []


def test_own_session_of_a_team_that_one_has_left_is_found_by_the_team(client, mei):
    own = made(1, actor=actor("mei"))
    in_team(FlowSession.objects.get(pk=own[0]), "others")
    in_team(new_session(), "others")
    assert listed(client, "team=others") == own


def test_what_waits_for_me_is_assigned_to_me_or_mine_and_stopped(client, mei):
    stopped, failed, going, assigned, _other = made(5, actor=actor("mei"))
    in_team(FlowSession.objects.get(pk=assigned), "platform")
    user("wang", operates=["platform"])
    sessions = FlowSessionManager(actor("mei"))
    sessions.pause_session(stopped)
    sessions.fail_session(failed, reason="broken")
    sessions.update_session(assigned, {"owner": "wang"})
    StageInstanceManager().assign_stage(assigned, "build", "mei")
    assert sorted(listed(client, "waits=me")) == sorted([stopped, failed, assigned])
    assert going not in listed(client, "waits=me")


def test_stuck_are_the_active_ones_that_are_silent_for_long(client, mei):
    silent, paused, lively = made(3, actor=actor("mei"))
    FlowSessionManager().pause_session(paused)
    FlowSession.objects.filter(pk__in=[silent, paused]).update(updated_at="2020-01-01T00:00:00Z")
    assert listed(client, "stuck=1") == [silent]
    assert lively in listed(client)


@pytest.mark.parametrize("query", ["workflow__id__exact=dev&status__exact=ACTIVE", "status__exact=ACTIVE"])
def test_member_filters_by_state_and_workflow_what_they_see(client, mei, query):
    own, _others = made(2, actor=actor("mei")), made(2)
    FlowSessionManager().pause_session(own[0])
    assert listed(client, query) == own[1:]


def test_search_finds_by_id_and_name(admin_client):
    first, second = new_session(name="Alpha"), new_session(name="Beta")
    assert listed(admin_client, "q=alpha") == [first.pk]
    assert listed(admin_client, f"q={second.pk}") == [second.pk]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("", "cba"),
        ("created_at", "abc"),
        ("name", "bca"),
        ("-name", "acb"),
        ("-updated_at", "acb"),
        ("updated_at", "bca"),
    ],
)
def test_list_is_ordered_as_asked(client, mei, order, expected):
    names = {"a": "Zoo", "b": "Axe", "c": "Map"}
    keys = {new_session(name=name).pk: letter for letter, name in names.items()}
    for key in keys:
        FlowSessionManager().update_session(key, {"owner": "mei"})
    by_letter = {letter: key for key, letter in keys.items()}
    for letter in "bca":
        FlowSessionManager().note_session(by_letter[letter], "touched")
    assert "".join(keys[key] for key in listed(client, f"o={order}")) == expected


def test_chips_name_the_filters_and_take_them_away(admin_client):
    made(1)
    page = html.unescape(admin_client.get(f"{LIST}?status__exact=ACTIVE&workflow__id__exact=dev").text)
    assert "state: Active" in page
    assert "workflow: Development (dev)" in page
    assert 'href="?workflow__id__exact=dev" aria-label="Remove the filter state"' in page
    assert 'href="?status__exact=ACTIVE" aria-label="Remove the filter workflow"' in page


def test_form_of_filters_keeps_what_it_has_no_field_for(admin_client):
    made(1)
    page = admin_client.get(f"{LIST}?waits=me&created_at__gte=2026-01-01").text
    assert '<input type="hidden" name="waits" value="me">' in page
    assert '<input type="hidden" name="created_at__gte" value="2026-01-01">' in page


def test_empty_list_says_what_to_do_first(admin_client):
    assert "vc flow run dev:story" in admin_client.get(LIST).text
    page = admin_client.get(f"{LIST}?status__exact=FAILED").text
    assert "No session fits." in page
    assert "vc flow run dev:story" not in page


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1",
        "context__contains=x",
        "owner__password__startswith=x",
        "q=%01",
        "status__exact=WRONG",
        "whose=yours",
        "waits=you",
        "stuck=2",
        "created_at__gte=soon",
        "created_at__lt=9999-12-31",
        "o=1",
        "p=0",
        "p=x",
    ],
)
def test_what_an_address_can_not_mean_is_told_and_left_out(admin_client, query):
    made(2)
    answer = admin_client.get(f"{LIST}?{query}&workflow__id__exact=dev")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{LIST}?workflow__id__exact=dev"
    assert 'class="error"' in admin_client.get(answer.headers["Location"]).text


def test_pages_follow_each_other(admin_client, monkeypatch):
    monkeypatch.setattr(session_query, "ON_PAGE", 2)
    keys = made(5)
    assert [listed(admin_client, f"p={number}") for number in (1, 2, 3)] == [keys[:2], keys[2:4], keys[4:]]
    assert [listed(admin_client, f"o=name&p={number}") for number in (1, 3)] == [keys[::-1][:2], keys[:1]]
    beyond = admin_client.get(f"{LIST}?p=9&whose=mine", follow=True)
    assert beyond.redirect_chain == [(f"{LIST}?whose=mine", 302)]


def test_what_is_beyond_the_cap_is_refused_politely(admin_client, monkeypatch):
    monkeypatch.setattr(session_query, "ON_PAGE", 2)
    monkeypatch.setattr(session_query, "MOST", 4)
    monkeypatch.setattr(paging, "MOST", 4)
    keys = made(6)
    page = admin_client.get(LIST)
    assert "4+ sessions" in page.text
    assert "To choose all that fit, narrow the list" in page.text
    assert listed(admin_client, "p=2") == keys[2:4]
    beyond = admin_client.get(f"{LIST}?p=3", follow=True)
    assert beyond.redirect_chain == [(f"{LIST}?p=2", 302)]
    assert "Only the first 4 sessions are paged through" in beyond.text


def test_many_sessions_are_ordered_by_name_only_where_an_index_serves(admin_client, client, mei, monkeypatch):
    monkeypatch.setattr(session_query, "MOST", 2)
    keys = made(4, actor=actor("mei"))
    client.force_login(user("root", is_superuser=True, is_staff=True))
    assert listed(client, "o=name") == keys[::-1][:3]
    client.force_login(mei)
    page = client.get(f"{LIST}?o=name")
    assert "can be ordered otherwise" in page.text
    assert shown(page) == keys[:3]


def test_stranger_sees_nothing(client, mei):
    made(2)
    page = client.get(LIST)
    assert shown(page) == []
    assert FlowSession.objects.count() == 2


@pytest.mark.parametrize("query", ["", *FILTERS])
@pytest.mark.parametrize("is_admin", [True, False])
def test_list_takes_as_many_queries_at_one_row_as_at_three(client, mei, query, is_admin):
    if is_admin:
        client.force_login(user("root", is_superuser=True, is_staff=True))
    reader = actor("root" if is_admin else "mei")
    team("platform").user_set.add(reader.user)
    counts = []
    for count in (1, 2):
        for key in made(count, actor=reader):
            in_team(FlowSession.objects.get(pk=key), "platform")
            StageInstanceManager(reader).run_stage(key, "build")
        client.get(f"{LIST}?{query}")
        with CaptureQueriesContext(connection) as asked:
            client.get(f"{LIST}?{query}")
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] <= 16


def test_unfiltered_list_takes_so_many_queries(admin_client, django_assert_num_queries):
    made(3)
    admin_client.get(LIST)
    # The reader's session and row; keys, rows, marks; first and last; workflows, teams, views.
    with django_assert_num_queries(10):
        admin_client.get(LIST)


def test_query_of_a_list_reads_no_more_than_the_cap(admin_client):
    made(3)
    with CaptureQueriesContext(connection) as asked:
        admin_client.get(f"{LIST}?q=plan")
    of_sessions = [query["sql"] for query in asked if 'FROM "flow_sessions"' in query["sql"]]
    assert of_sessions
    assert all("LIMIT" in sql or '"id" IN (' in sql for sql in of_sessions)
    assert not any("COUNT" in sql for sql in of_sessions)


def test_rights_of_the_reader_bound_the_list(client, mei):
    kept = made(1, actor=person("mei"))
    made(3)
    assert listed(client, "workflow__id__exact=dev") == kept
