"""Bodies under ASGI, which Django would put into files of any size before anything can refuse them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]

_LENGTH = b"content-length"


def bound_body(application: Application) -> Application:
    """Read a body beforehand, one byte over the limit at most, and state its length, by which it is refused."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        stated = dict(scope["headers"]).get(_LENGTH)
        body = b"" if _is_too_much(stated) else await _read(receive)
        if body is None:
            return
        if stated is None and body:
            scope = {**scope, "headers": [*scope["headers"], (_LENGTH, str(len(body)).encode())]}
        await application(scope, _first(body, receive), send)

    return respond


def _is_too_much(stated: bytes | None) -> bool:
    """Whether a stated length is one that gets refused, without a look at the body."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return stated is not None and (not stated.isdigit() or len(stated) > 20 or int(stated) > limit)


async def _read(receive: Receive) -> bytes | None:
    """The body as far as the limit and one byte more; None when the client has gone."""
    body = bytearray()
    while len(body) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(body[: settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1])


def _first(body: bytes, receive: Receive) -> Receive:
    """What gives the body at once, then what comes in after it."""
    waiting = [body]

    async def given() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        while (message := await receive())["type"] == "http.request":
            continue  # the rest of a body that is refused
        return message

    return given
