"""The admin's pages for events and for what is left of deleted sessions."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from sessions_app.actors import local_actor
from sessions_app.admin import event_query
from sessions_app.models import SessionEvent
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.factories import new_session, person, stage, user
from tests.site.test_workflow_pages import text_of

pytestmark = pytest.mark.django_db

LIST = "/admin/sessions_app/sessionevent/"
TOMBSTONES = "/admin/sessions_app/tombstone/"


@pytest.fixture(autouse=True)
def _english(admin_client, client):
    for each in (client, admin_client):
        each.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def played():
    flow_session = new_session(stage("build", items=["code"]), name="Login")
    made = StageInstanceManager().run_stage(flow_session.pk, "build")
    StageInstanceManager().complete_item(made.pk, "code")
    FlowSessionManager(local_actor("cli")).fail_session(flow_session.pk, reason="The server\nis gone")
    return flow_session


def shown(answer):
    """The numbers of the events on the page."""
    return [int(number) for number in re.findall(r'<code class="vc-muted">#(\d+)', answer.text)]


def page_of(event):
    return f"{LIST}{event.pk}/change/"


def test_list_shows_the_newest_first_in_words(admin_client, played):
    page = admin_client.get(LIST)
    assert shown(page) == [5, 4, 3, 2, 1]
    told = text_of(page)
    assert f"session failed #4 ✕ error Login {played.pk} local (cli) The server is gone" in told
    assert "item ticked #3 build.1 · detail" in told


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"level": "ERROR"}, [5, 4]),
        ({"type": "stage.started"}, [2]),
        ({"door": "python"}, [3, 2, 1]),
        ({"door": "nowhere"}, []),
        ({"created_at__gte": "2000-01-01", "created_at__lt": "2001-01-01"}, []),
        ({"created_at__gte": "2000-01-01"}, [5, 4, 3, 2, 1]),
        ({"created_at__lt": "2000-01-01"}, []),
        ({"before": "1"}, []),
    ],
)
def test_list_is_filtered(admin_client, played, query, numbers):
    page = admin_client.get(LIST, query)
    assert page.status_code == 200
    assert shown(page) == numbers


def test_list_of_a_session_is_found_by_link_and_by_its_exact_id(admin_client, played):
    new_session(id="docs")
    for name in ("session__id__exact", "q"):
        assert shown(admin_client.get(LIST, {name: played.pk})) == [5, 4, 3, 2, 1]
        page = admin_client.get(LIST, {name: played.pk[:-1]})
        assert shown(page) == []
        assert "No event fits." in page.text


@pytest.mark.parametrize("query", [{"level": "LOUD"}, {"created_at__gte": "x"}, {"before": "-1"}, {"nonsense": "1"}])
def test_what_an_address_can_not_mean_is_told_and_left_out(admin_client, played, query):
    page = admin_client.get(LIST, {**query, "door": "cli"}, follow=True)
    assert page.redirect_chain == [(f"{LIST}?door=cli", 302)]
    assert "The list " in text_of(page)
    assert shown(page) == [5, 4]


def test_pages_lead_on_to_older_events(admin_client, played, monkeypatch):
    monkeypatch.setattr(event_query, "ROWS", 2)
    numbers, address = [], LIST
    while address:
        page = admin_client.get(address)
        numbers.append(shown(page))
        older = re.search(r'href="(\?[^"]*before=\d+)">Older events', page.text)
        address = older and LIST + older.group(1).replace("&amp;", "&")
    assert numbers == [[5, 4], [3, 2], [1]]


@pytest.mark.parametrize("is_of_session", [False, True])
def test_pages_of_a_narrowed_list_stay_narrowed(admin_client, played, monkeypatch, is_of_session):
    monkeypatch.setattr(event_query, "ROWS", 1)
    query = {"door": "cli"} | ({"session__id__exact": played.pk} if is_of_session else {})
    page = admin_client.get(LIST, query)
    [older] = re.findall(r'href="(\?[^"]*)">Older events', page.text)
    following = admin_client.get(LIST + older.replace("&amp;", "&"))
    assert (shown(page), shown(following)) == ([5], [4])
    assert "Older events" not in following.text


def test_a_page_looks_through_a_window_and_says_so(admin_client, played, monkeypatch):
    monkeypatch.setattr(event_query, "WINDOW", 2)
    page = admin_client.get(LIST, {"type": "session.created"})
    assert shown(page) == []
    assert "None of them fits." in page.text
    for _ in range(2):
        [further] = re.findall(r'href="(\?[^"]*)">Look further', page.text)
        page = admin_client.get(LIST + further.replace("&amp;", "&"))
    assert shown(page) == [1]
    assert "Look further" not in page.text


def spread(days):
    """Events of one session, one a day."""
    flow_session = new_session()
    for _ in range(days - 1):
        FlowSessionManager().note_session(flow_session.pk, "x")
    begin = timezone.now().replace(hour=12) - timedelta(days=days)
    for event in SessionEvent.objects.all():
        SessionEvent.objects.filter(pk=event.pk).update(created_at=begin + timedelta(days=event.seq))
    return begin


def test_a_day_is_found_at_any_number_of_events(monkeypatch):
    begin = spread(40)
    monkeypatch.setattr(event_query, "WINDOW", 5)
    actor = local_actor()
    for number in (1, 7, 23, 40):
        day = (begin + timedelta(days=number)).date()
        asked = event_query.read_asked({"created_at__gte": str(day), "created_at__lt": str(day + timedelta(days=1))})
        assert [event.seq for event in event_query.page_of(actor, asked).rows] == [number]


def test_old_events_that_came_later_are_found_by_their_time(monkeypatch):
    begin = spread(40)
    ordered = list(SessionEvent.objects.order_by("pk").values_list("pk", "created_at"))
    for (key, _own), (_key, time) in zip(ordered, reversed(ordered), strict=True):
        SessionEvent.objects.filter(pk=key).update(created_at=time)
    monkeypatch.setattr(event_query, "WINDOW", 5)
    for number in (1, 23, 40):
        day = (begin + timedelta(days=number)).date()
        asked = event_query.read_asked({"created_at__gte": str(day), "created_at__lt": str(day + timedelta(days=1))})
        assert [event.seq for event in event_query.page_of(local_actor(), asked).rows] == [41 - number]
    asked = {"created_at__gte": str((begin + timedelta(days=3)).date()), "created_at__lt": "2999-01-01"}
    seen, pages = [], 0
    while True:
        page = event_query.page_of(local_actor(), event_query.read_asked(asked))
        seen += [event.seq for event in page.rows]
        pages += 1
        if page.older is None:
            break
        asked["before"] = str(page.older)
    assert (seen, pages) == ([*range(1, 39)], 8)


def test_time_drill_leads_from_years_to_days(admin_client, played):
    today = timezone.localtime(played.created_at).date()
    page = admin_client.get(LIST)
    year = re.search(rf'href="(\?created_at__gte={today.year}-01-01[^"]*)">{today.year}<', page.text)
    inner = admin_client.get(LIST + year.group(1).replace("&amp;", "&"))
    assert shown(inner) == [5, 4, 3, 2, 1]
    assert f"created_at__gte={today.replace(day=1)}" in inner.text


@pytest.mark.parametrize("few", [0, 500])
def test_only_events_of_sessions_that_are_seen_are_shown(client, played, monkeypatch, few):
    monkeypatch.setattr(event_query, "FEW_SESSIONS", few)
    ann = user("ann", is_staff=True)
    ann.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    own = FlowSessionManager(person("ann")).create_session("dev", "Own")
    client.force_login(ann)
    page = client.get(LIST)
    assert shown(page) == [1]
    assert own.pk in page.text
    assert played.pk not in page.text
    hidden = client.get(page_of(played.events.first()), follow=True)
    assert hidden.redirect_chain == [(LIST, 302)]
    assert "There is no event" in hidden.text


def test_page_shows_what_changed_its_cause_and_its_neighbours(admin_client, played):
    failed, follows = played.events.order_by("seq")[3:5]
    page = admin_client.get(page_of(failed))
    told = text_of(page)
    assert "status Active Failed" in told
    assert "The server is gone" in told
    assert "local (cli)" in told
    assert failed.hash in page.text
    assert played.events.get(seq=3).hash in page.text
    assert f"/admin/sessions_app/flowsession/{played.pk}/change/#event-4" in page.text
    assert f'rel="prev" href="{page_of(played.events.get(seq=3))}"' in page.text
    assert f'rel="next" href="{page_of(follows)}"' in page.text
    caused = text_of(admin_client.get(page_of(follows)))
    assert "Follows from #4 session.failed" in caused
    assert "status in progress failed" in caused


def test_an_item_is_told_by_its_text(admin_client, played):
    assert "items.code.done Do code" in text_of(admin_client.get(page_of(played.events.get(seq=3))))


def test_first_event_has_none_before(admin_client, played):
    page = admin_client.get(page_of(played.events.get(seq=1)))
    assert "none: it is the session" in page.text
    assert 'rel="prev"' not in page.text


@pytest.mark.parametrize("key", ["0", "x", "9" * 30, "-1"])
def test_unknown_event_leads_to_the_list(admin_client, key):
    assert admin_client.get(f"{LIST}{key}/change/", follow=True).redirect_chain == [(LIST, 302)]


def test_empty_list_says_what_to_do_first(admin_client):
    assert "Nothing has happened yet." in admin_client.get(LIST).text


def test_list_and_page_take_as_many_queries_at_one_row_as_at_three(admin_client, django_assert_num_queries):
    for _ in range(3):
        made = new_session()
        with django_assert_num_queries(7):
            admin_client.get(LIST)
        with django_assert_num_queries(5):
            admin_client.get(LIST, {"session__id__exact": made.pk})
        only = made.events.get()
        with django_assert_num_queries(4):
            admin_client.get(page_of(only))


def test_tombstones_are_listed_found_and_shown(admin_client, django_assert_num_queries):
    deleted = []
    for _ in range(3):
        deleted.append(FlowSessionManager().delete_session(new_session().pk, reason="a test"))
        with django_assert_num_queries(4):
            page = admin_client.get(TOMBSTONES)
        assert all(row.pk in page.text for row in deleted)
    found = admin_client.get(TOMBSTONES, {"q": deleted[0].pk})
    assert deleted[0].pk in found.text
    assert deleted[1].pk not in found.text
    with django_assert_num_queries(3):
        told = text_of(admin_client.get(f"{TOMBSTONES}{deleted[0].pk.replace('_', '_5F')}/change/"))
    for text in ("a test", "local (python)", deleted[0].chain_head, "#2"):
        assert text in told
    gone = admin_client.get(f"{TOMBSTONES}nothing/change/", follow=True)
    assert "There is no deleted session nothing." in gone.text
    assert "No deleted session fits." in admin_client.get(TOMBSTONES, {"q": "nothing"}).text
