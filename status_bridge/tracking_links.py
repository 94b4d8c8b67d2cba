"""Links to tasks in trackers, as a meeting of both sides reads and writes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from sessions_app import storage
from sessions_app.language import gettext as _
from status_bridge.models import Link
from status_bridge.trackers import NotNow

NOTES = "@notes"
"""Beside the fields, ``Link.base`` has under this key what else must survive a crash."""


@dataclass
class Notes:
    """What is known of a link beside the common state.

    ``sent``: values by field that were on their way.  ``held``: the conflict, by field, that a person
    has to settle first.  ``telling``: what is still to be said there and since when, by a mark by
    which it is known again.  ``nonce`` tells our task from one that somebody made to look like it.
    ``place`` is the address of the tracker that has the task.  ``wrote``: what was written and
    became something else there.
    """

    nonce: str = ""
    place: str = ""
    language: str = ""
    sent: dict[str, list[Any]] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    telling: dict[str, list[str]] = field(default_factory=dict)
    wrote: str = ""
    is_lost: bool = False
    is_ended: bool = False


class LinkState:
    """A link's row, opened: ``fields`` is the state that both sides had in common last."""

    def __init__(self, row: Link) -> None:
        self._row = row
        self.fields: dict[str, Any] = {name: value for name, value in row.base.items() if name != NOTES}
        self.notes = Notes(**row.base.get(NOTES, {}))
        self.external_id = row.external_id
        self.external_url = row.external_url
        self.stamp = row.remote_stamp
        self.claimed_at = row.claimed_at
        self.seq = row.base_seq
        self._stored = self._values()

    @property
    def changed_at(self) -> datetime:
        """When it was stored last."""
        return self._row.updated_at

    def store(self, *, touch: bool = False) -> None:
        """Write what changed (with ``touch`` even if nothing did); raises NotNow if somebody else wrote meanwhile.

        Two workers meet here when one of them was so slow that its lease ended.
        """
        values = self._values()
        if values == self._stored and not touch:
            return
        now = timezone.now()
        with storage.translated():
            untouched = Link.objects.filter(pk=self._row.pk, updated_at=self._row.updated_at)
            if not untouched.update(**values, updated_at=now):
                raise NotNow(_("Another worker is at the same task."), 1)
        self._row.updated_at, self._stored = now, values

    def forget_task(self) -> None:
        """Begin anew: the task that there was is no longer ours."""
        self.external_id = self.external_url = self.stamp = ""
        self.claimed_at, self.fields = None, {}
        self.notes = Notes(language=self.notes.language)

    def _values(self) -> dict[str, Any]:
        notes = {name: value for name, value in vars(self.notes).items() if value}
        return {
            "base": {**_copied(self.fields), **({NOTES: _copied(notes)} if notes else {})},
            "external_id": self.external_id,
            "external_url": self.external_url,
            "remote_stamp": self.stamp,
            "claimed_at": self.claimed_at,
            "base_seq": self.seq,
        }


def link_of(subscription_id: str, session_id: str) -> LinkState | None:
    """The link of a session, if there is one."""
    row = Link.objects.filter(subscription=subscription_id, session_id=session_id).first()
    return LinkState(row) if row else None


def obtain_link(subscription_id: str, session_id: str) -> LinkState:
    """The link of a session; made when it is missing."""
    with storage.translated():
        row, _is_new = Link.objects.get_or_create(
            subscription_id=subscription_id, session_id=session_id, defaults={"updated_at": timezone.now()}
        )
    return LinkState(row)


def session_linked_to(subscription_id: str, external_id: str) -> str:
    """The session whose task has that id; empty: none has."""
    linked = Link.objects.filter(subscription=subscription_id, external_id=external_id)
    return linked.values_list("session_id", flat=True).first() or ""


def _copied(value: Any) -> Any:
    """The same without what is changed later in place."""
    if isinstance(value, dict):
        return {name: _copied(item) for name, item in value.items()}
    return list(value) if isinstance(value, list) else value
