"""Secrets and signatures of messages."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from sessions_app.exceptions import InvalidInput, NotAllowed
from status_bridge import signing

# Of the specification, https://github.com/standard-webhooks/standard-webhooks, and its libraries' tests.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
PAYLOAD = '{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

OTHER = "whsec_" + base64.b64encode(b"x" * 32).decode()
BODY = '{"type":"ping"}'


@pytest.fixture
def at_the_vector(monkeypatch):
    """It is the moment at which the vector was signed, for us and for the library."""
    moment = datetime.fromtimestamp(TIMESTAMP, UTC)

    class Then(datetime):
        @classmethod
        def now(cls, tz=None):
            return moment.astimezone(tz)

    monkeypatch.setattr(timezone, "now", lambda: moment)
    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Then)


def received(headers, body=BODY, held=None):
    return signing.verify(held or {"secret": SECRET}, headers, body.encode())


def refused(headers, body=BODY, held=None):
    with pytest.raises(NotAllowed) as refusal:
        received(headers, body, held)
    assert refusal.value.code == "bad-signature"
    return refusal.value


def test_the_vector_of_the_specification_is_signed_and_verified(at_the_vector):
    headers = signing.sign({"secret": SECRET}, MESSAGE_ID, PAYLOAD)
    assert headers == {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": str(TIMESTAMP),
        "webhook-signature": SIGNATURE,
    }
    assert received(headers, PAYLOAD) == MESSAGE_ID


def test_new_secrets_fit_and_differ():
    made = {signing.new_secret() for _number in range(50)}
    assert len(made) == 50
    for secret in made:
        assert signing.check_secret(secret) == secret
        assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32


@pytest.mark.parametrize(
    "bad",
    [
        "",
        None,
        7,
        "whsec_",
        SECRET.removeprefix("whsec_"),
        "whsec_" + base64.b64encode(b"x" * 23).decode(),
        "whsec_" + base64.b64encode(b"x" * 65).decode(),
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa\n",
        "whsec_ünfug00000000000000000000000000000",
    ],
)
def test_what_can_not_be_a_secret_is_refused_without_showing_it(bad):
    with pytest.raises(InvalidInput) as refusal:
        signing.check_secret(bad)
    assert "MfKQ" not in f"{refusal.value.message}{refusal.value.fix}{refusal.value.details}"


@pytest.mark.parametrize("size", [24, 64])
def test_the_shortest_and_the_longest_secret_serve(size):
    secret = "whsec_" + base64.b64encode(b"y" * size).decode()
    assert signing.check_secret(secret) == secret


def test_after_a_change_both_secrets_sign_and_verify_for_a_day():
    now = timezone.now()
    held = signing.replaced({"secret": SECRET, "token": "t"}, OTHER, now)
    assert held["token"] == "t"
    headers = signing.sign(held, "m1", BODY)
    assert len(headers["webhook-signature"].split()) == 2
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(BODY, headers)
        assert received(signing.sign({"secret": secret}, "m2", BODY), held=held) == "m2"
    assert signing.in_force(held, now + timedelta(hours=23, minutes=59)) == [OTHER, SECRET]
    assert signing.in_force(held, now + timedelta(hours=24)) == [OTHER]


def test_a_second_change_ends_the_first_secret():
    now = timezone.now()
    held = signing.replaced(signing.replaced({"secret": SECRET}, OTHER, now), signing.new_secret(), now)
    assert SECRET not in signing.in_force(held, now)
    refused(signing.sign({"secret": SECRET}, "m", BODY), held=held)


def test_a_body_that_was_tampered_with_is_refused():
    refused(signing.sign({"secret": SECRET}, "m", BODY), BODY.replace("ping", "pong"))


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing_or_another_is_refused(header):
    headers = signing.sign({"secret": SECRET}, "m", BODY)
    refused({name: value for name, value in headers.items() if name != header})
    refused({**headers, header: "v1,AAAA" if header == "webhook-signature" else "17"})


@pytest.mark.parametrize(
    "signature",
    ["", "v1", "v1,", "v1,not base64", "v1,%%%", "v2,AAAA", ",", "v1,é", "v1,AAAA,BBBB", "   ", "v1a,AAAA"],
)
def test_a_signature_that_is_none_is_refused_and_breaks_nothing(signature):
    refused({**signing.sign({"secret": SECRET}, "m", BODY), "webhook-signature": signature})


@pytest.mark.parametrize("timestamp", ["", "soon", "nan", "inf", "-1", "1e400", "9" * 400])
def test_a_time_that_is_none_is_refused_and_breaks_nothing(timestamp):
    refused({**signing.sign({"secret": SECRET}, "m", BODY), "webhook-timestamp": timestamp})


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_message_from_another_time_is_refused(minutes):
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    headers = {
        "webhook-id": "m",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("m", moment, BODY),
    }
    refused(headers)


def test_the_right_one_of_several_signatures_is_found():
    headers = signing.sign({"secret": SECRET}, "m", BODY)
    headers["webhook-signature"] = f"v1,AAAA v1a,BBBB {headers['webhook-signature']}"
    assert received(headers) == "m"


@pytest.mark.parametrize("message_id", ["x" * 201, "a\x1bb", "a\nb"])
def test_an_id_that_nobody_could_store_is_refused(message_id):
    refused(signing.sign({"secret": SECRET}, message_id, BODY))


def test_bytes_that_are_no_text_are_refused():
    headers = signing.sign({"secret": SECRET}, "m", BODY)
    with pytest.raises(NotAllowed):
        signing.verify({"secret": SECRET}, headers, b"\xff\xfe")
