"""A session made again what its events say, as one more event; its log must be whole."""

from __future__ import annotations

from sessions_app.actors import Actor
from sessions_app.capturing import NAMES, put_back
from sessions_app.change import Change, NothingToDo, lock_session, open_change
from sessions_app.checkups.examining import Examined, examine
from sessions_app.language import gettext as _
from sessions_app.parts import State
from sessions_app.replay import corrected
from sessions_app.states import Level


def mend_session(actor: Actor, session_id: str) -> str:
    """Make what is stored what the events say, owner and team excepted; what was done, empty if nothing could be.

    Stages' states on the session's row follow from its attempts.
    """
    with open_change(actor, lambda: lock_session(session_id), action="restore") as change:
        _mend(change, examine([change.flow_session])[0])
    if not change.events:
        return ""
    return _("{id}: event {seq} makes it what its events say again.").format(id=session_id, seq=change.events[0].seq)


def _mend(change: Change, examined: Examined) -> None:
    states = change.flow_session.stage_states
    changes = dict(put_back(change, examined.stored, _meant(examined)))
    if change.flow_session.stage_states != states:
        changes["stage_states"] = (states, change.flow_session.stage_states)
    if not changes:
        raise NothingToDo
    change.record("session.mended", changes, level=Level.WARNING)


def _meant(examined: Examined) -> State:
    """What should be stored; what is, where the log tells nothing or only that something was hidden."""
    stored, state = examined.stored, examined.log.state
    if not examined.is_sound or state is None or _is_another(examined):
        raise NothingToDo
    if not examined.differences:
        return stored
    try:
        meant: State = corrected(_as_named_today(state, stored), stored)
    except ValueError:
        return stored
    kept = {name: stored["session"][name] for name in NAMES}
    return {**meant, "session": {**meant["session"], **kept}}


def _is_another(examined: Examined) -> bool:
    """Whether the row can't be believed in what no event would put right; what follows from it would be as wrong."""
    return any(name != "updated_at" for name, *_values in examined.row_faults)


def _as_named_today(state: State, stored: State) -> State:
    """With who is assigned as it is stored: somebody else may have the name of then by now."""
    attempts = {
        key: {**attempt, "assignee": _name(attempt["assignee"], stored["attempts"].get(key, {}).get("assignee"))}
        for key, attempt in state["attempts"].items()
    }
    return {**state, "attempts": attempts}


def _name(replayed: str | None, stored: str | None) -> str | None:
    return stored if replayed and stored else replayed
