"""The session that is meant when none is named: per actor, in the database."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

from sessions_app import lookup, machine
from sessions_app.access import is_visible
from sessions_app.actors import Actor, local_actor
from sessions_app.change import Change, lock_session, open_change
from sessions_app.exceptions import NotFound
from sessions_app.language import gettext as _
from sessions_app.models import CurrentSession, FlowSession
from sessions_app.rows import table
from sessions_app.verbs import refuse_if_ended

ENVIRONMENT_VARIABLE = "VCFLOW_SESSION"

Chooser = Callable[[list[FlowSession]], FlowSession]
"""Asks a person for one of several sessions."""


class Chosen(NamedTuple):
    """A session and the rule that chose it: ``option``, ``environment``, ``switched``, ``only-active``, ``asked``."""

    flow_session: FlowSession
    rule: str


def choose_session(
    actor: Actor,
    reference: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    chooser: Chooser | None = None,
) -> Chosen:
    """The session meant: the one named, else ``VCFLOW_SESSION``, else the one switched to, else the only ACTIVE one.

    Several: ``chooser`` is asked; without one they are refused with the candidates.
    """
    if reference is not None:
        return Chosen(lookup.find_session(actor, reference), "option")
    from_environment = (os.environ if environ is None else environ).get(ENVIRONMENT_VARIABLE)
    if from_environment:
        return Chosen(lookup.find_session(actor, from_environment), "environment")
    current = current_session(actor)
    if current:
        return Chosen(current, "switched")
    return _only_active(actor, chooser)


def _only_active(actor: Actor, chooser: Chooser | None) -> Chosen:
    own = FlowSession.objects.visible_to(actor).filter(owner=actor.user, status=machine.ACTIVE)
    active = list(own[: lookup.CANDIDATES + 1])
    if len(active) == 1:
        return Chosen(active[0], "only-active")
    if active and chooser:
        return Chosen(chooser(active), "asked")
    if active:
        raise lookup.ambiguous_session("", active)
    raise NotFound(
        _("No session is active."),
        fix=_("Create one, or name one."),
        kind="session",
        code="no-active-session",
    )


def current_session(actor: Actor) -> FlowSession | None:
    """The session that the actor switched to, if it is still open and they still see it."""
    row = CurrentSession.objects.filter(user=actor.user).select_related("session").first()
    if row and row.session.status in machine.OPEN and is_visible(actor, row.session):
        return row.session
    return None


def get_active_session(
    actor: Actor | None = None,
    reference: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    chooser: Chooser | None = None,
) -> FlowSession:
    """The session that :func:`choose_session` finds; the local user's when no actor is given.

    Raises ``NotFound`` when there is none and ``Ambiguous`` (with ``details["candidates"]``)
    when there are several and no ``chooser``.
    """
    return choose_session(actor or local_actor(), reference, environ=environ, chooser=chooser).flow_session


def switch_active_session(session_id: str, actor: Actor | None = None) -> FlowSession:
    """Make a session, which must not have ended, the actor's current one."""
    with open_change(actor or local_actor(), lambda: lock_session(session_id), action="switch") as change:
        refuse_if_ended(change.flow_session, "switch")
        make_current(change)
    return change.flow_session


def make_current(change: Change) -> None:
    """The session becomes its actor's current one, in the same transaction."""
    known = table(CurrentSession).select("user_id = %s", [change.actor.user.pk])
    if known and known[0].session_id == change.flow_session.pk:
        return
    CurrentSession.objects.bulk_create(
        [CurrentSession(user=change.actor.user, session_id=change.flow_session.pk)],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["session"],
    )
