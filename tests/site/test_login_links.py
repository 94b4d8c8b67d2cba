from datetime import datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.utils import timezone

from vcflow_site import login_links
from vcflow_site.login_links import LIFETIME, link_path, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return get_user_model().objects.create_superuser("admin")


def test_link_signs_in_and_leads_to_the_admin(client, admin):
    answer = client.get(link_path(admin), follow=True)
    assert answer.redirect_chain == [("/admin/", 302)]
    assert answer.status_code == 200
    assert answer.wsgi_request.user == admin
    assert "no-store" in client.get(link_path(admin)).headers["Cache-Control"]


def test_account_without_password_is_offered_to_set_one_without_the_old(client, admin):
    page = client.get(link_path(admin), follow=True)
    form = f"/admin/auth/user/{admin.pk}/password/"
    assert f'href="{form}"' in page.text
    answer = client.post(
        form, {"password1": "kW7-long-enough", "password2": "kW7-long-enough", "usable_password": "true"}
    )
    assert answer.status_code == 302
    assert client.get("/admin/").status_code == 200
    client.logout()
    assert client.login(username="admin", password="kW7-long-enough")


def test_account_with_password_is_not_asked_to_set_one(client, admin):
    admin.set_password("kW7-long-enough")
    admin.save(update_fields=["password"])
    assert f"/admin/auth/user/{admin.pk}/password/" not in client.get(link_path(admin), follow=True).text


def test_link_works_once(client, admin):
    link = link_path(admin)
    assert client.get(link).status_code == 302
    client.logout()
    answer = client.get(link)
    assert answer.status_code == 403
    assert "vc init" in answer.text
    assert "_auth_user_id" not in client.session


def test_new_link_works_right_after_the_last_one(client, admin):
    for _ in range(3):
        admin.refresh_from_db()
        assert client.get(link_path(admin)).status_code == 302


def test_any_other_sign_in_voids_the_link(client, admin):
    link = link_path(admin)
    client.force_login(admin)
    client.logout()
    assert client.get(link).status_code == 403


def test_of_two_who_follow_at_once_one_is_signed_in(admin):
    first, second = (get_user_model().objects.get(pk=admin.pk) for _ in range(2))
    assert login_links._use_up(first)
    assert not login_links._use_up(second)


@pytest.mark.parametrize(("age", "status"), [(LIFETIME, 302), (LIFETIME + timedelta(seconds=1), 403)])
def test_link_lives_a_day(client, admin, monkeypatch, age, status):
    then = datetime.now() - age
    monkeypatch.setattr(tokens, "_now", lambda: then)
    link = link_path(admin)
    monkeypatch.setattr(tokens, "_now", lambda: then + age)
    assert client.get(link).status_code == status


def test_link_of_a_disabled_account_is_void(client, admin):
    link = link_path(admin)
    get_user_model().objects.update(is_active=False)
    assert client.get(link).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/login/MQ/x/",
        "/login/MQ/x-y-z/",
        "/login/!/x-y/",
        "/login/名/名/",
        "/login/OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5/cqpdtm-1/",
        "/login/MQ/" + "a" * 5000 + "/",
    ],
)
def test_wrong_link_explains_itself(client, admin, path):
    answer = client.get(path)
    assert answer.status_code == 403
    assert "vc init" in answer.text


def test_link_of_another_account_is_void(client, admin):
    other = get_user_model().objects.create_superuser("other")
    _, login, _uid, token, _ = link_path(admin).split("/")
    _, _, uid, _token, _ = link_path(other).split("/")
    assert client.get(f"/{login}/{uid}/{token}/").status_code == 403


def test_link_is_not_a_password_reset_token(admin):
    assert not tokens.check_token(admin, default_token_generator.make_token(admin))


def test_void_link_speaks_the_browsers_language(client):
    assert 'lang="zh-hans"' in client.get("/login/MQ/x/", headers={"accept-language": "zh-CN"}).text
    assert 'lang="en"' in client.get("/login/MQ/x/", headers={"accept-language": "en-GB"}).text


def test_last_login_is_noted(client, admin):
    before = timezone.now()
    client.get(link_path(admin))
    admin.refresh_from_db()
    assert admin.last_login >= before
