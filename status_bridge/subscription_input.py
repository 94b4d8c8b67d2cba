"""What people give for a subscription, cleaned: its address, options, secrets, and whose sessions it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group

from sessions_app.actors import Actor
from sessions_app.exceptions import InvalidInput, NotAllowed
from sessions_app.language import gettext as _
from sessions_app.lookup import find_workflow
from sessions_app.masking import MASK, shown, unmask
from sessions_app.teams import find_team
from sessions_app.text import clean_json_object, clean_text, merge_objects
from status_bridge import net
from status_bridge.models import Reach
from status_bridge.subscription_json import masked_url
from status_bridge.subscription_secrets import KEPT


def clean_url(given: object, before: str = "") -> str:
    """An address that may be called; the masked form of the one before stands for it."""
    if isinstance(given, str) and MASK in given:
        if not before or given != masked_url(before):
            raise InvalidInput(
                _("The value of {path} is masked ({mask}), and no secret is stored there that it stands for.").format(
                    path="url", mask=MASK
                ),
                fix=_("Give the value itself, or leave it out to keep what is stored."),
                code="masked-value",
                path="url",
            )
        return before
    return net.check_url(given)


def clean_options(given: object, before: Mapping[str, Any]) -> dict[str, Any]:
    """The options with those given; null removes one."""
    options = clean_json_object(given, _("options"))
    return clean_json_object(merge_objects(before, unmask(options, before)), _("options"))


def clean_secrets(given: object) -> dict[str, Any]:
    """Texts by name; null removes one."""
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise InvalidInput(_("The secrets must be texts by name."), fix=_('Give them as {"name": "value"}.'))
    for name in given:
        if name in KEPT:
            raise InvalidInput(
                _("The secret {name} can't be set.").format(name=name),
                fix=_("Leave it out."),
                field=f"secrets.{name}",
            )
    what = _("secret")
    return {name: None if value is None else clean_text(value, what) for name, value in given.items()}


def clean_reach(actor: Actor, reach: str | None, team: str | None) -> dict[str, Any]:
    """The columns ``reach`` and ``team_id``, if the actor may tell of those sessions.

    A team that is named means its sessions, and with a token that is bound to a team they are the
    only ones that can be meant.
    """
    bound, _workflow = actor.bounds
    if reach is None:
        reach = Reach.TEAM if team is not None or bound is not None else Reach.OWN
    if reach not in Reach.values:
        raise InvalidInput(
            _("There is no reach {reach}.").format(reach=shown(str(reach))[:80]),
            fix=_("Use one of: {names}.").format(names=", ".join(Reach.values)),
            field="reach",
        )
    if (team is not None) != (reach == Reach.TEAM) and not (bound and team is None):
        raise InvalidInput(
            _("A team goes with the reach team, and with no other."), fix=_("Give both or neither."), field="team"
        )
    if bound is not None and reach != Reach.TEAM:
        raise _outside(actor)
    if reach == Reach.ALL and not actor.rights.is_admin:
        raise NotAllowed(
            _("Only an administrator tells others of all sessions."),
            fix=_("Choose your own sessions or a team's, or ask an administrator."),
        )
    return {"reach": Reach(reach), "team_id": _team_id(actor, team) if reach == Reach.TEAM else None}


def _team_id(actor: Actor, name: str | None) -> int:
    """The team of that name; without one, the one that the token is bound to."""
    if name is None and actor.grant and actor.grant.team_id is not None:
        name = Group.objects.filter(pk=actor.grant.team_id).values_list("name", flat=True).first()
    return find_team(actor, name or "").pk


def clean_workflow(actor: Actor, reference: str | None) -> str | None:
    """The id of the workflow whose sessions alone are told of; None: those of all."""
    _team, bound = actor.bounds
    if reference is None:
        return bound
    workflow_id = find_workflow(reference).pk
    if bound not in (None, workflow_id):
        raise _outside(actor)
    return workflow_id


def _outside(actor: Actor) -> NotAllowed:
    assert actor.grant is not None
    return NotAllowed(
        _("The token {token} is bound: it can't make a webhook that reaches further.").format(token=actor.grant.name),
        fix=_("Use a token without this bound."),
        code="outside-token",
        token=actor.grant.name,
    )
