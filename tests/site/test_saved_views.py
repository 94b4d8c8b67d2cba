"""Views of the list of sessions that people save."""

import pytest

from sessions_app import saved_views
from sessions_app.exceptions import GuardUnmet, InvalidInput, NotAllowed, NotFound
from sessions_app.models import SavedView
from tests.factories import person, user

pytestmark = pytest.mark.django_db

LIST = "/admin/sessions_app/flowsession/"


@pytest.fixture(autouse=True)
def _english(admin_client):
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def save(client, name="Stopped", query="status__exact=PAUSED&whose=mine"):
    return client.post(f"{LIST}views/", {"name": name, "query": query})


def test_view_is_saved_shown_and_opened(admin_client):
    answer = save(admin_client)
    assert answer.headers["Location"] == f"{LIST}?status__exact=PAUSED&whose=mine"
    page = admin_client.get(answer.headers["Location"]).text
    assert "Saved as Stopped." in page
    assert 'href="?status__exact=PAUSED&amp;whose=mine" aria-current="page"' in page
    assert "Delete this view" in page
    assert "Delete this view" not in admin_client.get(LIST).text


def test_view_of_the_same_name_is_replaced(admin_client):
    save(admin_client)
    save(admin_client, query="whose=teams")
    assert [view.query for view in SavedView.objects.all()] == ["whose=teams"]


@pytest.mark.parametrize("query", ["", "status__exact=WRONG", "owner__password=x", "https://example.com/"])
def test_only_what_the_list_knows_is_saved(admin_client, query):
    answer = save(admin_client, query=query)
    assert 'class="error"' in admin_client.get(answer.headers["Location"]).text
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\x07b"])
def test_name_is_one_short_line(admin_client, name):
    save(admin_client, name=name)
    assert not SavedView.objects.exists()


def test_name_is_shown_harmless(admin_client):
    save(admin_client, name="<script>alert(1)</script> \u202e")
    page = admin_client.get(LIST).text
    assert "<script>alert(1)" not in page
    assert "\u202e" not in page


def test_view_is_its_users_own(admin_client, client):
    save(admin_client)
    view = SavedView.objects.get()
    client.force_login(user("root", is_superuser=True, is_staff=True))
    assert "Stopped" not in client.get(LIST).text
    client.post(f"{LIST}views/{view.pk}/delete/")
    assert SavedView.objects.exists()
    assert admin_client.post(f"{LIST}views/{view.pk}/delete/").status_code == 302
    assert not SavedView.objects.exists()


def test_views_are_changed_by_forms_alone(admin_client):
    save(admin_client)
    for address in (f"{LIST}views/", f"{LIST}views/{SavedView.objects.get().pk}/delete/"):
        assert admin_client.get(address)["Location"] == LIST
    assert SavedView.objects.count() == 1


def test_views_are_kept_from_who_may_not_look(client):
    client.force_login(user("ann", is_staff=True))
    assert save(client).status_code == 403


def test_nobody_has_endlessly_many(monkeypatch):
    monkeypatch.setattr(saved_views, "MOST", 2)
    mei = person("mei")
    for name in "abb":
        saved_views.save_view(mei, name, "whose=mine")
    with pytest.raises(GuardUnmet):
        saved_views.save_view(mei, "c", "whose=mine")
    assert [view.name for view in saved_views.views_of(mei)] == ["a", "b"]


def test_refusals_are_told():
    mei = person("mei")
    with pytest.raises(NotFound):
        saved_views.delete_view(mei, 4711)
    with pytest.raises(InvalidInput):
        saved_views.save_view(mei, "all", "")
    user("mei")
    mei.user.is_active = False
    with pytest.raises(NotAllowed):
        saved_views.save_view(mei, "a", "whose=mine")
