"""Attempts of a session that comes as a whole, out of a bundle: held to what can be, handed over, written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sessions_app.change import Change
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.text import clean_json_object
from stages_app.putting_back import write
from stages_app.states import StageStatus

Attempts = Mapping[str, Mapping[str, Any]]
"""By key, as in :mod:`stages_app.capturing`."""

_OBJECTS = ("context", "config", "metadata", "deliverables")


class AttemptsBearer:
    """The share of this floor."""

    name = "attempts"

    def faults(self, share: Attempts) -> Iterable[str]:
        """Keys that are another attempt's, items twice, two that exclude each other, too much in one object."""
        for key, attempt in share.items():
            yield from _faults(key, attempt)
        active = [
            key for key, attempt in share.items() if attempt["status"] == StageStatus.ACTIVE and attempt["is_exclusive"]
        ]
        if len(active) > 1:
            yield _("More than one stage is active: {stages}.").format(stages=", ".join(sorted(active)[:5]))

    def people(self, share: Attempts) -> set[str]:
        """The assignees."""
        return {attempt["assignee"] for attempt in share.values() if attempt["assignee"]}

    def hand_over(
        self, share: Attempts, users: Mapping[str, str | None]
    ) -> tuple[Attempts, dict[str, tuple[Any, Any]]]:
        """With other assignees; per attempt that changes, what it was and what it is."""
        handed = {
            key: {**attempt, "assignee": users[attempt["assignee"]]} if attempt["assignee"] else attempt
            for key, attempt in share.items()
        }
        changes = {f"attempts.{key}": (share[key], handed[key]) for key in share if share[key] != handed[key]}
        return handed, changes

    def put_in(self, change: Change, share: Attempts) -> None:
        """Write them, and the status of each stage's last attempt on the session."""
        write(change, share)
        newest = sorted(share.values(), key=lambda attempt: attempt["attempt"])
        change.set(stage_states={attempt["stage_id"]: attempt["status"] for attempt in newest})


def _faults(key: str, attempt: Mapping[str, Any]) -> Iterator[str]:
    if key != f"{attempt['stage_id']}.{attempt['attempt']}":
        yield _("The attempt {key} is another one's.").format(key=key[:100])
    for what in ("id", "number"):
        values = [item[what] for item in attempt["items"]]
        if len(set(values)) < len(values):
            yield _("Two items of {key} are the same.").format(key=key[:100])
    times = [attempt["started_at"], attempt["completed_at"], *(item["done_at"] for item in attempt["items"])]
    if not all(map(_is_time, filter(None, times))):
        yield _("A time of {key} is none.").format(key=key[:100])
    for name in _OBJECTS:
        try:
            clean_json_object(attempt[name], f"{key[:100]}.{name}")
        except InvalidInput as error:
            yield error.message


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
