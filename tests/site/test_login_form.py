import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from sessions_app import rates
from sessions_app.models import RequestRate
from vcflow_site.login_form import TRIES

pytestmark = pytest.mark.django_db

NOON = 1_800_000_000


class Clock:
    now = float(NOON)

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(rates, "clock", made)
    return made


@pytest.fixture(autouse=True)
def _ann():
    get_user_model().objects.create_superuser("ann", password="right")


def sign_in(client, password, *, username="ann", address="10.0.0.1", language="en"):
    return client.post(
        reverse("admin:login"),
        {"username": username, "password": password},
        REMOTE_ADDR=address,
        headers={"accept-language": language},
    )


def fail(client, times=TRIES.limit, **options):
    for _try in range(times):
        page = sign_in(client, "wrong", **options)
        assert "Please enter the correct username and password" in page.text
    return page


def test_too_many_failures_lock_out_even_the_right_password(client, clock):
    fail(client)
    for password in ("wrong", "right"):
        page = sign_in(client, password)
        assert page.status_code == 200
        assert "Too many tries to sign in failed. Try again in 10 minutes." in page.text
        assert "correct username" not in page.text
    assert "_auth_user_id" not in client.session


def test_lock_names_the_minutes_and_ends(client, clock):
    fail(client)
    clock.now += TRIES.period - 30
    assert "Try again in 1 minute." in sign_in(client, "right").text
    clock.now += 30
    assert sign_in(client, "right").status_code == 302


def test_lock_speaks_the_visitors_language(client, clock):
    fail(client)
    assert "登录失败次数过多" in sign_in(client, "right", language="zh-hans").text


def test_success_below_the_limit_begins_anew(client, clock):
    fail(client, TRIES.limit - 1)
    assert sign_in(client, "right").status_code == 302
    client.logout()
    fail(client, TRIES.limit)


def test_others_and_other_places_are_not_locked_out(client, clock):
    get_user_model().objects.create_superuser("bo", password="right")
    fail(client)
    assert sign_in(client, "right", username="bo").status_code == 302
    client.logout()
    assert sign_in(client, "right", address="10.0.0.2").status_code == 302


def test_unknown_names_are_locked_out_alike_and_not_stored(client, clock):
    fail(client, username="hunter2")
    assert "Too many tries" in sign_in(client, "wrong", username="hunter2").text
    assert "hunter2" not in RequestRate.objects.get().caller


@pytest.mark.parametrize("fields", [("", "x"), ("ann", ""), ("", "")])
def test_empty_form_is_no_try(client, clock, fields):
    username, password = fields
    sign_in(client, password, username=username)
    assert RequestRate.objects.count() == 0


@pytest.mark.parametrize("username", ["名前" * 70, "a\u202eb", "\x00", "x" * 5_000])
def test_strange_names_are_refused_quietly(client, clock, username):
    assert sign_in(client, "wrong", username=username).status_code == 200
