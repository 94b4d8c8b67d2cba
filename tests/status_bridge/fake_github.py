"""A GitHub with one repository, from the documentation of its REST API (issues, comments, labels, webhooks).

In memory and deterministic: faults come from a seeded script.  ``request`` is called like ``net.request``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sessions_app.language import gettext as _
from status_bridge.net import Answer, Unreachable
from status_bridge.sinks.base import Arrival

TOKEN = "github_pat_0123456789"
SECRET = "a secret of some length"
REPOSITORY = "octo/house"
BOT = "vcflow-bot"
FAULTS = ("never sent", "answer lost", "500 before", "500 after", "too many", "stale", "restart")
BEFORE = {"never sent", "500 before", "too many"}


@dataclass
class Hook:
    """A webhook's message on its way out."""

    id: str
    body: bytes

    @property
    def arrival(self) -> Arrival:
        signed = hmac.new(SECRET.encode(), self.body, hashlib.sha256).hexdigest()
        names = {"x-github-event": "issues", "x-github-delivery": self.id, "x-hub-signature-256": f"sha256={signed}"}
        return Arrival(names, self.body)


@dataclass
class FakeGitHub:
    """``issues`` by number; ``asked`` has each request that was made, ``hooks`` what the webhook will say."""

    random: Random = field(default_factory=lambda: Random(0))
    fault_rate: float = 0.0
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    hooks: list[Hook] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    planned: list[str] = field(default_factory=list)
    has_issues: bool = True
    can_label: bool = True
    is_locked: bool = False
    gone: dict[int, int] = field(default_factory=dict)
    between: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self._now = datetime.now(UTC) + timedelta(hours=1)  # so that it is after whatever is done here
        self._before: dict[int, dict[str, Any]] = {}
        self._down = 0

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout: float = 10.0,
        max_bytes: int = 0,
    ) -> Answer:
        self.between()
        parts = urlsplit(url)
        self.asked.append(f"{method} {parts.path.removeprefix(f'/repos/{REPOSITORY}')}")
        fault = self._fault(method)
        if fault in BEFORE:
            return self._broken(fault)
        assert url.startswith("https://api.github.com/")
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return _answer(401, {"message": "Bad credentials"})
        answer = self._do(method, parts.path, parse_qs(parts.query), json.loads(body) if body else {}, fault)
        return answer if fault in ("", "stale") else self._broken(fault)

    def _fault(self, method: str) -> str:
        if self._down:
            self._down -= 1
            return "never sent"
        fault = self.planned.pop(0) if self.planned else ""
        if not fault and self.random.random() < self.fault_rate:
            fault = self.random.choice(FAULTS)
        if fault == "restart":
            self._down = self.random.randrange(1, 4)
            return "never sent"
        return "" if fault == "stale" and method != "GET" else fault

    def _broken(self, fault: str) -> Answer:
        if fault in ("never sent", "answer lost"):
            raise Unreachable(_("{place} did not answer within {seconds:g} seconds."), code="timeout")
        if fault == "too many":
            message = {"message": "You have exceeded a secondary rate limit."}
            return _answer(403, message, {"retry-after": "7"})
        return _answer(500, {"message": "Server Error"})

    # The API.

    def _do(self, method: str, path: str, query: dict[str, list[str]], values: Any, fault: str) -> Answer:
        rest = path.removeprefix(f"/repos/{REPOSITORY}")
        if rest == path:
            return _answer(404, {"message": "Not Found"})
        if rest == "":
            return _answer(200, {"full_name": REPOSITORY, "has_issues": self.has_issues})
        if not self.has_issues:
            return _answer(410, {"message": "Issues are disabled for this repo"})
        if rest == "/issues":
            return self._create(values) if method == "POST" else self._list(query)
        found = re.fullmatch(r"/issues/(\d+)(/comments|/labels|/labels/(.+))?", rest)
        assert found, rest
        number = int(found[1])
        if number not in self.issues or number in self.gone:
            return _answer(self.gone.get(number, 404), {"message": "This issue was deleted"})
        if found[2] == "/comments":
            return self._comments(method, number, query, values)
        if found[2]:
            return self._labels(method, number, values, unquote(found[3] or ""))
        if method == "PATCH":
            self.change(number, BOT, **values)
        shown = self._before.get(number) if fault == "stale" else None
        return _answer(200, shown or self.issues[number])

    def _create(self, values: Any) -> Answer:
        number = len(self.issues) + 1
        labels = values.get("labels", []) if self.can_label else []
        self.issues[number] = {
            "number": number,
            "title": values["title"],
            "body": values["body"],
            "state": "open",
            "state_reason": None,
            "labels": [{"name": name} for name in labels],
            "user": {"login": BOT},
            "closed_by": None,
            "html_url": f"https://github.com/{REPOSITORY}/issues/{number}",
            "created_at": self._tick(),
            "updated_at": self._moment(),
        }
        self._announce(number, BOT, "opened")
        return _answer(201, self.issues[number])

    def _list(self, query: dict[str, list[str]]) -> Answer:
        assert (query["state"], query["per_page"]) == (["all"], ["100"])
        found = [issue for issue in self.issues.values() if issue["updated_at"] >= query["since"][0]]
        found.sort(key=lambda issue: issue["created_at"], reverse=True)
        page = int(query["page"][0])
        return _answer(200, found[(page - 1) * 100 : page * 100])

    def _comments(self, method: str, number: int, query: dict[str, list[str]], values: Any) -> Answer:
        said = self.comments.setdefault(number, [])
        if method == "POST" and self.is_locked:
            return _answer(403, {"message": "Unable to create comment because issue is locked."})
        if method == "POST":
            said.append({"body": values["body"], "updated_at": self._tick()})
            return _answer(201, said[-1])
        page = int(query["page"][0])
        return _answer(200, said[(page - 1) * 100 : page * 100])

    def _labels(self, method: str, number: int, values: Any, name: str) -> Answer:
        labels = [label["name"] for label in self.issues[number]["labels"]]
        if method == "POST":
            if self.can_label:
                self.change(number, BOT, labels=[*labels, *(n for n in values["labels"] if n not in labels)])
        elif name not in labels:
            return _answer(404, {"message": "Label does not exist"})
        else:
            self.change(number, BOT, labels=[each for each in labels if each != name])
        return _answer(200, self.issues[number]["labels"])

    # What people do, by the pages.

    def change(self, number: int, login: str, **values: Any) -> None:
        """Set values as ``PATCH`` does; a reason counts only with a change of state."""
        issue = self.issues[number]
        self._before[number] = deepcopy(issue)
        assert len(values.get("title", "")) <= 256
        assert len(values.get("body", "")) <= 65_536
        state = values.pop("state", issue["state"])
        reason = values.pop("state_reason", None)
        if state != issue["state"]:
            is_closing = state == "closed"
            issue["state_reason"] = (reason or "completed") if is_closing else "reopened"
            issue["closed_by"] = {"login": login} if is_closing else None
            issue["state"] = state
        if "labels" in values:
            values["labels"] = [{"name": name} for name in dict.fromkeys(values["labels"])]
        issue.update(values)
        issue["updated_at"] = self._tick()
        self._announce(number, login, "edited")

    def tick(self, number: int, item: str, login: str = "ann", *, done: bool = True) -> bool:
        """Click on an item's box, if it is shown; ``item`` is ``<stage>/<item>``."""
        mark = re.escape(f"<!-- vcflow:item:{item} -->")
        body, count = re.subn(rf"\[[ x]\](?= .*{mark})", "[x]" if done else "[ ]", self.issues[number]["body"])
        self.change(number, login, body=body)
        return bool(count)

    def label(self, number: int, name: str, login: str = "ann") -> None:
        """Put a label beside the others."""
        self.change(number, login, labels=[*self.label_names(number), name])

    def label_names(self, number: int) -> list[str]:
        return [label["name"] for label in self.issues[number]["labels"]]

    def said(self, number: int) -> list[str]:
        return [comment["body"] for comment in self.comments.get(number, [])]

    # The webhook.

    def take_hooks(self) -> Iterator[Hook]:
        """What is sent out: with faults some come twice, and in another order."""
        taken, self.hooks = self.hooks, []
        if self.fault_rate:
            taken += [hook for hook in taken if self.random.random() < 0.2]
            self.random.shuffle(taken)
        yield from taken

    def _announce(self, number: int, login: str, action: str) -> None:
        event = {
            "action": action,
            "issue": deepcopy(self.issues[number]),
            "repository": {"full_name": REPOSITORY},
            "sender": {"login": login},
        }
        self.hooks.append(Hook(f"{len(self.asked)}-{self._now:%H%M%S}", json.dumps(event).encode()))

    def _tick(self) -> str:
        self._now += timedelta(seconds=1)
        return self._moment()

    def _moment(self) -> str:
        return self._now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _answer(status: int, data: Any, headers: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps(data).encode()
    return Answer(status, {"etag": f'"{hashlib.sha256(body).hexdigest()}"', **(headers or {})}, body, 0.01)
