"""What people call the fields, kinds and values of conflicts."""

from __future__ import annotations

from typing import Any

from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.masking import shown
from status_bridge.conflicts import TASK
from status_bridge.models import ConflictKind, Settlement
from status_bridge.tracking_picture import ITEM, STATUS, TITLE, item_of
from status_bridge.words import entry_status

_FIELDS = {TITLE: noop("title"), STATUS: noop("status"), TASK: noop("the task itself")}
_KINDS = {
    ConflictKind.BOTH_CHANGED: noop("both sides changed it"),
    ConflictKind.REFUSED: noop("what the other side asked for was refused"),
}
_SETTLEMENTS = {Settlement.OURS: noop("ours"), Settlement.THEIRS: noop("theirs"), "": noop("both agree")}
NOTHING = "-"


def field_in_words(field: str) -> str:
    """What a field is called; an item by its stage and id."""
    if field in _FIELDS:
        return _(_FIELDS[field])
    stage_id, item_id = item_of(field)
    return shown(f"{stage_id} / {item_id}")


def kind_name(kind: str) -> str:
    """Why two systems disagree."""
    return _(_KINDS[ConflictKind(kind)])


def settlement_name(settlement: str) -> str:
    """Whose value holds; empty: both sides came to say the same."""
    return _(_SETTLEMENTS[settlement])


def value_in_words(field: str, value: Any) -> str:
    """A value of a field, masked and on one line."""
    if value is None:
        return NOTHING
    if field.startswith(ITEM):
        return _("done") if value else _("open")
    if field == STATUS:
        return entry_status(value)
    return shown(str(value))
