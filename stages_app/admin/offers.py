"""What can be done to a session's stages by whoever looks, and what each form asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.urls import reverse

from sessions_app import machine, progress
from sessions_app.access import may
from sessions_app.actors import Actor
from sessions_app.admin.acts import Act, Input, Words, force_input, reason_input
from sessions_app.language import gettext as _
from sessions_app.language import localised
from sessions_app.listing import some_of
from sessions_app.models import FlowSession
from sessions_app.permissions import STAGE_ACTIONS
from sessions_app.text import visible
from stages_app.admin.act_words import ADD_ITEM, DANGEROUS, DELIVER, LEADING_ON, STAGE_WORDS
from stages_app.machine import OPEN, STAGE_RULES
from stages_app.next_steps import is_held
from stages_app.states import StageStatus

Stage = Mapping[str, Any]

PEOPLE = "people"
"""The id of the ``<datalist>`` with whom a stage may be given to."""

PEOPLE_OFFERED = 50
_ASSIGNABLE = (None, *OPEN, StageStatus.FAILED)


@dataclass(frozen=True)
class Offers:
    """For one session; ``stages`` are those of its description for the actor."""

    actor: Actor
    flow_session: FlowSession
    stages: list[dict[str, Any]]

    def of(self, stage: Stage) -> list[Act]:
        """The verbs that lead on from where a stage stands, and the assignment; of one that somebody holds, its taking.

        Nobody has the token of a lease in a browser.
        """
        if is_held(stage):
            return [self.act(stage, "take")] if self.may_change("take") and self.may_change("release") else []
        verbs = [verb for verb in stage["allowed_actions"] if self._leads_on(verb)] if self._is_active else []
        if stage["status"] in _ASSIGNABLE and self.may_change("update"):
            verbs.append("assign")
        return [self.act(stage, verb) for verb in verbs]

    def act(self, stage: Stage, verb: str) -> Act:
        """One verb of a stage."""
        words, inputs = STAGE_WORDS[verb], self._inputs(stage, verb)
        return Act(
            key=f"{_key(stage)}-{verb}",
            verb=verb,
            address=_address(stage, verb),
            title=_(words.title),
            does=_(words.does),
            inputs=inputs,
            is_danger=verb in DANGEROUS,
            is_primary=verb in LEADING_ON and not any(each.name == "force" for each in inputs),
        )

    def is_worked_on(self, stage: Stage, action: str) -> bool:
        """Whether items can be ticked (``items``), deliverables handed in (``deliverables``)."""
        is_free = stage["status"] == StageStatus.ACTIVE and not is_held(stage)
        return self._is_active and is_free and self.may_change(action)

    def addition(self, stage: Stage) -> Act | None:
        """An item more, where the stage has not ended."""
        if stage["status"] not in OPEN or is_held(stage) or not self.may_change("items"):
            return None
        inputs = (
            Input("add", _("Item"), is_required=True),
            Input("required", _("It must be done before the stage is complete"), value="on", kind="tick"),
        )
        return _written(stage, "items", ADD_ITEM, inputs)

    def delivery(self, stage: Stage) -> Act | None:
        """A deliverable, while the stage is worked on: one that is asked for, or any where none is."""
        if not self.is_worked_on(stage, "deliverables"):
            return None
        definition = self.flow_session.published.definition.stage(stage["stage_id"])
        wanted = definition.deliverables if definition else ()
        missing = [each for each in wanted if not stage["deliverables"].get(each.id)]
        ordered = [*missing, *(each for each in wanted if each not in missing)]
        options = [(each.id, localised(each.name)) for each in ordered]
        name = Input(
            "name", _("Deliverable"), is_required=True, kind="choice" if options else "line", options=tuple(options)
        )
        value = Input("value", _("Link, path or text"), is_required=True)
        return _written(stage, "deliverables", DELIVER, (name, value))

    def may_change(self, action: str) -> bool:
        """Whether the actor may do something of ``STAGE_ACTIONS``, and the session has not ended."""
        return self.flow_session.status not in machine.ENDED and may(
            self.actor, STAGE_ACTIONS[action], self.flow_session
        )

    @cached_property
    def people(self) -> list[str]:
        """Whom a stage may be given to: the reader, the owner, and who is in the team."""
        if not self.may_change("update"):
            return []
        known = [self.actor.username, self.flow_session.owner.get_username()]
        if self.flow_session.team_id is not None:
            team = User.objects.filter(groups=self.flow_session.team_id, is_active=True).order_by("username")
            known += team.values_list("username", flat=True)[:PEOPLE_OFFERED]
        # A suggestion is what is sent: a name that can't be shown as it is has to be typed.
        return [name for name in dict.fromkeys(known) if visible(name) == name]

    @property
    def _is_active(self) -> bool:
        return self.flow_session.status == machine.ACTIVE

    def _leads_on(self, verb: str) -> bool:
        """Whether no other active stage is in the way."""
        is_free = self.flow_session.published.definition.parallel or not self._has_active_stage
        return is_free or STAGE_RULES[verb].target != StageStatus.ACTIVE

    @cached_property
    def _has_active_stage(self) -> bool:
        return any(stage["status"] == StageStatus.ACTIVE for stage in self.stages)

    def _inputs(self, stage: Stage, verb: str) -> tuple[Input, ...]:
        if verb == "assign":
            return (Input("assignee", _("User name"), visible(stage["assignee"] or ""), suggestions=PEOPLE),)
        if verb == "take":
            return (reason_input(is_required=True),)
        in_the_way = self._in_the_way(stage, verb)
        if in_the_way:
            return (force_input(in_the_way), reason_input(is_required=True))
        return (reason_input(is_required=STAGE_RULES[verb].reason_required),)

    def _in_the_way(self, stage: Stage, verb: str) -> str:
        """What a reason is needed to pass over."""
        if verb == "start":
            states = self.flow_session.stage_states
            unmet = progress.unmet_dependencies(self.flow_session.published, states, stage["stage_id"])
            return _("It depends on {others}.").format(others=some_of(unmet)) if unmet else ""
        still_open = sum(item["required"] and not item["done"] for item in stage["items"])
        if verb == "complete" and (still_open or stage["missing_deliverables"]):
            return _("Still open: items {items}, deliverables {deliverables}.").format(
                items=still_open, deliverables=len(stage["missing_deliverables"])
            )
        return ""


def stage_anchor(stage_id: str) -> str:
    """Where a stage stands on its session's page."""
    return f"stage-{stage_id}"


def write_address(stage: Stage, what: str) -> str:
    """Where items or deliverables of an attempt are written."""
    return reverse(f"admin:stage-{what}", args=[quote(stage["id"])])


def _written(stage: Stage, what: str, words: Words, inputs: tuple[Input, ...]) -> Act:
    return Act(
        key=f"{_key(stage)}-{what}",
        verb=what,
        address=write_address(stage, what),
        title=_(words.title),
        does=_(words.does),
        inputs=inputs,
    )


def _key(stage: Stage) -> str:
    return f"{stage['stage_id']}-{stage['attempt']}"


def _address(stage: Stage, verb: str) -> str:
    if stage["id"] is None:
        return reverse(f"admin:stage-unbegun-{verb}", args=[quote(stage["session_id"]), quote(stage["stage_id"])])
    return reverse("admin:stage-do", args=[quote(stage["id"]), verb])
