"""The form that changes what describes a session: what it asks, and what of it was changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group

from sessions_app import access, machine
from sessions_app.actors import Actor
from sessions_app.admin.acts import Input
from sessions_app.language import gettext as _
from sessions_app.masking import mask, shown
from sessions_app.models import FlowSession
from sessions_app.permissions import Role
from sessions_app.text import visible

TEAMS_OFFERED = 200


def update_inputs(actor: Actor, flow_session: FlowSession) -> tuple[Input, ...]:
    """What the actor may change of the session, as it is."""
    own: tuple[Input, ...] = ()
    if access.may(actor, "update", flow_session) and flow_session.status not in machine.ENDED:
        own = (
            Input("name", _("Name"), _shown_name(flow_session), is_required=True),
            Input("tags", _("Tags"), _shown_tags(flow_session), help=_("One on each line."), kind="text"),
            Input("key", _("Key in the context"), help=_("Leave it empty to change nothing there.")),
            Input("value", _("Its value"), help=_("A text or JSON. Without a value the key is removed."), kind="text"),
        )
    if not access.may(actor, "transfer", flow_session):
        return own
    return (
        *own,
        Input("owner", _("Owner"), visible(flow_session.owner.get_username()), is_required=True),
        Input("team", _("Team"), _team(flow_session), kind="choice", options=_teams(actor, flow_session)),
    )


def update_values(actor: Actor, flow_session: FlowSession, form: Mapping[str, str]) -> dict[str, Any]:
    """What of the form differs from what it showed."""
    before = {each.name: each.value for each in update_inputs(actor, flow_session)}
    changed = {name: form[name] for name in ("name", "owner", "team") if form.get(name) not in (None, before.get(name))}
    values: dict[str, Any] = dict(changed)
    if "team" in changed:
        values["team"] = changed["team"] or None
    if "tags" in form and _lines(form["tags"]) != _lines(before.get("tags", "")):
        values["tags"] = _lines(form["tags"])
    if form.get("key", "").strip():
        values["context"] = {form["key"]: _value(form.get("value", ""))}
    return values


def _shown_name(flow_session: FlowSession) -> str:
    return shown(flow_session.name)


def _shown_tags(flow_session: FlowSession) -> str:
    return "\n".join(map(visible, mask(flow_session.tags)))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _value(text: str) -> Any:
    """JSON where it is some, else the text itself; nothing removes the key."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _team(flow_session: FlowSession) -> str:
    return flow_session.team.name if flow_session.team else ""


def _teams(actor: Actor, flow_session: FlowSession) -> list[tuple[str, str]]:
    """None, and the teams that the actor may put sessions into; the session's own is among them."""
    rights = access.rights_of(actor)
    groups = Group.objects.order_by("name")
    if not rights.is_admin:
        groups = groups.filter(pk__in=[team for team, role in rights.teams.items() if role >= Role.OPERATOR])
    names = dict.fromkeys([_team(flow_session), *groups.values_list("name", flat=True)[:TEAMS_OFFERED]])
    return [("", _("no team")), *((name, visible(name)) for name in names if name)]
