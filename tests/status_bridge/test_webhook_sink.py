"""The kind ``webhook``: what goes out, and what the answers mean."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.contrib.auth.models import User
from standardwebhooks import Webhook

from sessions_app.exceptions import InvalidInput, NotAllowed, NotFound
from status_bridge import messages, signing
from status_bridge.net import Answer, Unreachable
from status_bridge.sinks.base import Arrival, Request, Target, Undelivered, get_sink, kinds
from status_bridge.sinks.webhook import excerpt, requested, retry_after

SECRET = signing.new_secret()
SINK = get_sink("webhook")
WISH = {"id": "flow-dev-x-2345", "status": "ON_HOLD"}


class Far:
    """Answers each request alike and keeps what it was asked."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def __call__(self, method, url, *, headers, body, max_bytes):
        self.asked.append((method, url, headers, body))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def answer(status, body=b"", **headers):
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, 0.01)


def target(far, **held):
    return Target("wh_1", "board", "https://x.example/h", {}, {"secret": SECRET, **held}, User(username="mei"), far)


def sent(far, message=None):
    return SINK.send(message or messages.ping("wh_1"), target(far))


def refused(far):
    with pytest.raises(Undelivered) as refusal:
        sent(far)
    return refusal.value


def test_the_kind_is_known_without_being_registered_by_anybody():
    assert "webhook" in kinds()


def test_a_message_is_posted_as_it_is_with_its_signature():
    far, message = Far(answer(204)), messages.ping("wh_1")
    receipt = sent(far, message)
    ((method, url, headers, body),) = far.asked
    assert (method, url, body.decode()) == ("POST", "https://x.example/h", message.body)
    assert headers["webhook-id"] == message.id
    assert headers["content-type"] == "application/cloudevents+json"
    assert headers["user-agent"].startswith("vcflow/")
    assert json.loads(body)["specversion"] == "1.0"
    Webhook(SECRET).verify(body, headers)
    assert (receipt.status_code, receipt.answer) == (204, "")


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_receipt(status):
    assert sent(Far(answer(status, b"ok"))).status_code == status


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 408, 429, 500, 502, 503, 504, 599])
def test_these_answers_mean_that_the_receiver_is_unwell(status):
    refusal = refused(Far(answer(status, location="https://elsewhere.example/")))
    assert (refusal.status_code, refusal.is_endpoint, refusal.is_gone) == (status, True, False)
    assert str(status) in refusal.reason


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 422])
def test_these_answers_are_about_one_message(status):
    refusal = refused(Far(answer(status)))
    assert (refusal.status_code, refusal.is_endpoint, refusal.is_gone) == (status, False, False)


def test_gone_is_for_good():
    assert refused(Far(answer(410))).is_gone


def test_no_answer_is_the_receivers():
    refusal = refused(Far(Unreachable("x.example did not answer.", code="timeout")))
    assert (refusal.status_code, refusal.is_endpoint, refusal.reason) == (None, True, "x.example did not answer.")


def test_what_the_receiver_says_is_bounded_masked_and_visible():
    body = f"\x1b[31mno ‮ {SECRET} ".encode() + b"x" * 5000
    refusal = refused(Far(answer(500, body)))
    assert len(refusal.answer) == 500
    assert SECRET not in refusal.answer
    assert "\x1b" not in refusal.answer
    assert refusal.answer.startswith("\\x1b[31mno \\u202e ••••••")
    assert excerpt(b"\xff\xfe") == "��"


def test_how_long_to_wait_is_taken_from_the_answer():
    assert refused(Far(answer(429, retry_after="120"))).retry_after == 120
    assert refused(Far(answer(503))).retry_after is None


@pytest.mark.parametrize(("value", "seconds"), [("0", 0), ("17", 17), (" 3 ", 3), ("9" * 400, 9999999999)])
def test_a_number_of_seconds_is_read(value, seconds):
    assert retry_after(value) == seconds


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "٣", "Sun, 99 Nov 1994", "1e9"])
def test_what_is_no_time_to_wait_is_none(value):
    assert retry_after(value) is None


def test_a_date_is_read_in_any_zone_and_one_that_is_over_means_now():
    later = datetime.now(UTC) + timedelta(seconds=90)
    assert 85 < retry_after(format_datetime(later, usegmt=True)) <= 90
    assert 85 < retry_after(later.strftime("%a, %d %b %Y %H:%M:%S -0000")) <= 90
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


@pytest.mark.parametrize(
    ("options", "secrets", "field"),
    [
        ({"colour": 1}, {"secret": SECRET}, "options.colour"),
        ({}, {"secret": SECRET, "token": "x"}, "secrets.token"),
        ({}, {"secret": "short"}, "secrets.secret"),
        ({}, {}, "secrets.secret"),
    ],
)
def test_settings_that_can_not_work_are_refused(options, secrets, field):
    with pytest.raises(InvalidInput) as refusal:
        SINK.check("https://x.example/", options, secrets)
    assert refusal.value.details["field"] == field
    assert SECRET not in str(refusal.value.as_dict())


def wish(data=WISH, **more):
    return json.dumps({"type": "vcflow.status.requested", "data": data, **more})


def arrived(body, **headers):
    signed = signing.sign({"secret": SECRET}, "m1", body)
    return SINK.receive(Arrival({**signed, **headers}, body.encode()), target(Far(answer(200))))


def test_a_wish_is_read_alone_and_as_a_cloud_event():
    asked = {**WISH, "reason": "so", "version": 12, "by": "gao"}
    expected = Request("m1", "dev-x-2345", "ON_HOLD", "so", 12, "gao")
    assert arrived(wish(asked)) == expected
    assert arrived(wish(asked, specversion="1.0", source="/board", id="other")) == expected
    assert arrived(wish()) == Request("m1", "dev-x-2345", "ON_HOLD")


def test_what_is_about_something_else_asks_for_nothing():
    assert arrived('{"type": "board.created", "data": {}}') is None
    assert arrived("{}") is None


def test_a_wrong_signature_comes_before_a_wrong_body():
    with pytest.raises(NotAllowed):
        arrived("[]", **{"webhook-signature": "v1,AAAA"})


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "7",
        "no json",
        "[" * 100_000,
        '{"type": "vcflow.status.requested"}',
        wish(None),
        wish({"status": "ON_HOLD"}),
        wish({**WISH, "status": None}),
        wish({**WISH, "reason": 7}),
        wish({**WISH, "version": "12"}),
        wish({**WISH, "version": True}),
        wish({**WISH, "version": 0}),
        wish({**WISH, "version": 10**12}),
        wish({**WISH, "by": ["gao"]}),
    ],
)
def test_a_wish_that_can_not_be_understood_is_refused(body):
    with pytest.raises(InvalidInput):
        requested("m1", body.encode())


def test_an_entry_of_another_kind_is_not_there():
    with pytest.raises(NotFound):
        requested("m1", wish({**WISH, "id": "dev-x-2345"}).encode())


def test_a_target_shows_no_secret():
    assert SECRET not in repr(target(Far(answer(200))))
    assert "hidden" not in repr(Arrival({}, b"hidden"))
