"""A session's attempts made from what they are into what they were: the rows that differ, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from sessions_app.change import Change, Changes
from sessions_app.language import gettext as _
from sessions_app.rows import table
from stages_app import assignment, leases
from stages_app.models import StageInstance, StageItem

Attempts = Mapping[str, Mapping[str, Any]]
"""By key, as in :mod:`stages_app.capturing`."""

TIMES = ("started_at", "completed_at")
PLAIN = (
    "stage_id",
    "attempt",
    "name",
    "status",
    "context",
    "config",
    "metadata",
    "deliverables",
    "is_ad_hoc",
    "is_exclusive",
    "follows_session",
)

_ROWS_AT_ONCE = 500
"""Rows of one statement: databases bound its parameters."""


def put_back(change: Change, before: Attempts, after: Attempts) -> Changes:
    """Write what differs; per attempt (``attempts.<stage id>.<attempt>``) what it was and what it is now.

    An assignee who can no longer work on the session is left out, with a warning.  Leases end.
    """
    held = StageInstance.objects.filter(session=change.flow_session, lease_token__isnull=False)
    held.update(**leases.ENDED)
    after = _with_able_assignees(change, before, after)
    differing = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    states = {attempt["stage_id"]: attempt["status"] for attempt in sorted(after.values(), key=lambda a: a["attempt"])}
    change.set(stage_states=states)
    if not differing:
        return {}
    _remove(change, differing)
    write(change, {key: after[key] for key in differing if key in after})
    return {f"attempts.{key}": (before.get(key), after.get(key)) for key in differing}


def _remove(change: Change, keys: Sequence[str]) -> None:
    """Attempts that go or become others go first: two must not be active for a moment.

    Items may have been left where the attempt itself is gone: what comes in its place brings its own.
    """
    ids = [f"{change.flow_session.pk}.{key}" for key in keys]
    StageItem.objects.filter(stage_instance__in=ids).delete()
    StageInstance.objects.filter(pk__in=ids).delete()


def write(change: Change, attempts: Attempts) -> None:
    """Write attempts that are not stored, with their items, inside a change."""
    users = _users(attempts)
    rows = [_row(change, key, attempt, users) for key, attempt in attempts.items()]
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        table(StageInstance).insert(rows[start : start + _ROWS_AT_ONCE])
    items = [
        _item(row, item) for row, attempt in zip(rows, attempts.values(), strict=True) for item in attempt["items"]
    ]
    for start in range(0, len(items), _ROWS_AT_ONCE):
        table(StageItem).insert(items[start : start + _ROWS_AT_ONCE])


def _row(change: Change, key: str, attempt: Mapping[str, Any], users: Mapping[str, User]) -> StageInstance:
    return StageInstance(
        id=f"{change.flow_session.pk}.{key}",
        session=change.flow_session,
        assignee=users.get(attempt["assignee"] or ""),
        **{name: attempt[name] for name in PLAIN},
        **{name: _time(attempt[name]) for name in TIMES},
    )


def _item(row: StageInstance, item: Mapping[str, Any]) -> StageItem:
    return StageItem(
        stage_instance_id=row.pk,
        item_id=item["id"],
        number=item["number"],
        text=item["text"],
        is_required=item["required"],
        is_added=item["added"],
        is_done=item["done"],
        done_at=_time(item["done_at"]),
        done_by=item["done_by"],
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _users(attempts: Attempts) -> Mapping[str, User]:
    names = {attempt["assignee"] for attempt in attempts.values() if attempt["assignee"]}
    return {user.get_username(): user for user in get_user_model().objects.filter(username__in=names)} if names else {}


def _with_able_assignees(change: Change, before: Attempts, after: Attempts) -> Attempts:
    users = _users({key: attempt for key, attempt in after.items() if attempt != before.get(key)})
    able = cache(lambda name: name in users and assignment.can_work(users[name], change.flow_session))
    checked = {}
    for key, attempt in after.items():
        name = attempt["assignee"]
        stays = not name or attempt == before.get(key) or before.get(key, {}).get("assignee") == name
        if not stays and not able(name):
            change.warnings.append(
                _("{user} can't work on the session {id} any more; the stage {stage} is nobody's now.").format(
                    user=name, id=change.flow_session.pk, stage=attempt["stage_id"]
                )
            )
            attempt = {**attempt, "assignee": None}
        checked[key] = attempt
    return checked
