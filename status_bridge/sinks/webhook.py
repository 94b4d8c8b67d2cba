"""The kind ``webhook``: CloudEvents in JSON by POST, signed as Standard Webhooks has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.metadata import version
from typing import Any, ClassVar

from django.utils import timezone

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.masking import shown
from status_bridge import signing
from status_bridge.messages import Message
from status_bridge.net import Answer, Unreachable
from status_bridge.sinks.base import ANSWER_LENGTH, Arrival, Receipt, Request, Sink, Target, Undelivered
from status_bridge.steering import session_id_of

STATUS_REQUESTED = "vcflow.status.requested"
CONTENT_TYPE = "application/cloudevents+json"
MOST_ANSWER = 1024 * 1024
"""Bytes: a page of HTML is no reason to send the message again."""

BUSY = (408, 429)
GONE = 410


class WebhookSink(Sink):
    """Anything that takes a POST."""

    kind: ClassVar[str] = "webhook"
    label: ClassVar[str] = noop("webhook")
    makes_secret: ClassVar[bool] = True

    def check(self, url: str, options: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        """Nothing but the secret that both sides sign with."""
        super().check(url, options, secrets)
        for name in secrets:
            if name != "secret":
                raise InvalidInput(
                    _("The kind {kind} knows no secret {name}.").format(kind=self.kind, name=shown(name)),
                    fix=_("Leave it out."),
                    field=f"secrets.{shown(name)}",
                )
        signing.check_secret(secrets.get("secret"))

    def send(self, message: Message, target: Target) -> Receipt:
        """POST it; any 2xx says that it arrived."""
        headers = {**signing.sign(target.secrets, message.id, message.body), "content-type": CONTENT_TYPE}
        return post(target, message.body.encode(), headers)

    def receive(self, arrival: Arrival, target: Target) -> Request | None:
        """A CloudEvent, or anything with ``type`` and ``data``, that asks for a status."""
        message_id = signing.verify(target.secrets, arrival.headers, arrival.body)
        return requested(message_id, arrival.body)


def post(target: Target, body: bytes, headers: Mapping[str, str]) -> Receipt:
    """POST to the subscription's address; raises :class:`Undelivered` for every answer but 2xx."""
    return received(ask(target, "POST", target.url, body, headers))


def ask(target: Target, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """The answer to one request; no answer is :class:`Undelivered`."""
    try:
        return target.request(
            method, url, headers={"user-agent": user_agent(), **headers}, body=body, max_bytes=MOST_ANSWER
        )
    except Unreachable as error:
        raise Undelivered(error.reason, is_endpoint=True) from error


@cache
def user_agent() -> str:
    """How we call ourselves."""
    return f"vcflow/{version('vcflow')}"


def received(answer: Answer) -> Receipt:
    """What an answer means: a receipt, or :class:`Undelivered`."""
    said = excerpt(answer.body)
    if 200 <= answer.status < 300:
        return Receipt(answer.status, said)
    raise Undelivered(
        _refusal(answer.status),
        status_code=answer.status,
        answer=said,
        retry_after=retry_after(answer.headers.get("retry-after", "")),
        is_endpoint=answer.status < 400 or answer.status >= 500 or answer.status in BUSY,
        is_gone=answer.status == GONE,
    )


def excerpt(body: bytes) -> str:
    """The beginning of what a receiver said, safe to keep and to show."""
    return shown(body[: 4 * ANSWER_LENGTH].decode("utf-8", "replace"))[:ANSWER_LENGTH]


def retry_after(value: str) -> float | None:
    """The seconds that a header ``Retry-After`` asks for, as a number or a date; None: it can't be read."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:10])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - timezone.now()).total_seconds())


def requested(message_id: str, body: bytes) -> Request | None:
    """The wish in a body; None for what asks for nothing, InvalidInput for what can't be understood."""
    message = _object(body)
    if message.get("type") != STATUS_REQUESTED:
        return None
    data = message.get("data")
    if not isinstance(data, dict):
        raise _unreadable("data")
    return Request(
        message_id=message_id,
        session_id=session_id_of(_text(data, "id", required=True)),
        status=_text(data, "status", required=True),
        reason=_text(data, "reason"),
        version=_version(data.get("version")),
        by=_text(data, "by"),
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise _unreadable("") from None
    if not isinstance(message, dict):
        raise _unreadable("")
    return message


def _text(data: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = data.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise _unreadable(f"data.{name}")
    return value


def _version(value: object) -> int | None:
    if value is None or (type(value) is int and 0 < value < 2**31):
        return value
    raise _unreadable("data.version")


def _unreadable(place: str) -> InvalidInput:
    return InvalidInput(
        _("The message can't be understood."),
        fix=_('Send {"type": "vcflow.status.requested", "data": {"id": "flow-…", "status": "ON_HOLD"}}.'),
        **({"field": place} if place else {}),
    )


def _refusal(status: int) -> str:
    if status < 400:
        return _("The receiver leads elsewhere (HTTP {status}), where vcflow doesn't follow.").format(status=status)
    if status == GONE:
        return _("The receiver wants no more messages (HTTP 410).")
    return _("The receiver answered HTTP {status}.").format(status=status)
