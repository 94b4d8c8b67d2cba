import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.urls import reverse

from sessions_app.models import ApiToken
from sessions_app.tokens import create_token, revoke_token
from tests.factories import person

pytestmark = pytest.mark.django_db

LIST = "admin:sessions_app_apitoken_changelist"


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def token():
    return create_token(person("mei"), "laptop <b>\u202e")[0]


@pytest.fixture
def staff(client):
    """Somebody who may look at tokens, signed in."""
    found = get_user_model().objects.create_user("ann", is_staff=True)
    found.user_permissions.add(Permission.objects.get(codename="view_apitoken"))
    client.force_login(found)
    return person("ann")


def revoke_page(row):
    return reverse("admin:revoke-token", args=[row.token_key])


def test_list_names_tokens_and_hides_their_hashes(admin_client, token):
    for query in ({}, {"q": "laptop"}, {"is_agent__exact": "0"}):
        page = admin_client.get(reverse(LIST), query)
        assert page.status_code == 200
        assert token.token_key in page.text
        assert revoke_page(token) in page.text
        assert "laptop &lt;b&gt;\\u202e" in page.text
        assert token.digest not in page.text


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_the_same_queries_whatever_its_length(admin_client, count, django_assert_num_queries):
    for number in range(count):
        create_token(person("mei"), f"t{number}")
    with django_assert_num_queries(4):
        admin_client.get(reverse(LIST))


def test_revoking_asks_first(admin_client, token):
    page = admin_client.get(revoke_page(token))
    assert page.status_code == 200
    assert "laptop &lt;b&gt;\\u202e" in page.text
    assert token.digest not in page.text
    token.refresh_from_db()
    assert token.state == "active"
    page = admin_client.post(revoke_page(token), follow=True)
    assert "was revoked" in page.text
    token.refresh_from_db()
    assert token.state == "revoked"
    assert revoke_page(token) not in page.text


def test_revoking_again_says_so(admin_client, token):
    revoke_token(person("mei"), token.token_key)
    assert "was revoked" in admin_client.post(revoke_page(token), follow=True).text


def test_nothing_can_be_edited_added_or_deleted(admin_client, token):
    for path in ("add/", f"{token.digest}/change/", f"{token.digest}/delete/", f"{token.token_key}/change/"):
        assert admin_client.get(reverse(LIST) + path).status_code == 404
    admin_client.post(reverse(LIST), {"action": "delete_selected", "_selected_action": token.digest, "post": "yes"})
    assert ApiToken.objects.count() == 1


def test_staff_see_and_revoke_their_own_alone(client, staff, token):
    own = create_token(staff, "mine")[0]
    page = client.get(reverse(LIST)).text
    assert "mine" in page
    assert token.token_key not in page
    assert "There is no token" in client.post(revoke_page(token), follow=True).text
    assert "was revoked" in client.post(revoke_page(own), follow=True).text
    token.refresh_from_db()
    assert token.state == "active"


def test_those_without_the_permission_are_kept_out(client, token):
    client.force_login(get_user_model().objects.create_user("bo", is_staff=True))
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(revoke_page(token)).status_code == 403
    client.logout()
    assert client.post(revoke_page(token)).status_code == 302


def test_user_with_tokens_can_be_deleted(admin_client, token):
    page = reverse("admin:auth_user_delete", args=[token.user_id])
    assert token.digest not in admin_client.get(page).text
    admin_client.post(page, {"post": "yes"})
    assert not get_user_model().objects.filter(username="mei").exists()
    assert ApiToken.objects.count() == 0
