"""Many sessions of the list at once: what would happen, the deed, and what became of each."""

import html
import re

import pytest

from sessions_app import bulk
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from tests.factories import actor, event_types, events_of, in_team, permission, publish_workflow, session_in, user

pytestmark = pytest.mark.django_db

BULK = "/admin/sessions_app/flowsession/bulk/"
LIST = "/admin/sessions_app/flowsession/"


@pytest.fixture
def mei(client):
    """An operator of a team who may look at the admin's pages."""
    made = user("mei", operates=["platform"], is_staff=True)
    made.user_permissions.add(permission("view_flowsession"))
    client.force_login(made)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return made


def made(count):
    publish_workflow()
    manager = FlowSessionManager(actor("mei"))
    return sorted(manager.create_session("dev", f"Plan {number}").pk for number in range(count))


def look(client, ids=(), **given):
    return client.post(BULK, {"verb": "pause", "id": list(ids), **given})


def form_of(page):
    """What the preview's form would send."""
    return {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', _form(page))}


def _form(page):
    return page.text.partition('id="deed"')[2].partition("</form>")[0]


def states(ids):
    found = FlowSession.objects.in_bulk(ids)
    return [found[key].status for key in ids]


def test_preview_says_what_would_become_of_each_and_changes_nothing(client, mei):
    ids, done = made(2), session_in("COMPLETED")
    FlowSessionManager().update_session(done.pk, {"owner": "mei"})
    before = FlowSession.objects.get(pk=done.pk).version
    page = look(client, [*ids, done.pk])
    assert page.status_code == 200
    text = html.unescape(page.text)
    assert "2 would be done" in text
    assert "1 would be refused" in text
    assert "Pause sessions: 2" in text
    assert states(ids) == ["ACTIVE", "ACTIVE"]
    assert FlowSession.objects.get(pk=done.pk).version == before


def test_deed_goes_by_the_services_with_door_person_and_reason(client, mei):
    ids = made(2)
    page = client.post(BULK, {**form_of(look(client, ids)), "reason": "freeze"})
    assert "2 done" in page.text
    assert states(ids) == ["PAUSED", "PAUSED"]
    for key in ids:
        event = next(event for event in events_of(key) if event.type == "session.paused")
        assert (event.actor, event.door, event.reason) == ("mei", "admin", "freeze")


def test_form_sent_twice_does_it_once_and_is_answered_the_same(client, mei):
    ids = made(2)
    form = {**form_of(look(client, ids)), "reason": "freeze"}
    pages = [re.sub(r'value="\w{64}"', "", client.post(BULK, form).text) for _time in range(2)]
    assert pages[0] == pages[1]
    assert [event_types(key).count("session.paused") for key in ids] == [1, 1]


@pytest.mark.parametrize(("verb", "state"), [("pause", "PAUSED"), ("abort", "ABORTED"), ("resume", "ACTIVE")])
def test_each_verb_is_done(client, mei, verb, state):
    ids = made(1)
    if verb == "resume":
        FlowSessionManager().pause_session(ids[0])
    client.post(BULK, form_of(look(client, ids, verb=verb)))
    assert states(ids) == [state]


def test_refusals_are_named_with_their_reason(client, mei):
    ids = made(2)
    form = form_of(look(client, ids))
    FlowSessionManager().abort_session(ids[0])
    text = html.unescape(client.post(BULK, form).text)
    assert "1 done" in text
    assert "1 refused" in text
    row = next(row for row in text.split("<tr>") if ids[0] in row and "refused" in row)
    assert "is aborted: pause is not possible" in row
    assert states(ids) == ["ABORTED", "PAUSED"]


def test_all_that_fit_are_chosen_by_the_filter(client, mei):
    ids = made(3)
    FlowSessionManager().pause_session(ids[2])
    page = look(client, all="1", query="status__exact=ACTIVE&whose=mine")
    assert form_of(page)["ids"].split() == ids[:2]
    assert f'href="{LIST}?status__exact=ACTIVE&amp;whose=mine"' in page.text


@pytest.mark.parametrize("query", ["status__exact=WRONG", "owned=mei"])
def test_all_is_never_of_a_filter_that_can_not_be_read(client, mei, query):
    made(2)
    answer = look(client, all="1", query=query)
    assert answer.status_code == 302
    assert 'class="error"' in client.get(answer.headers["Location"]).text


def test_too_many_are_refused_before_anything_is_tried(client, mei, monkeypatch):
    monkeypatch.setattr(bulk, "MOST", 2)
    made(3)
    answer = look(client, all="1")
    assert "More than 2 sessions are meant" in html.unescape(client.get(answer.headers["Location"]).text)


@pytest.mark.parametrize("given", [{"id": []}, {"id": ["dev"], "verb": "delete"}, {"do": "1", "ids": "dev"}])
def test_incomplete_forms_are_told_at_the_list(client, mei, given):
    made(1)
    answer = client.post(BULK, {"verb": "pause", **given})
    assert (answer.status_code, answer.headers["Location"]) == (302, LIST)
    assert 'class="error"' in client.get(LIST).text


def test_what_the_reader_does_not_see_stays_as_it_is_and_unnamed(client, mei):
    other = session_in("ACTIVE")
    form = form_of(look(client, made(1)))
    text = client.post(BULK, {**form, "ids": f"{other.pk} dev-none-0000"}).text
    rows = [row.replace(other.pk, "dev-none-0000") for row in text.split("<tr>")[2:]]
    assert len(rows) == 2
    assert rows[0].partition("</tr>")[0] == rows[1].partition("</tr>")[0]
    assert states([other.pk]) == ["ACTIVE"]


def test_member_without_the_right_is_refused_for_each(client, mei):
    ids = [in_team(session_in("ACTIVE"), "watched").pk]
    user("mei", watches=["watched"])
    assert "1 would be refused" in html.unescape(look(client, ids).text)
    assert 'id="deed"' not in look(client, ids).text


def test_deed_that_runs_out_of_time_goes_on_by_the_same_form(client, mei, monkeypatch):
    ids = made(2)
    form = form_of(look(client, ids))
    times = iter([0, 0, 99])
    monkeypatch.setattr(bulk, "clock", lambda: next(times))
    page = client.post(BULK, {**form, "reason": "freeze"})
    assert states(ids) == ["PAUSED", "ACTIVE"]
    monkeypatch.setattr(bulk, "clock", lambda: 0)
    again = form_of(page)
    assert (again["key"], again["reason"]) == (form["key"], "freeze")
    assert "2 done" in client.post(BULK, again).text
    assert states(ids) == ["PAUSED", "PAUSED"]


def test_address_opened_by_hand_leads_to_the_list(client, mei):
    assert client.get(BULK).headers["Location"] == LIST


def test_page_for_many_is_kept_from_who_may_not_look(client):
    client.force_login(user("ann", is_staff=True))
    assert client.post(BULK, {"verb": "pause"}).status_code == 403


def test_names_in_the_preview_are_masked_and_escaped(client, mei):
    publish_workflow()
    key = "ghp" + "_" + "a1B2" * 9
    made = FlowSessionManager(actor("mei")).create_session("dev", f"<b>Use</b> {key} \u202e")
    page = look(client, [made.pk]).text
    assert key not in page
    assert "\u202e" not in page
    assert "<b>Use" not in page


def test_preview_takes_as_many_queries_more_as_the_trials_themselves(client, mei, django_assert_max_num_queries):
    ids = made(3)
    look(client, ids[:1])
    with django_assert_max_num_queries(100) as at_one:
        look(client, ids[:1])
    with django_assert_max_num_queries(100) as at_three:
        look(client, ids)
    with django_assert_max_num_queries(100) as one_trial:
        bulk.bulk_try(actor("mei"), bulk.order(actor("mei"), "pause"), ids[:1])
    assert len(at_three) - len(at_one) <= 2 * len(one_trial)
