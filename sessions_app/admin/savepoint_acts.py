"""What can be done about savepoints in the admin, and where their pages are."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.admin.utils import quote
from django.urls import reverse

from sessions_app import access
from sessions_app.actors import Actor
from sessions_app.admin.acts import Act, Input, Words, reason_input
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.masking import shown
from sessions_app.models import FlowSession, Savepoint

TAKE = Words(noop("Take a savepoint"), noop("All that the session is now is kept, to be put back or gone on from."))

WORDS: Mapping[str, Words] = {
    "restore": Words(
        noop("Restore"),
        noop("The session becomes again what it was then. What it is now is kept as a savepoint before."),
    ),
    "fork": Words(noop("Fork"), noop("A new session of yours goes on from there. This one stays as it is.")),
}


def savepoint_address(savepoint: Savepoint) -> str:
    """The page of a savepoint."""
    return reverse("admin:session-savepoint", args=[quote(savepoint.session_id), savepoint.seq])


def take_act(flow_session: FlowSession) -> Act:
    """Taking a savepoint by hand."""
    return Act(
        key="savepoint-take",
        verb="take",
        address=reverse("admin:session-savepoint-take", args=[quote(flow_session.pk)]),
        title=_(TAKE.title),
        does=_(TAKE.does),
        inputs=(Input("note", _("Note (optional)"), kind="text"),),
    )


def savepoint_act(savepoint: Savepoint, verb: str) -> Act:
    """Restoring a session to a savepoint, or forking it."""
    words = WORDS[verb]
    inputs = (reason_input(is_required=True),) if verb == "restore" else (_name_input(savepoint),)
    return Act(
        key=f"savepoint-{verb}",
        verb=verb,
        address=reverse("admin:session-savepoint-do", args=[quote(savepoint.session_id), savepoint.seq, verb]),
        title=_(words.title),
        does=_(words.does),
        inputs=inputs,
        is_danger=verb == "restore",
    )


def offered_for(actor: Actor, savepoint: Savepoint) -> list[Act]:
    """What the actor may do with a savepoint."""
    return [savepoint_act(savepoint, verb) for verb in WORDS if access.may(actor, verb, savepoint.session)]


def _name_input(savepoint: Savepoint) -> Input:
    return Input(
        "name",
        _("Name of the new session"),
        shown(savepoint.session.name),
        help=_("Left empty, it is called as this one was at the savepoint."),
    )
