import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.test import RequestFactory, override_settings
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sessions_app import rates
from sessions_app.api.authentication import SessionAuthentication, TokenAuthentication, actor_of
from sessions_app.api.throttling import CallerThrottle, caller_of
from sessions_app.models import ApiToken, RequestRate
from sessions_app.tokens import create_token, revoke_token
from tests.factories import person

pytestmark = pytest.mark.django_db

NOON = 1_800_000_000


class Whoami(APIView):
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated]
    throttle_classes = [CallerThrottle]

    def get(self, request):
        found = actor_of(request)
        assert actor_of(request) is found
        assert not found.is_trusted
        return Response({"user": found.username, "door": found.door, "by": found.submitted_by, "grant": found.grant})

    post = get


view = Whoami.as_view()


@pytest.fixture(autouse=True)
def _still_clock(monkeypatch):
    """All requests of a test fall into one window."""
    monkeypatch.setattr(rates, "clock", lambda: NOON)
    rates._purses.clear()
    yield
    rates._purses.clear()


@pytest.fixture
def mei():
    return person("mei")


def ask(token=None, *, header=None, method="GET", user=None, **environ):
    if token:
        header = f"Bearer {token}"
    if header is not None:
        environ["HTTP_AUTHORIZATION"] = header
    request = RequestFactory().generic(method, "/", **environ)
    request.user = user or AnonymousUser()
    return view(request)


def code_of(answer):
    return json.loads(answer.content)["code"]


def test_token_makes_an_actor_with_a_grant(mei):
    web = Group.objects.create(name="web")
    mei.user.groups.add(web)
    row, text = create_token(mei, "ci", scopes=["read"], team="web")
    said = ask(text).data
    assert (said["user"], said["door"], said["by"]) == ("mei", "api", "token:ci")
    grant = said["grant"]
    assert (grant.name, grant.scopes, grant.team_id, grant.workflow_id) == ("ci", frozenset(["read"]), web.pk, None)
    assert grant.expires_at == row.expiry


def test_scheme_is_known_whatever_its_case(mei):
    _row, text = create_token(mei, "ci")
    assert ask(header=f"bearer {text}").status_code == 200
    assert ask(header=f"BEARER  {text} ").status_code == 200


def test_superusers_token_trusts_nobody(mei):
    mei.user.is_superuser = True
    mei.user.save(update_fields=["is_superuser"])
    assert ask(create_token(mei, "ci")[1]).status_code == 200  # the view asserts it


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer one two",
        "Bearer garbage",
        "Bearer vcf_" + "0" * 80,
        "Bearer vcf_" + "0" * 79,
        "Bearer VCF_" + "0" * 80,
        "Bearer vcf_" + "g" * 80,
        "Bearer \xff\xfe\xe9",
        "Bearer vcf_" + "0" * 1_000_000,
        "Bearer vcf_" + "٣" * 40,
        "Bearer vcf_%00",
    ],
    ids=range(12),
)
def test_what_is_no_token_is_refused(header):
    try:
        header.encode("latin-1")
    except UnicodeEncodeError:
        header = header.encode().decode("latin-1")  # as a server hands it on
    answer = ask(header=header)
    assert (answer.status_code, code_of(answer)) == (401, "invalid-token")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_garbage_does_not_trouble_the_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        ask("garbage")


def test_nobody_is_asked_for_a_token():
    for header in (None, "", "Basic dXNlcjpwYXNz"):
        answer = ask(header=header)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    with pytest.raises(NotAuthenticated):
        actor_of(Request(RequestFactory().get("/")))


def test_revoked_token_is_refused_at_once(mei):
    row, text = create_token(mei, "ci")
    assert ask(text).status_code == 200
    revoke_token(mei, row.token_key)
    answer = ask(text)
    assert (answer.status_code, code_of(answer)) == (401, "token-revoked")


def test_expired_token_is_refused_and_kept(mei):
    row, text = create_token(mei, "ci")
    create_token(mei, "other")
    ApiToken.objects.update(expiry=timezone.now() - timedelta(days=400))
    answer = ask(text)
    assert (answer.status_code, code_of(answer)) == (401, "token-expired")
    assert ApiToken.objects.filter(pk=row.pk).exists()
    assert ApiToken.objects.count() == 2


def test_token_of_a_disabled_user_is_refused(mei):
    _row, text = create_token(mei, "ci")
    mei.user.is_active = False
    mei.user.save(update_fields=["is_active"])
    answer = ask(text)
    assert (answer.status_code, code_of(answer)) == (401, "invalid-token")


@pytest.mark.parametrize("count", [1, 3])
@override_settings(VCFLOW_API_RATE=None)
def test_token_is_looked_up_in_one_query(mei, django_assert_num_queries, count):
    texts = [create_token(mei, f"t{number}")[1] for number in range(count)]
    with django_assert_num_queries(2):  # the second notes the use
        ask(texts[0])
    with django_assert_num_queries(1):
        ask(texts[0])


def test_use_is_noted_at_most_once_a_minute(mei):
    row, text = create_token(mei, "ci")
    ask(text)
    row.refresh_from_db()
    first = row.last_used_at
    assert first is not None
    ask(text)
    row.refresh_from_db()
    assert row.last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=1))
    ask(text)
    row.refresh_from_db()
    assert row.last_used_at > first - timedelta(minutes=1)


def test_refused_use_is_not_noted(mei):
    row, text = create_token(mei, "ci")
    revoke_token(mei, row.token_key)
    ask(text)
    row.refresh_from_db()
    assert row.last_used_at is None


def test_browser_may_look_and_needs_the_csrf_token_to_change(mei):
    said = ask(user=mei.user).data
    assert (said["user"], said["door"], said["by"], said["grant"]) == ("mei", "api", "", None)
    request = RequestFactory(enforce_csrf_checks=True).post("/")
    request.user = mei.user
    answer = view(request)
    assert (answer.status_code, code_of(answer)) == (403, "csrf")
    secret = "a" * 32
    request = RequestFactory(enforce_csrf_checks=True).post("/", "{}", "application/json", HTTP_X_CSRFTOKEN=secret)
    request.COOKIES["vcflow_csrf"] = secret
    request.user = mei.user
    assert view(request).status_code == 200


def test_token_needs_no_csrf_token(mei):
    _row, text = create_token(mei, "ci")
    request = RequestFactory(enforce_csrf_checks=True).post("/", HTTP_AUTHORIZATION=f"Bearer {text}")
    assert view(request).status_code == 200


@override_settings(VCFLOW_API_RATE=(3, 60))
def test_requests_beyond_the_rate_are_refused_until_the_window_ends(mei, monkeypatch):
    _row, text = create_token(mei, "ci")
    _row, other = create_token(mei, "other")
    assert [ask(text).status_code for _request in range(4)] == [200, 200, 200, 429]
    answer = ask(text)
    assert code_of(answer) == "throttled"
    assert 60 <= int(answer["Retry-After"]) <= 61
    assert ask(other).status_code == 200
    assert ask(user=mei.user).status_code == 200
    monkeypatch.setattr(rates, "clock", lambda: NOON + 60)
    assert ask(text).status_code == 200


@override_settings(VCFLOW_API_RATE=None)
def test_without_a_rate_nothing_is_counted(mei):
    assert all(ask(user=mei.user).status_code == 200 for _request in range(5))
    assert RequestRate.objects.count() == 0


def anonymous(**environ):
    request = Request(RequestFactory().get("/", **environ))
    request.user = AnonymousUser()
    return caller_of(request)


def test_callers_are_named_without_their_secrets(mei):
    row, text = create_token(mei, "ci")
    request = Request(
        RequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {text}"), authenticators=[TokenAuthentication()]
    )
    assert caller_of(request) == f"token:{row.token_key}"
    assert anonymous(REMOTE_ADDR="10.1.2.3") == "address:10.1.2.3"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_neighbours_in_one_network_are_one_caller(address, network):
    assert anonymous(REMOTE_ADDR=address) == f"address:{network}"


def test_forwarded_address_counts_behind_a_proxy_alone():
    hops = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 10.1.2.3"}
    assert anonymous(**hops) == "address:127.0.0.1"
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        assert anonymous(**hops) == "address:10.1.2.3"
        assert anonymous(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="x" * 10_000) == "address:"


@pytest.mark.parametrize(
    ("target", "scheme"), [(TokenAuthentication, ("bearer", "http")), (SessionAuthentication, ("cookie", "apiKey"))]
)
def test_description_of_the_api_names_the_ways_to_sign_in(target, scheme):
    found = OpenApiAuthenticationExtension.get_match(target)
    assert (found.name, found.get_security_definition(None)["type"]) == scheme
