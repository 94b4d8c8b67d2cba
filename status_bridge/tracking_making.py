"""Making a task once: a claim is stored before it is asked for, so that it is looked for before it is made again."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.utils import timezone

from sessions_app.language import gettext as _
from status_bridge.trackers import NotMade, NotNow, Task, TaskLost, Tracker
from status_bridge.tracking_links import LinkState
from status_bridge.tracking_picture import ENDED, OPENED, STATUS, TITLE, Picture

GRACE = timedelta(seconds=30)
"""How long a request to make a task may still be under way when nobody hears of it any more."""
SLACK = timedelta(minutes=5)
"""By how much their clock may differ from ours."""


def make_task(link: LinkState, tracker: Tracker, picture: Picture) -> Task:
    """The task of a session that has none: the one that was being made if it is there, else a new one."""
    task = claimed_task(link, tracker, picture) if link.claimed_at else None
    if task is None:
        _claim(link, tracker, picture)
        task = _create(link, tracker, picture)
    link.external_id, link.external_url, link.stamp = task.id, task.url, task.stamp
    link.claimed_at = None
    link.store()
    return task


def settle_place(link: LinkState, tracker: Tracker, picture: Picture, url: str) -> None:
    """Where the subscription leads to another address now, the task is ours only if it can be seen that it is."""
    if link.notes.place == url:
        return
    if link.external_id and not _is_still_ours(link, tracker, picture):
        link.forget_task()
    link.notes.place = url


def _is_still_ours(link: LinkState, tracker: Tracker, picture: Picture) -> bool:
    try:
        return tracker.is_ours(tracker.read(link.external_id), picture, link.notes.nonce)
    except TaskLost:
        return False


def claimed_task(link: LinkState, tracker: Tracker, picture: Picture) -> Task | None:
    """The task that was being made, if it appeared; raises NotNow while it still may."""
    assert link.claimed_at is not None
    task = tracker.find(picture, link.notes.nonce, link.claimed_at - SLACK)
    left = link.changed_at + GRACE - timezone.now()
    if task is None and left > timedelta():
        reason = _("The task may still be on its way; it is made anew if it doesn't appear.")
        raise NotNow(reason, left.total_seconds())
    return task


def _claim(link: LinkState, tracker: Tracker, picture: Picture) -> None:
    """Note what the task will say when it is made: open, whatever the session is."""
    link.claimed_at = link.claimed_at or timezone.now()
    link.notes.nonce = link.notes.nonce or secrets.token_hex(8)
    status = OPENED if picture.status in ENDED else picture.status
    link.fields = {**picture.fields, TITLE: tracker.title(picture), STATUS: status}
    link.store(touch=True)


def _create(link: LinkState, tracker: Tracker, picture: Picture) -> Task:
    try:
        return tracker.create(picture, link.notes.nonce)
    except NotMade as no:
        link.claimed_at = None
        link.store()
        raise no.error from None
