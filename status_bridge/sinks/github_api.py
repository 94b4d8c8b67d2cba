"""GitHub's REST API, as far as issues need it: requests, and what its refusals mean.

Source: GitHub's REST API documentation, version 2022-11-28.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from status_bridge.net import Answer, Unreachable
from status_bridge.sinks.base import Target, Undelivered
from status_bridge.sinks.webhook import excerpt, retry_after, user_agent
from status_bridge.trackers import TaskLost

Issue = dict[str, Any]
"""An issue as GitHub tells it."""

PUBLIC_API = "https://api.github.com"
VERSION = "2022-11-28"
MOST_ANSWER = 2 * 1024 * 1024
TIME = 15.0
"""Seconds for all requests of one message together, so that they end before the lease does."""
REQUEST_TIME = 8.0
PAGE = 100
PAGES_AT_MOST = 5
PAUSE = 60.0
"""Seconds to wait when GitHub says that it is too much, but not for how long."""

_REPOSITORY = re.compile(r"/(?:repos/)?([A-Za-z0-9_.-]{1,100})/([A-Za-z0-9_.-]{1,100})/?")


def api_of(url: str, options: Mapping[str, Any]) -> tuple[str, str]:
    """The API's address and ``owner/repository`` that an address means; raises InvalidInput."""
    parts = urlsplit(url)
    found = _REPOSITORY.fullmatch(parts.path)
    if found is None or parts.query:
        raise InvalidInput(
            _("The address names no repository on GitHub."),
            fix=_("Give it as https://github.com/<owner>/<repository>."),
            field="url",
        )
    repository = f"{found[1]}/{found[2].removesuffix('.git')}"
    if options.get("api_url"):
        return str(options["api_url"]).rstrip("/"), repository
    if parts.hostname not in ("github.com", "www.github.com", "api.github.com"):
        raise InvalidInput(
            _("{host} is not github.com, so its API must be named.").format(host=parts.hostname),
            fix=_("For GitHub Enterprise give the option api_url, such as https://github.example.com/api/v3."),
            field="options.api_url",
        )
    return PUBLIC_API, repository


class GitHub:
    """One repository, for the time of one message."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._api, self.repository = api_of(target.url, target.options)
        self._ends = time.monotonic() + TIME

    def issue(self, number: str) -> Issue:
        """An issue; raises TaskLost for one that is no longer there."""
        issue: Issue = self._of_issue("GET", number, "")
        return issue

    def change_issue(self, number: str, values: Mapping[str, Any]) -> Issue:
        """Change some of an issue's values."""
        issue: Issue = self._of_issue("PATCH", number, "", values)
        return issue

    def add_labels(self, number: str, labels: list[str]) -> Any:
        """Add labels, which GitHub makes where they are missing; the issue's labels."""
        return self._of_issue("POST", number, "/labels", {"labels": labels})

    def remove_label(self, number: str, label: str) -> None:
        """Take a label off; one that isn't there is off."""
        try:
            self._of_issue("DELETE", number, f"/labels/{quote(label, safe='')}")
        except _NoLabel:
            return

    def comment(self, number: str, text: str) -> None:
        """Say something below an issue."""
        self._of_issue("POST", number, "/comments", {"body": text})

    def comments(self, number: str, since: datetime) -> Iterator[str]:
        """The texts of the comments that were changed since then."""
        query = urlencode({"since": _moment(since), "per_page": PAGE})
        for page in range(1, PAGES_AT_MOST + 1):
            found = self._of_issue("GET", number, f"/comments?{query}&page={page}")
            yield from (str(comment.get("body") or "") for comment in found)
            if len(found) < PAGE:
                return

    def create_issue(self, values: Mapping[str, Any]) -> Issue:
        """Make an issue."""
        issue: Issue = self._ask("POST", "/issues", values)
        return issue

    def issues_since(self, since: datetime) -> Iterator[Issue]:
        """The issues that changed since then, the newest first; raises Undelivered when they are very many."""
        query = urlencode(
            {"state": "all", "since": _moment(since), "sort": "created", "direction": "desc", "per_page": PAGE}
        )
        for page in range(1, PAGES_AT_MOST + 1):
            found = self._ask("GET", f"/issues?{query}&page={page}")
            yield from (issue for issue in found if "pull_request" not in issue)
            if len(found) < PAGE:
                return
        raise Undelivered(_("Too many issues changed for finding the one that was being made."), retry_after=PAUSE)

    def about(self) -> dict[str, Any]:
        """The repository itself."""
        about: dict[str, Any] = self._ask("GET", "")
        return about

    def _of_issue(self, method: str, number: str, rest: str, values: Any = None) -> Any:
        answer = self._request(method, f"/issues/{number}{rest}", values)
        if answer.status in (301, 307, 308):
            self.about()  # raises if the whole repository has moved
            raise TaskLost(_("The issue {number} was moved to another repository.").format(number=f"#{number}"))
        if answer.status in (404, 410):
            if method == "DELETE" and _says(answer, "label"):
                raise _NoLabel
            self._refuse_without_repository(answer)
            reason = _("The issue {number} was deleted, or is hidden from the token.")
            raise TaskLost(reason.format(number=f"#{number}"))
        return self._read(answer)

    def _refuse_without_repository(self, answer: Answer) -> None:
        """Raise Undelivered if it is not the one issue that is missing."""
        if not self.about().get("has_issues"):
            raise self._without_issues(answer)

    def _ask(self, method: str, path: str, values: Any = None) -> Any:
        return self._read(self._request(method, path, values))

    def _request(self, method: str, path: str, values: Any = None) -> Answer:
        left = self._ends - time.monotonic()
        if left < 1:
            raise Undelivered(_("GitHub answers too slowly."), retry_after=5)
        headers = {
            "user-agent": user_agent(),
            "accept": "application/vnd.github+json",
            "x-github-api-version": VERSION,
            "authorization": f"Bearer {self._target.secrets['token']}",
            **({} if values is None else {"content-type": "application/json"}),
        }
        body = b"" if values is None else json.dumps(values).encode()
        url = f"{self._api}/repos/{self.repository}{path}"
        try:
            return self._target.request(
                method, url, headers=headers, body=body, timeout=min(REQUEST_TIME, left), max_bytes=MOST_ANSWER
            )
        except Unreachable as error:
            raise Undelivered(error.reason, is_endpoint=error.code != "too-large") from error

    def _read(self, answer: Answer) -> Any:
        if 200 <= answer.status < 300:
            try:
                return json.loads(answer.body or b"null")
            except (ValueError, RecursionError):
                raise Undelivered(_("GitHub's answer can't be read."), is_endpoint=True) from None
        raise self._refusal(answer)

    def _refusal(self, answer: Answer) -> Undelivered:
        waits = _wait(answer)
        if waits is not None:
            return _undelivered(_("GitHub asks to wait: too many requests."), answer, retry_after=waits)
        if answer.status == 401:
            return _undelivered(_("GitHub doesn't know the token: it is wrong, was revoked or has expired."), answer)
        if answer.status == 403:
            reason = _("The token may not do this in {repository}: it needs to read and write issues.")
            return _undelivered(reason.format(repository=self.repository), answer)
        if answer.status == 404:
            reason = _("There is no repository {repository}, or the token doesn't reach it.")
            return _undelivered(reason.format(repository=self.repository), answer)
        if answer.status == 410:
            return self._without_issues(answer)
        if answer.status < 400:
            reason = _("The repository {repository} has moved: give the webhook its new address.")
            return _undelivered(reason.format(repository=self.repository), answer)
        is_endpoint = answer.status >= 500 or answer.status == 408
        reason = _("GitHub answered HTTP {status}.").format(status=answer.status)
        return _undelivered(reason, answer, is_endpoint=is_endpoint)

    def _without_issues(self, answer: Answer) -> Undelivered:
        reason = _("The repository {repository} has its issues turned off.").format(repository=self.repository)
        return _undelivered(reason, answer)


class _NoLabel(Exception):
    """The label isn't on the issue."""


def _undelivered(
    reason: str, answer: Answer, *, retry_after: float | None = None, is_endpoint: bool = True
) -> Undelivered:
    return Undelivered(
        reason,
        status_code=answer.status,
        answer=excerpt(answer.body),
        retry_after=retry_after,
        is_endpoint=is_endpoint,
    )


def _wait(answer: Answer) -> float | None:
    """The seconds that GitHub wants us to wait; None: it isn't that."""
    if answer.status not in (403, 429, 503):
        return None
    asked = retry_after(answer.headers.get("retry-after", ""))
    if asked is not None:
        return asked
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(1.0, int(reset[:12]) - time.time())
    return PAUSE if answer.status == 429 or _says(answer, "rate limit") else None


def _says(answer: Answer, words: str) -> bool:
    return words in answer.body[:2000].decode("utf-8", "replace").lower()


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
