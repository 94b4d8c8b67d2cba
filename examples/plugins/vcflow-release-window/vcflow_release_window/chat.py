"""A kind of receiver: a chat room that takes ``{"text": …}`` at a secret address of its own."""

import json

from sessions_app.exceptions import InvalidInput
from status_bridge.net import Unreachable
from status_bridge.sinks.base import Receipt, Sink, Undelivered

JSON = {"content-type": "application/json"}


class ChatSink(Sink):
    kind = "chat"
    label = "chat room"

    def check(self, url, options, secrets):
        if set(options) - {"prefix"} or secrets:
            raise InvalidInput("A chat room takes the option prefix alone.", fix="Leave the others out.")

    def send(self, message, target):
        text = f"{target.options.get('prefix', '')}{message.session_id}: {message.type}"
        try:
            answer = target.request("POST", target.url, headers=JSON, body=json.dumps({"text": text}).encode())
        except Unreachable as error:
            raise Undelivered(error.reason, is_endpoint=True) from error
        if not 200 <= answer.status < 300:
            raise Undelivered(f"The room answered {answer.status}.", status_code=answer.status)
        return Receipt(answer.status)
