"""What somebody asks for by changing a field becomes the verb that leads there, through its guards."""

from __future__ import annotations

from typing import Any

from sessions_app.actors import Actor
from sessions_app.exceptions import Busy, FlowError, StorageFailed, StorageFull
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.lookup import get_session
from sessions_app.services import FlowSessionManager, Manager
from stages_app.attempts import last_attempt
from stages_app.refusals import stage_not_begun
from stages_app.services import StageInstanceManager
from status_bridge.entries import entry_id
from status_bridge.steering import StatusManager
from status_bridge.tracking_picture import STATUS, TITLE, item_of

TROUBLE = (Busy, StorageFull, StorageFailed)
"""What is no refusal: the same may be done in a moment."""

_FIRST = ("IN_PROGRESS",)
"""The statuses in which work goes on: who asks for one asks for it before the ticks."""


def apply(
    actor: Actor, session_id: str, field: str, value: Any, *, reason: str = "", version: int | None = None
) -> int:
    """Make the session have that value; answers with its version afterwards.

    With ``version`` a session that stands elsewhere is refused as stale.  Raises what the verb raises.
    """
    expected = None if version is None else [version]
    if field == TITLE:
        sessions = FlowSessionManager(actor, expected_versions=expected)
        sessions.update_session(session_id, {"name": value})
        return _version(sessions)
    if field == STATUS:
        statuses = StatusManager(actor, expected_versions=expected)
        statuses.request_status(entry_id(session_id), value, reason=reason)
        return _version(statuses)
    return _tick(actor, session_id, field, value, expected)


def in_order(wanted: dict[str, Any]) -> list[str]:
    """The fields in the order in which they are asked for: the last word, such as closing, comes last."""
    ends = STATUS in wanted and wanted[STATUS] not in _FIRST
    rank = {TITLE: 0, STATUS: 3 if ends else 1}
    return sorted(wanted, key=lambda name: rank.get(name, 2))


def is_refusal(error: FlowError) -> bool:
    """Whether an error says no, instead of not now."""
    return not isinstance(error, TROUBLE)


def field_name(field: str) -> str:
    """What a field is called in a sentence."""
    known = {TITLE: noop("the title"), STATUS: noop("the status")}
    if field in known:
        return _(known[field])
    stage_id, item_id = item_of(field)
    return _("the item {item} of the stage {stage}").format(item=item_id, stage=stage_id)


def _tick(actor: Actor, session_id: str, field: str, value: Any, expected: list[int] | None) -> int:
    stage_id, item_id = item_of(field)
    flow_session = get_session(actor, session_id)
    attempt = last_attempt(flow_session, stage_id)
    if attempt is None:
        raise stage_not_begun(flow_session, stage_id, "tick")
    stages = StageInstanceManager(actor, expected_versions=expected)
    if value:
        stages.complete_item(attempt.pk, item_id)
    else:
        stages.reopen_item(attempt.pk, item_id)
    return _version(stages)


def _version(manager: Manager) -> int:
    return manager.outcome.version
