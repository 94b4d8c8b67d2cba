"""A receiver on loopback that fails in every way, by a seeded script, and notes what it took."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

SENDERS_TIMEOUT = 10.0
"""Seconds after which the sender gives up."""


@dataclass(frozen=True)
class Taken:
    """A message that the receiver took."""

    message_id: str
    session_id: str
    sequence: int
    is_signed: bool
    told_at: str
    arrived_at: float
    entry: Mapping[str, Any] | None


@dataclass(frozen=True)
class Faults:
    """How likely each fault is at a request; with ``restart_every`` (seconds) the port is closed for a while."""

    error: float = 0.0
    error_having_taken: float = 0.0
    dropped: float = 0.0
    dropped_having_taken: float = 0.0
    refused: float = 0.0
    redirected: float = 0.0
    asks_to_wait: float = 0.0
    silent: float = 0.0
    late_having_taken: float = 0.0
    restart_every: float = 0.0


CALM = Faults()
FAULTY = Faults(0.04, 0.04, 0.04, 0.04, 0.04, 0.02, 0.02, 0.002, 0.002, 15.0)
AWFUL = Faults(0.08, 0.08, 0.25, 0.25, 0.05, 0.05, 0.03, 0.005, 0.005, 7.0)
"""Half of the connections are dropped, before or after the message was taken."""


class FaultyReceiver:
    """Takes webhooks at ``url``; what it took is in ``taken``, in the order in which it came."""

    def __init__(self, faults: Faults = CALM, seed: int = 0, secret: str = "") -> None:
        self.taken: list[Taken] = []
        self.requests = 0
        self.secret = secret
        self._faults = faults
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._server = self._open(0)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self._restarts = threading.Thread(target=self._restart_now_and_then, daemon=True)
        self._restarts.start()

    def be_well(self) -> None:
        """No more faults."""
        self._faults = CALM

    def close(self) -> None:
        """Take nothing any more."""
        self._over.set()
        self._restarts.join()
        self._server.shutdown()
        self._server.server_close()

    def next_fault(self) -> str:
        """What the script says about this request; empty: nothing."""
        with self._lock:
            self.requests += 1
            drawn = self._random.random()
            for name, likely in vars(self._faults).items():
                if name != "restart_every" and (drawn := drawn - likely) < 0:
                    return name
        return ""

    def take(self, headers: Mapping[str, str], body: bytes) -> None:
        """Note a message."""
        event = json.loads(body)
        entry = event["data"].get("entry")
        identity = headers.get("webhook-id", "")
        taken = Taken(
            identity,
            event["subject"],
            int(event["sequence"]),
            self._is_signed(headers, body),
            event["time"],
            time.time(),
            entry,
        )
        with self._lock:
            self.taken.append(taken)

    def _is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        try:
            Webhook(self.secret).verify(body, dict(headers))
        except WebhookVerificationError:
            return False
        return True

    def _restart_now_and_then(self) -> None:
        while not self._over.wait(self._faults.restart_every or 0.5):
            if self._faults.restart_every:
                self._server.shutdown()
                self._server.server_close()
                self._over.wait(1.5)
                self._server = self._open(self.port)

    def _open(self, port: int) -> ThreadingHTTPServer:
        receiver = self

        class Handler(_Handler):
            owner = receiver

        server = _Server(("127.0.0.1", port), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that was killed, or gave up, is no news."""


class _Handler(BaseHTTPRequestHandler):
    owner: FaultyReceiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self.owner.next_fault()
        if fault in ("", "error_having_taken", "dropped_having_taken", "late_having_taken"):
            self.owner.take(headers, body)
        if fault in ("silent", "late_having_taken"):
            time.sleep(SENDERS_TIMEOUT + 1)
        if fault in ("dropped", "dropped_having_taken", "silent"):
            self.close_connection = True
            return
        self._answer(_STATUSES.get(fault, 204), **_HEADERS.get(fault, {}))

    def _answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_words: Any) -> None:
        """Silence."""


_STATUSES = {"error": 500, "error_having_taken": 502, "refused": 400, "redirected": 302, "asks_to_wait": 503}
_HEADERS = {"redirected": {"location": "http://127.0.0.1:1/"}, "asks_to_wait": {"retry_after": "1"}}
