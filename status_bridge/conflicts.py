"""Fields on which a session and its task in a tracker disagree: noted by a meeting, settled by a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from sessions_app import access, storage
from sessions_app.actors import Actor
from sessions_app.exceptions import Conflict, InvalidInput, NotFound
from sessions_app.language import gettext as _
from sessions_app.masking import mask, mask_text
from sessions_app.text import clean_text
from status_bridge import messages, outbox, tracking_verbs
from status_bridge.models import Conflict as Row
from status_bridge.models import ConflictKind, Link, Settlement

_SETTLED = ("settled_at", "settled_by", "settlement", "reason")

TASK = "task"
"""The field of a task that is gone: ours makes a new one, theirs does without."""


def concerning(subscription_id: str, session_id: str, held: Mapping[str, int]) -> dict[str, Row]:
    """The conflicts of a link by field: those that are held, settled or not, and the other open ones."""
    found = Row.objects.filter(subscription=subscription_id, session=session_id)
    rows = list(found.filter(Q(settled_at__isnull=True) | Q(pk__in=held.values())))
    return {row.field: row for row in sorted(rows, key=lambda row: held.get(row.field) == row.pk)}


def found(
    subscription_id: str,
    session_id: str,
    field: str,
    kind: ConflictKind,
    values: tuple[Any, Any, Any],
    *,
    reason: str = "",
) -> Row:
    """Note a conflict; ``values`` are the base, ours and theirs.  A field has one that is open."""
    base, ours, theirs = values
    noted = {"kind": kind, "base": base, "ours": ours, "theirs": theirs, "reason": reason, "found_at": timezone.now()}
    with storage.translated(), transaction.atomic():
        row, _is_new = Row.objects.update_or_create(
            subscription_id=subscription_id,
            session_id=session_id,
            field=field,
            settled_at=None,
            defaults=noted,
        )
    return row


def refresh(row: Row | None, ours: Any, theirs: Any) -> None:
    """Note what the two sides say now."""
    if row is None or row.settled_at or (row.ours, row.theirs) == (ours, theirs):
        return
    Row.objects.filter(pk=row.pk, settled_at=None).update(ours=ours, theirs=theirs)


def agree(row: Row | None, value: Any) -> None:
    """Both sides say the same: nothing is left to settle, unless something else had been refused."""
    if row is None or row.settled_at or (row.kind == ConflictKind.REFUSED and row.theirs != value):
        return
    Row.objects.filter(pk=row.pk, settled_at=None).update(ours=value, theirs=value, settled_at=timezone.now())


def list_conflicts(actor: Actor, *, session_id: str | None = None, all_of_them: bool = False) -> QuerySet[Row]:
    """Those of the sessions that the actor sees, the newest first; only open ones unless ``all_of_them``."""
    links = Link.objects.filter(subscription=OuterRef("subscription"), session_id=OuterRef("session_id"))
    rows = Row.objects.visible_to(actor).annotate(task_url=Subquery(links.values("external_url")[:1]))
    if session_id is not None:
        rows = rows.filter(session=session_id)
    return rows if all_of_them else rows.open()


def find_conflict(actor: Actor, conflict_id: object) -> Row:
    """The conflict of that number."""
    number = _number(conflict_id)
    seen = list_conflicts(actor, all_of_them=True).select_related("session", "subscription")
    row = seen.filter(pk=number).first() if number else None
    if row is None:
        raise NotFound(
            _("There is no conflict {reference}.").format(reference=mask_text(str(conflict_id))[:80] or "''"),
            fix=_("List the conflicts and use one of their numbers."),
            kind="conflict",
            reference=str(conflict_id)[:80],
        )
    return row


def settle(actor: Actor, conflict_id: object, keep: str, *, reason: str = "") -> tuple[Row, bool]:
    """Say whose value holds, ``ours`` or ``theirs``; answers with the conflict, and whether this settled it.

    Theirs is done to the session at once, by its verb and through its guards: what these refuse is
    raised, and nothing changes.  Ours is written to the task as soon as a worker comes by.
    """
    keep = _checked(keep)
    reason = mask_text(clean_text(reason, _("reason")))
    row = find_conflict(actor, conflict_id)
    access.require(actor, "update", row.session)
    if row.settled_at:
        return _settled_before(row, keep), False
    if keep == Settlement.THEIRS and row.field != TASK:
        why = reason or _("settling conflict {id}").format(id=row.pk)
        tracking_verbs.apply(actor, row.session_id, row.field, row.theirs, reason=why)
    _close(actor, row, keep, reason)
    return row, True


def conflict_json(row: Row) -> dict[str, Any]:
    """A conflict as JSON data, secrets masked."""
    return {
        "id": row.pk,
        "session_id": row.session_id,
        "webhook": row.subscription_id,
        "field": row.field,
        "kind": row.kind,
        "base": mask(row.base),
        "ours": mask(row.ours),
        "theirs": mask(row.theirs),
        "reason": mask_text(row.reason),
        "task_url": getattr(row, "task_url", None) or None,
        "found_at": row.found_at,
        "settled_at": row.settled_at,
        "settled_by": row.settled_by or None,
        "settlement": row.settlement or None,
    }


def _close(actor: Actor, row: Row, keep: Settlement, reason: str) -> None:
    """Settle the row and have a worker look, in one transaction."""
    row.settled_at, row.settled_by, row.settlement = timezone.now(), actor.username, keep
    row.reason = "\n".join(filter(None, [row.reason, reason]))
    with storage.translated(), transaction.atomic(durable=True):
        still_open = Row.objects.filter(pk=row.pk, settled_at=None)
        if not still_open.update(**{name: getattr(row, name) for name in _SETTLED}):
            raise _clash(row)
        told = messages.remote_changed(row.subscription_id, row.session_id, f"settled.{row.pk}")
        outbox.enqueue(row.subscription, [told], row.settled_at)


def _settled_before(row: Row, keep: Settlement) -> Row:
    if row.settlement != keep:
        raise _clash(row)
    return row


def _clash(row: Row) -> Conflict:
    return Conflict(
        _("The conflict {id} is settled already.").format(id=row.pk),
        fix=_("Look at it, and change the session itself if something else is right."),
        code="already-settled",
        kind="conflict",
        conflict_id=row.pk,
    )


def _checked(keep: str) -> Settlement:
    try:
        return Settlement(keep)
    except ValueError:
        raise InvalidInput(
            _("Only one of the two sides can be kept."),
            fix=_("Use one of: {names}.").format(names=", ".join(Settlement.values)),
            field="keep",
        ) from None


def _number(reference: object) -> int | None:
    text = str(reference)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
