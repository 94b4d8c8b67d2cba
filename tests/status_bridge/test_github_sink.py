"""The kind ``github``: its settings, its ping, and what comes in from GitHub."""

import hashlib
import hmac
import json
from dataclasses import replace

import pytest

from sessions_app.exceptions import InvalidInput, NotAllowed
from sessions_app.models import SessionEvent
from status_bridge import incoming
from status_bridge.models import Delivery, IncomingMessage
from status_bridge.sinks.base import Arrival, Undelivered, get_sink
from status_bridge.sinks.github_api import GitHub, api_of
from status_bridge.subscription_secrets import target_of
from tests.status_bridge.fake_github import REPOSITORY, SECRET, TOKEN
from tests.status_bridge.github_world import World
from tests.status_bridge.net_receiver import OK, receiving

URL = f"https://github.com/{REPOSITORY}"
SECRETS = {"token": TOKEN, "webhook_secret": SECRET}


@pytest.fixture
def world(db, monkeypatch):
    return World(monkeypatch)


def signed(body, secret=SECRET, event="issues", delivery="d-1"):
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Arrival(
        {"x-github-event": event, "x-github-delivery": delivery, "x-hub-signature-256": f"sha256={digest}"}, body
    )


def event(number=1, repository=REPOSITORY, **more):
    return json.dumps({"issue": {"number": number}, "repository": {"full_name": repository}, **more}).encode()


@pytest.mark.parametrize(
    ("url", "options", "api"),
    [
        (URL, {}, "https://api.github.com"),
        (f"{URL}.git", {}, "https://api.github.com"),
        (f"{URL}/", {}, "https://api.github.com"),
        (f"https://api.github.com/repos/{REPOSITORY}", {}, "https://api.github.com"),
        (
            f"https://ghe.example.com/{REPOSITORY}",
            {"api_url": "https://ghe.example.com/api/v3/"},
            "https://ghe.example.com/api/v3",
        ),
    ],
)
def test_an_address_means_a_repository(url, options, api):
    get_sink("github").check(url, options, SECRETS)
    assert api_of(url, options) == (api, REPOSITORY)


@pytest.mark.parametrize(
    ("url", "options", "secrets", "field"),
    [
        ("https://github.com/octo", {}, SECRETS, "url"),
        (f"{URL}/issues/1", {}, SECRETS, "url"),
        (f"{URL}?x=1", {}, SECRETS, "url"),
        (f"https://ghe.example.com/{REPOSITORY}", {}, SECRETS, "options.api_url"),
        (URL, {"api_url": "https://127.0.0.1/api"}, SECRETS, "url"),
        (URL, {"labels": "x"}, SECRETS, "options.labels"),
        (URL, {"label": "a,b"}, SECRETS, "options.label"),
        (URL, {"label": 5}, SECRETS, "options.label"),
        (URL, {"language": "fr"}, SECRETS, "options.language"),
        (URL, {}, {}, "secrets.token"),
        (URL, {}, {"token": "two words here"}, "secrets.token"),
        (URL, {}, {**SECRETS, "webhook_secret": "short"}, "secrets.webhook_secret"),
        (URL, {}, {**SECRETS, "password": "x"}, "secrets.password"),
    ],
)
def test_settings_that_can_not_work_are_refused(url, options, secrets, field):
    with pytest.raises(InvalidInput) as refused:
        get_sink("github").check(url, options, secrets)
    assert refused.value.details["field"] == field
    assert TOKEN not in refused.value.message + refused.value.fix


def test_a_ping_sees_the_repository_and_its_issues(world):
    target = replace(target_of(world.subscription), request=world.github.request)
    assert REPOSITORY in get_sink("github").ping(target).answer
    assert world.github.issues == {}
    world.github.has_issues = False
    with pytest.raises(Undelivered, match="issues turned off"):
        get_sink("github").ping(target)


def test_only_what_github_signed_comes_in(world):
    world.new_session()
    good = signed(event())
    for bad in (
        replace(good, body=good.body + b" "),
        signed(event(), secret="another secret of a length"),
        signed(event(), secret=""),
        replace(good, headers={**good.headers, "x-hub-signature-256": ""}),
        replace(good, headers={**good.headers, "x-hub-signature-256": "sha256=é"}),
        replace(good, headers={"x-github-event": "issues"}),
    ):
        with pytest.raises(NotAllowed) as refused:
            incoming.take_in(world.subscription.pk, bad)
        assert refused.value.code == "bad-signature"
    assert not IncomingMessage.objects.exists()
    assert incoming.take_in(world.subscription.pk, good).is_queued


def test_without_a_webhook_secret_nothing_comes_in(world):
    world.subscription.delete()
    world.subscription = world.subscribe(secrets={"token": TOKEN})
    world.new_session()
    with pytest.raises(NotAllowed):
        incoming.take_in(world.subscription.pk, signed(event(), secret=""))


@pytest.mark.parametrize(
    "arrival",
    [
        signed(event(), event="ping"),
        signed(event(), event="issue_comment"),
        signed(event(number=99)),
        signed(event(number="1")),
        signed(event(repository="octo/other")),
        signed(b'{"issue": 1, "repository": []}'),
        signed(b"{}"),
    ],
)
def test_what_is_not_about_one_of_our_issues_does_nothing(world, arrival):
    world.new_session()
    before = Delivery.objects.count()
    assert incoming.take_in(world.subscription.pk, arrival) == incoming.Taken()
    assert Delivery.objects.count() == before


@pytest.mark.parametrize("body", [b"", b"payload=%7B%7D", b"[1]", b"[" * 100_000])
def test_what_can_not_be_read_is_refused(world, body):
    with pytest.raises(InvalidInput, match="can't be understood"):
        incoming.take_in(world.subscription.pk, signed(body))


def test_nothing_in_a_message_is_believed(world):
    world.new_session()
    lie = {"issue": {"number": 1, "state": "closed", "state_reason": "not_planned", "title": "Mine"}}
    incoming.take_in(world.subscription.pk, signed(event(**lie)))
    events = SessionEvent.objects.count()
    world.deliver()
    assert SessionEvent.objects.count() == events
    assert world.session().status == "ACTIVE"


def test_a_delivery_without_an_id_counts_once_by_its_body(world):
    world.new_session()
    arrivals = [signed(event(), delivery=""), signed(event(), delivery="x" * 999)]
    taken = [incoming.take_in(world.subscription.pk, arrival).is_queued for arrival in arrivals]
    assert taken == [True, False]


def test_the_token_is_in_no_representation(world):
    target = target_of(world.subscription)
    assert TOKEN not in repr(target) + repr(vars(GitHub(target)))


def test_issues_are_written_in_the_language_that_was_chosen(world):
    world.subscription.delete()
    world.subscription = world.subscribe(options={"language": "zh-hans", "label": "flow"})
    made = world.new_session()
    assert "会话" in world.issue["body"]
    assert world.github.label_names(1) == ["flow", "flow:in-progress"]
    world.github.tick(1, "test/run")
    world.meet()
    assert "无法" in world.github.said(1)[0]
    assert made.pk in world.issue["title"]


def test_a_request_goes_out_as_github_wants_it(world, settings):
    settings.VCFLOW_OUTGOING_ALLOW = ("127.0.0.1",)
    with receiving(OK) as receiver:
        row = world.subscribe(url=f"{receiver.url}/{REPOSITORY}", options={"api_url": receiver.url})
        with pytest.raises(Undelivered, match="can't be read"):
            get_sink("github").ping(target_of(row))
    asked = receiver.requests[0].decode().lower()
    assert asked.startswith(f"get /repos/{REPOSITORY} http/1.1")
    for header in (f"authorization: bearer {TOKEN}", "accept: application/vnd.github+json", "user-agent: vcflow/"):
        assert header in asked
