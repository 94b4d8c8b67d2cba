"""``flow item`` and ``flow deliverable``: work inside a stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sessions_app.change import Outcome
from sessions_app.cli.call import Call
from sessions_app.cli.changes import Report, change
from sessions_app.cli.values import pairs
from sessions_app.language import gettext as _
from sessions_app.language import ngettext, noop
from sessions_app.models import FlowSession
from sessions_app.representation import session_json
from sessions_app.text import visible
from stages_app.cli.stages import StageReport
from stages_app.models import StageInstance, StageItem
from stages_app.representation import added_item_json
from stages_app.services import StageInstanceManager


class ItemsReport(StageReport):
    """A change of what a stage has: how many items are still open is told too."""

    def sentence(self, result: StageInstance, outcome: Outcome) -> str:
        left = sum(not item.is_done for item in result.items.all())
        open_items = ngettext("{count} item open", "{count} items open", left).format(count=left)
        return f"{super().sentence(result, outcome)} · {open_items}"

    def unchanged(self, result: StageInstance) -> str:
        return _("Nothing changed in the stage {stage} of {session}.").format(
            stage=result.stage_id, session=result.session_id
        )


class AddedItemReport:
    """A change whose result is a new item."""

    def session(self, result: StageItem) -> FlowSession:
        return result.stage_instance.session

    def data(self, result: StageItem) -> dict[str, Any]:
        return {**added_item_json(result), "session": session_json(result.stage_instance.session)}

    def sentence(self, result: StageItem, outcome: Outcome) -> str:
        return "✅ " + _("Added to {stage}: {number}. {text}").format(
            stage=result.stage_instance.stage_id, number=result.number, text=visible(result.display_text)
        )


def _work(call: Call, verb: Callable[[StageInstanceManager, str], Any], report: Report) -> None:
    """Do ``verb``, given the id of the attempt that is meant."""

    def perform(manager: StageInstanceManager, session_id: str) -> Any:
        return verb(manager, manager.locate_instance(session_id, call.args.stage).pk)

    change(call, StageInstanceManager, perform, report)


def done(call: Call) -> None:
    """``item done <item>…``"""
    report = ItemsReport(noop("Ticked in {stage} ({name})"))
    _work(call, lambda manager, key: manager.complete_item(key, *call.args.items), report)


def undo(call: Call) -> None:
    """``item undo <item>…``"""
    report = ItemsReport(noop("Open again in {stage} ({name})"))
    _work(call, lambda manager, key: manager.reopen_item(key, *call.args.items), report)


def add(call: Call) -> None:
    """``item add TEXT``"""
    required = not call.args.optional
    _work(call, lambda manager, key: manager.add_item(key, call.args.text, required=required), AddedItemReport())


def deliver(call: Call) -> None:
    """``deliverable add k=v…``"""
    # In its place, so that an idempotency key covers what the files say.
    values = call.args.deliverables = pairs(call.args.deliverables, files=True)
    report = ItemsReport(noop("Handed in for {stage} ({name})"))
    _work(call, lambda manager, key: manager.add_deliverables(key, values), report)
