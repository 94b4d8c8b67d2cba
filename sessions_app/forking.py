"""The new session that goes on from another one's savepoint."""

from __future__ import annotations

from sessions_app.access import rights_of
from sessions_app.actors import Actor
from sessions_app.creation import refuse_retired
from sessions_app.identifiers import new_session_id
from sessions_app.language import gettext as _
from sessions_app.masking import unmask
from sessions_app.models import FlowSession, Savepoint
from sessions_app.parts import State
from sessions_app.permissions import Role
from sessions_app.text import clean_name


def forked_session(actor: Actor, savepoint: Savepoint, state: State, name: str | None) -> FlowSession:
    """A session with what the savepoint says of its own columns, not yet written; its stages follow in the change.

    It is the actor's, in the same team if they may work there.
    """
    origin, kept = savepoint.session, state["session"]
    refuse_retired(origin.workflow)
    given_name = None if name is None else unmask(clean_name(name, _("name")), "", "name")
    keeps_team = origin.team_id is not None and rights_of(actor).role_in(origin.team_id) >= Role.OPERATOR
    return FlowSession(
        id=new_session_id(origin.workflow_id, given_name or kept["name"]),
        workflow_id=origin.workflow_id,
        pinned_version_id=kept["pinned_version_id"],
        name=given_name or kept["name"],
        status=kept["status"],
        current_stage_id=kept["current_stage_id"],
        context=kept["context"],
        metadata=kept["metadata"],
        tags=kept["tags"],
        owner_id=actor.user.pk,
        team=origin.team if keeps_team else None,
        forked_from=savepoint.pk,
    )
