import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils.html import escape

from sessions_app.admin.token_form import SCOPE_WORDS
from sessions_app.models import ApiToken
from sessions_app.tokens import create_token, revoke_token
from tests.factories import person, publish_workflow, team

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


def test_nothing_can_be_edited_or_deleted(admin_client, token):
    for path in (f"{token.digest}/change/", f"{token.digest}/delete/", f"{token.token_key}/change/"):
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


ADD = "admin:sessions_app_apitoken_add"


def make(client, **given):
    return client.post(reverse(ADD), {"name": "ci", "scopes": ["read"], **given})


def test_making_one_shows_its_text_this_once(client, staff):
    page = make(client, scopes=["read", "work"], lifetime="7d")
    row = ApiToken.objects.get()
    assert (row.user, row.scopes, row.is_agent) == (staff.user, ["read", "work"], False)
    assert 6 < (row.expiry - row.created).days + 1 <= 7
    text = re.search(r'id="secret">([^<]+)<', page.text)[1]
    assert text.startswith(row.token_key)
    assert 'data-copy="#secret"' in page.text
    assert "no-store" in page.headers["Cache-Control"]
    assert row.digest not in page.text
    assert text not in client.get(reverse(LIST)).text


def test_form_says_what_each_scope_allows_and_offers_what_is_the_persons(client, staff, token):
    workflow_id = publish_workflow("build", id="flow")
    page = client.get(reverse(ADD)).text
    for scope, words in SCOPE_WORDS.items():
        assert f"<strong>{scope}</strong> {escape(words)}" in page
    assert f'value="{workflow_id.partition("@")[0]}"' in page
    assert 'name="user"' not in page


def test_agents_token_is_marked(client, staff):
    page = make(client, agent="on")
    assert "</span> agent" in page.text
    assert ApiToken.objects.get().is_agent
    assert "</span> agent" in client.get(reverse(LIST)).text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "a\x07"}, "has a character that is not allowed"),
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["rule"]}, "Select a valid choice."),
        ({"scopes": ["admin"], "agent": "on"}, "A token for an agent can&#x27;t have the scope admin."),
        ({"agent": "on", "lifetime": "7d"}, "A token can&#x27;t be valid for"),
        ({"team": "platform"}, "Select a valid choice."),
    ],
)
def test_refusals_stand_in_the_form_and_nothing_is_made(client, staff, given, words):
    team("platform")
    page = make(client, **given)
    assert page.status_code == 200
    assert words in page.text
    assert 'class="errorlist' in page.text
    assert not ApiToken.objects.exists()


def test_name_in_use_is_refused(client, staff):
    make(client)
    assert "has a token named ci already" in make(client).text
    assert ApiToken.objects.count() == 1


def test_superusers_make_tokens_for_others(admin_client, client):
    person("mei")
    assert "shown this once" in make(admin_client, user="mei").text
    assert ApiToken.objects.get().user.username == "mei"
    assert "nobody" in make(admin_client, user="nobody").text


def test_list_tells_bounds_and_filters_what_has_ended(admin_client, token):
    person("li", watches=["platform"])
    create_token(person("li"), "bound", team="platform")
    revoke_token(person("mei"), token.token_key)
    assert "platform" in admin_client.get(reverse(LIST)).text
    assert token.token_key not in admin_client.get(reverse(LIST), {"valid": "yes"}).text
    assert token.token_key in admin_client.get(reverse(LIST), {"valid": "no"}).text


def test_empty_list_says_what_to_do(client, staff):
    page = client.get(reverse(LIST)).text
    assert "make the first" in page
    assert reverse(ADD) in page


@pytest.mark.parametrize("count", [1, 3])
def test_form_takes_the_same_queries_however_much_is_offered(client, staff, count, django_assert_num_queries):
    for number in range(count):
        team(f"t{number}")
        publish_workflow("build", id=f"w{number}")
    with django_assert_num_queries(7):
        client.get(reverse(ADD))


def test_tokens_pages_speak_chinese(admin_client, token, settings):
    settings.LANGUAGE_CODE = "zh-hans"
    assert "新建令牌" in admin_client.get(reverse(ADD)).text
    assert "有效" in admin_client.get(reverse(LIST)).text
    assert "使用它的程序会立即被拒绝" in admin_client.get(revoke_page(token)).text
