"""GitHub's issues as a tracker: what is read from an issue, and what is written to it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sessions_app.language import gettext as _
from status_bridge.mapping import STATUS_SESSION_MAPPING
from status_bridge.sinks import github_text
from status_bridge.sinks.base import Target, Undelivered
from status_bridge.sinks.github_api import GitHub, Issue
from status_bridge.trackers import NotMade, Task, Tracker
from status_bridge.tracking_picture import OPENED, STATUS, TITLE, Picture

LABEL = "vcflow"
_CLOSED = {"COMPLETED": "completed", "CANCELED": "not_planned"}
_REASONS = {"completed": "COMPLETED", "not_planned": "CANCELED", "duplicate": "CANCELED"}


@dataclass(frozen=True, slots=True)
class Writing:
    """What is to be written: labels to add and to take off, then each of ``patches``, in this order."""

    add: tuple[str, ...]
    remove: tuple[str, ...]
    patches: tuple[Mapping[str, Any], ...]

    def __bool__(self) -> bool:
        return bool(self.add or self.remove or self.patches)


class GitHubTracker(Tracker):
    """The issues of one repository."""

    name: ClassVar[str] = "github"

    def __init__(self, target: Target) -> None:
        self._github = GitHub(target)
        self._label = str(target.options.get("label") or LABEL)

    def find(self, picture: Picture, nonce: str, since: datetime) -> Task | None:
        """The issue with our claim in its body."""
        for issue in self._github.issues_since(since):
            task = _task(issue)
            if self.is_ours(task, picture, nonce):
                return task
        return None

    def create(self, picture: Picture, nonce: str) -> Task:
        """An open issue that shows the session."""
        values = {
            "title": github_text.title_of(picture),
            "body": github_text.body_of(picture, nonce),
            "labels": [self._label, self._status_label(picture.status)],
        }
        try:
            return _task(self._github.create_issue(values))
        except Undelivered as error:
            if error.status_code is not None and error.status_code < 500:
                raise NotMade(error) from error
            raise

    def read(self, external_id: str) -> Task:
        """The issue as it is now."""
        return _task(self._github.issue(external_id))

    def is_ours(self, task: Task, picture: Picture, nonce: str) -> bool:
        """Whether our claim is in its body."""
        return github_text.is_ours(_text(task.raw, "body"), picture.session_id, nonce)

    def title(self, picture: Picture) -> str:
        """The session's name as the issue's title gives it back."""
        return github_text.shown_name(picture)

    def fields(self, task: Task, picture: Picture, base: Mapping[str, Any]) -> dict[str, Any]:
        """Title, status and ticks."""
        issue: Issue = task.raw
        return {
            TITLE: github_text.name_in(_text(issue, "title"), picture.session_id),
            STATUS: self._status(issue, str(base.get(STATUS))),
            **github_text.ticks_in(_text(issue, "body"), picture.session_id),
        }

    def wanted(self, task: Task, picture: Picture, nonce: str, held: Collection[str]) -> Writing:
        """What differs."""
        issue: Issue = task.raw
        values: dict[str, Any] = {}
        title = github_text.title_of(picture)
        if TITLE not in held and title != issue.get("title"):
            values["title"] = title
        found = _text(issue, "body").replace("\r\n", "\n")
        body = github_text.body_of(picture, nonce, found)
        if body != found:
            values["body"] = body
        add, remove = ((), ()) if STATUS in held else self._labels_to_change(issue, picture.status)
        steps = [] if STATUS in held else _steps(issue, picture.status)
        first = {**values, **(steps[0] if steps else {})}
        return Writing(add, remove, tuple(each for each in (first, *steps[1:]) if each))

    def write(self, task: Task, wanted: Any) -> Task:
        """Labels first: what they say before the state follows is our own word, and known to be."""
        labels = task.raw.get("labels")
        if wanted.add:
            labels = self._github.add_labels(task.id, list(wanted.add))
        for label in wanted.remove:
            self._github.remove_label(task.id, label)
        issue = {**task.raw, "labels": sorted(_labels({"labels": labels}) - {*wanted.remove})}
        for values in wanted.patches:
            issue = self._github.change_issue(task.id, values)
        return _task(issue)

    def repeats(self, left: Any, wanted: Any) -> bool:
        """Whether the same labels and values are left; what is left besides, somebody changed meanwhile."""
        written = {name: value for values in wanted.patches for name, value in values.items()}
        are_values = all(written.get(name) == value for values in left.patches for name, value in values.items())
        return are_values and {*left.add} <= {*wanted.add} and {*left.remove} <= {*wanted.remove}

    def say(self, external_id: str, text: str, mark: str, since: datetime | None) -> None:
        """A comment; on an issue that was locked only those may speak who write code, and it is left unsaid."""
        line = github_text.mark_of(mark)
        if since and any(line in said for said in self._github.comments(external_id, since)):
            return
        try:
            self._github.comment(external_id, github_text.comment_of(text, mark))
        except Undelivered as error:
            if error.status_code != 403 or "locked" not in error.answer:
                raise

    def end(self, external_id: str, text: str, mark: str, since: datetime) -> None:
        """A comment, then the issue is closed."""
        self.say(external_id, text, mark, since)
        if self._github.issue(external_id).get("state") == "open":
            self._github.change_issue(external_id, {"state": "closed", "state_reason": "not_planned"})

    def changed_by(self, task: Task, field: str) -> str:
        """Who closed it; of other changes an issue doesn't say whose they are."""
        issue: Issue = task.raw
        is_closing = field == STATUS and issue.get("state") == "closed"
        return str((issue.get("closed_by") or {}).get("login") or "") if is_closing else ""

    def _status(self, issue: Issue, base: str) -> str:
        """The status that state and labels mean; a label that only just joined another one is the newer word."""
        if issue.get("state") == "closed":
            return _REASONS.get(issue.get("state_reason") or "completed", "COMPLETED")
        labels = _labels(issue)
        newer = [s for s in STATUS_SESSION_MAPPING if s != base and self._status_label(s) in labels]
        if len(newer) == 1:
            return newer[0]
        return OPENED if base in _CLOSED else base

    def _labels_to_change(self, issue: Issue, status: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        wanted = {self._label, self._status_label(status)}
        ours = {self._status_label(each) for each in STATUS_SESSION_MAPPING}
        labels = _labels(issue)
        return tuple(sorted(wanted - labels)), tuple(sorted((ours & labels) - wanted))

    def _status_label(self, status: str) -> str:
        return f"{self._label}:{status.lower().replace('_', '-')}"


def _steps(issue: Issue, status: str) -> list[dict[str, str]]:
    """The changes of state: none, one, or two, for GitHub takes a reason only with a change of state."""
    is_open = issue.get("state") == "open"
    if status not in _CLOSED:
        return [] if is_open else [{"state": "open"}]
    closing = {"state": "closed", "state_reason": _CLOSED[status]}
    if is_open:
        return [closing]
    is_so = _REASONS.get(issue.get("state_reason") or "completed", "COMPLETED") == status
    return [] if is_so else [{"state": "open"}, closing]


def _task(issue: Any) -> Task:
    if not isinstance(issue, dict) or not isinstance(issue.get("number"), int):
        raise Undelivered(_("GitHub's answer can't be read."), is_endpoint=True)
    said = [*(issue.get(name) for name in ("title", "body", "state", "state_reason")), *sorted(_labels(issue))]
    return Task(
        id=str(issue["number"]),
        url=_text(issue, "html_url")[:2000],
        stamp=_text(issue, "updated_at")[:100],
        content=hashlib.sha256(repr(said).encode()).hexdigest(),
        raw=issue,
    )


def _labels(issue: Issue) -> set[str]:
    """The names of an issue's labels, which GitHub tells as objects or texts."""
    return {str(label.get("name")) if isinstance(label, dict) else str(label) for label in issue.get("labels") or ()}


def _text(issue: Issue, name: str) -> str:
    return str(issue.get(name) or "")
