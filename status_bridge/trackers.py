"""What a kind of tracker is: a class that finds, makes, reads and writes tasks.

:mod:`status_bridge.tracking` does the rest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from status_bridge.tracking_picture import Picture


class NotNow(Exception):
    """It is to be tried again, after ``seconds`` at the earliest; ``str`` of it says why."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class NotMade(Exception):
    """The tracker said no, and nothing is under way: ``error`` is what it said."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class TaskLost(Exception):
    """The task is no longer there, or no longer ours; ``str`` of it says so for people."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it was read.

    ``stamp`` grows with each change of it, ``content`` is a hash of what it says, ``raw`` the tracker's own form.
    """

    id: str
    url: str
    stamp: str
    content: str
    raw: Any


class Tracker(ABC):
    """A kind of tracker at one address, for the time of one meeting.

    Raises Undelivered, :class:`NotNow` and :class:`TaskLost`.
    """

    name: ClassVar[str]
    """Stands before the names of the people there: ``github:octocat``."""

    @abstractmethod
    def find(self, picture: Picture, nonce: str, since: datetime) -> Task | None:
        """The task that was made since then for the session, if it was."""

    @abstractmethod
    def create(self, picture: Picture, nonce: str) -> Task:
        """Make a task, open; raises :class:`NotMade` where it is certain that there will be none."""

    @abstractmethod
    def read(self, external_id: str) -> Task:
        """The task as it is now."""

    @abstractmethod
    def is_ours(self, task: Task, picture: Picture, nonce: str) -> bool:
        """Whether the task is the one that was made for the session."""

    @abstractmethod
    def title(self, picture: Picture) -> str:
        """The title of a session as it comes back from there."""

    @abstractmethod
    def fields(self, task: Task, picture: Picture, base: Mapping[str, Any]) -> dict[str, Any]:
        """The task's values by field; what it doesn't say is missing, or as it was in ``base``."""

    @abstractmethod
    def wanted(self, task: Task, picture: Picture, nonce: str, held: Collection[str]) -> Any:
        """What is to be written so that the task shows the picture, but for the fields that are ``held``.

        False (such as an empty list) when nothing is.
        """

    @abstractmethod
    def write(self, task: Task, wanted: Any) -> Task:
        """Write it; answers with the task as it is then."""

    @abstractmethod
    def repeats(self, left: Any, wanted: Any) -> bool:
        """Whether all that is ``left`` was in what was ``wanted``: written, but kept in another form there."""

    @abstractmethod
    def say(self, external_id: str, text: str, mark: str, since: datetime | None) -> None:
        """Say something below the task; with ``since`` unless it was said since then under that mark."""

    @abstractmethod
    def end(self, external_id: str, text: str, mark: str, since: datetime) -> None:
        """The last word: the session is gone."""

    @abstractmethod
    def changed_by(self, task: Task, field: str) -> str:
        """Who changed that field last, if the task says it."""
