"""``flow session show``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sessions_app import machine
from sessions_app.cli.call import Call
from sessions_app.cli.changes import chosen_lines
from sessions_app.cli.savepoint_pages import taken
from sessions_app.cli.words import fact, moment, tick
from sessions_app.current import Chosen
from sessions_app.kept import kept_of
from sessions_app.language import gettext as _
from sessions_app.language import localised, ngettext, noop
from sessions_app.models import FlowSession
from sessions_app.progress import open_required
from sessions_app.representation import session_detail_json
from sessions_app.text import visible
from stages_app.cli.lines import deliverables, item_lines, items_done, stage_line
from stages_app.standing import reasons, stage_reason, standing

FORKS_SHOWN = 5

_OPERATIONS = {
    "start": noop("Start this session"),
    "resume": noop("Continue this session"),
    "pause": noop("Pause this session"),
    "complete": noop("Complete this session"),
    "reopen": noop("Reopen this session"),
    "abort": noop("Abort this session"),
}
"""What the page offers, in this order; marking as failed is rarely what one looks for here."""


def show(call: Call) -> None:
    """``show [<session>]``"""
    chosen = call.chosen_session()
    data = session_detail_json(chosen.flow_session, reveal=call.reveals(chosen.flow_session))
    call.show(lambda: data, lambda: _lines(call, chosen, data))


def _lines(call: Call, chosen: Chosen, data: Mapping[str, Any]) -> Iterable[str]:
    flow_session, stages = chosen.flow_session, data["stages"]
    why = reasons(flow_session)
    yield _("📋 Workflow session: {id} ({name})").format(id=flow_session.pk, name=visible(data["name"]))
    yield from chosen_lines(chosen)
    yield ""
    yield _("Basic facts:")
    yield from facts(flow_session, data["tags"], why)
    yield from _savepoints(call, flow_session)
    yield ""
    yield _("Progress of the stages:")
    yield from (stage_line(stage, stage_reason(stage, why)) for stage in stages)
    yield from current_stage(flow_session, stages)
    yield ""
    yield _("Operations:")
    yield from _operations(call, flow_session)


def facts(flow_session: FlowSession, tags: Iterable[str], why: Mapping[str, str]) -> Iterable[str]:
    """The lines about the session itself; ``why`` tells why it and its stages stand where they stand."""
    workflow = flow_session.published.definition
    told = {
        _("Workflow"): f"{workflow.id} ({visible(localised(workflow.name))})",
        _("State"): standing(flow_session, why),
        _("Created"): moment(flow_session.created_at),
        _("Last update"): moment(flow_session.updated_at),
        _("Tags"): visible(", ".join(tags)),
    }
    return (fact(name, value) for name, value in told.items() if value)


def _savepoints(call: Call, flow_session: FlowSession) -> Iterable[str]:
    """Where it came from as a fork, what went on from it, and what it can be put back to."""
    kept = kept_of(call.actor, flow_session, savepoints=1, forks=FORKS_SHOWN)
    if flow_session.forked_from:
        yield fact(_("Forked from"), visible(flow_session.forked_from))
    if forks := [fork.pk for fork in kept.forks]:
        yield fact(_("Forks"), ", ".join(forks[:FORKS_SHOWN]) + (", …" if len(forks) > FORKS_SHOWN else ""))
    for newest in kept.savepoints:
        told = ngettext("{count}: {newest} ({taken})", "{count}, the newest {newest} ({taken})", kept.total)
        yield fact(_("Savepoints"), told.format(count=kept.total, newest=newest.pk, taken=taken(newest)))


def current_stage(flow_session: FlowSession, stages: list[dict[str, Any]]) -> Iterable[str]:
    """The stages that are being worked on, first the one that commands mean; else the one that comes next."""
    begun = [stage for stage in stages if stage["status"] in (machine.ACTIVE, machine.PAUSED)]
    current = [stage for stage in stages if stage["stage_id"] == flow_session.current_stage_id]
    shown = sorted(begun or current, key=lambda stage: stage not in current)
    for place, stage in enumerate(shown):
        yield ""
        yield _("Also under way: {stage}").format(stage=stage["stage_id"]) if place else _("Current stage:")
        yield fact(_("Name"), visible(stage["name"]))
        yield fact(_("Begun"), moment(stage["started_at"]) if stage["started_at"] else _("not yet"))
        if stage["items"]:
            yield fact(_("Items done"), items_done(stage))
        yield from item_lines(stage)
        handed_in = list(deliverables(stage, flow_session.published.definition.stage(stage["stage_id"])))
        if handed_in:
            yield fact(_("Deliverables"), "").rstrip()
        yield from (f"  {tick(given)} {name}" for given, name in handed_in)


def _operations(call: Call, flow_session: FlowSession) -> Iterable[str]:
    allowed = machine.allowed_verbs(machine.SESSION_RULES, flow_session.status)
    if open_required(flow_session.published, flow_session.stage_states):
        allowed = [verb for verb in allowed if verb != "complete"]
    for verb, label in _OPERATIONS.items():
        if verb in allowed:
            needed = ["--reason", _("<reason>")] if machine.SESSION_RULES[verb].reason_required else []
            yield fact(_(label), call.command("session", verb, flow_session.pk, *needed))
    if not allowed:
        yield fact(_("Begin anew"), call.command("session", "create", flow_session.workflow_id))
