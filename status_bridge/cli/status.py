"""``flow status``: how far a session is, what the status system is told of it; and the overview."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sessions_app.change import Outcome
from sessions_app.cli.call import Call
from sessions_app.cli.changes import change
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.masking import shown
from sessions_app.models import FlowSession
from sessions_app.services import get_session_progress
from stages_app.cli.place import status_lines
from status_bridge.cli.overview import show_overview
from status_bridge.entries import entry_id
from status_bridge.mapping import SESSION_STATUS_MAPPING
from status_bridge.representation import steered_json
from status_bridge.steering import StatusManager, Synced
from status_bridge.words import entry_status


class SteeringReport:
    """A change that the status system asked for."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def session(self, result: FlowSession) -> FlowSession:
        return result

    def data(self, result: FlowSession) -> dict[str, Any]:
        return steered_json(self._call.actor, result)

    def sentence(self, result: FlowSession, outcome: Outcome) -> str:
        status = entry_status(SESSION_STATUS_MAPPING[result.status])
        if not outcome.changed:
            return _("{id} is unchanged: it is {status} already.").format(id=result.pk, status=status)
        return "✅ " + _("{id} ({name}) is {status} now.").format(id=result.pk, name=shown(result.name), status=status)


class SyncReport:
    """An entry that was written anew."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def session(self, result: Synced) -> FlowSession:
        return result.flow_session

    def data(self, result: Synced) -> dict[str, Any]:
        steered = steered_json(self._call.actor, result.flow_session)
        return {**steered, "changes": result.changes, "changed": bool(result.changes)}

    def sentence(self, result: Synced, outcome: Outcome) -> str:
        entry = entry_id(result.flow_session.pk)
        if not result.changes:
            return _("{entry} is unchanged: it says so already.").format(entry=entry)
        return "✅ " + _("{entry} was written anew: {names}.").format(entry=entry, names=", ".join(result.changes))


def status(call: Call) -> None:
    """``status [<session>]``"""
    _refuse_unclear(call)
    args = call.args
    if args.overview:
        show_overview(call)
    elif args.wanted:
        change(
            call,
            StatusManager,
            lambda manager, key: manager.request_status(
                entry_id(key), args.wanted, reason=args.reason, force=args.force
            ),
            SteeringReport(call),
        )
    elif args.sync:
        change(call, StatusManager, lambda manager, key: manager.sync_entry(entry_id(key)), SyncReport(call))
    else:
        _show(call)


def _refuse_unclear(call: Call) -> None:
    """What is asked for is one thing, and takes no options that are another's."""
    args = call.args
    asked = [
        name
        for name, given in {"--overview": args.overview, "--set": args.wanted, "--sync": args.sync}.items()
        if given
    ]
    if len(asked) > 1:
        _refuse(_("{options} contradict each other.").format(options=_(" and ").join(asked)), _("Give one of them."))
    if args.overview and args.session:
        _refuse(_("The overview is of all sessions."), _("Leave the session out, or --overview."))
    if (args.force or args.reason) and not args.wanted:
        _refuse(_("--force and --reason go with --set."), _("Say what the session is to become: --set <status>."))
    if args.idempotency_key is not None and not (args.wanted or args.sync):
        _refuse(_("Nothing is changed that a key could keep from being done twice."), _("Leave --idempotency-key out."))


def _refuse(message: str, fix: str) -> None:
    raise InvalidInput(message, fix=fix, code="usage")


def _show(call: Call) -> None:
    chosen = call.chosen_session()
    progress = get_session_progress(chosen.flow_session.pk, call.actor)
    call.show(
        lambda: {**progress, "chosen_by": chosen.rule},
        lambda: status_lines(chosen, progress, *_entry_lines(progress["status_entry"])),
    )


def _entry_lines(entry: Mapping[str, Any] | None) -> Iterable[str]:
    """How the status system sees the session, and what of it hasn't arrived outside."""
    if entry is None:
        yield _("Status system: it has no entry; write it with --sync.")
        return
    yield _("Status system: {status}").format(status=entry_status(entry["status"]))
    pending = "; ".join(_pending(entry["deliveries"], entry["conflicts"]))
    if pending:
        yield _("   Outside: {what}").format(what=pending)


def _pending(deliveries: Mapping[str, int], conflicts: int) -> Iterable[str]:
    waiting, parked = deliveries["waiting"], deliveries["parked"]
    if waiting:
        yield ngettext("{count} message waits", "{count} messages wait", waiting).format(count=waiting)
    if parked:
        yield ngettext("{count} message is parked", "{count} messages are parked", parked).format(count=parked)
    if conflicts:
        yield ngettext("{count} conflict is open", "{count} conflicts are open", conflicts).format(count=conflicts)
