"""``flow stage claim``, ``heartbeat`` and ``release``: who works on a stage."""

from __future__ import annotations

from typing import Any

from sessions_app.change import Outcome
from sessions_app.cli.call import Call
from sessions_app.cli.changes import change
from sessions_app.cli.words import moment
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.masking import shown
from sessions_app.representation import session_json
from stages_app.cli.stages import StageReport
from stages_app.models import StageInstance
from stages_app.representation import claimed_json, heartbeat_json
from stages_app.services import StageInstanceManager


class ClaimReport(StageReport):
    """A claim: its number is what the holder needs from then on."""

    def data(self, result: StageInstance) -> dict[str, Any]:
        return {**claimed_json(result), "session": session_json(result.session)}

    def sentence(self, result: StageInstance, outcome: Outcome) -> str:
        told = _("{holder} holds {stage} of {session} until {time}.") if outcome.changed else _held_on()
        lines = [told.format(**_words(result))]
        lines.append(
            "   "
            + _("Name this lease with every change: --lease {token}, or VCFLOW_LEASE={token}").format(
                token=result.lease_token
            )
        )
        return ("✅ " if outcome.changed else "") + "\n".join(lines)


class ReleaseReport(StageReport):
    """The end of a lease."""

    def unchanged(self, result: StageInstance) -> str:
        return _("Nobody holds the stage {stage} of {session}.").format(
            stage=result.stage_id, session=result.session_id
        )


def claim(call: Call) -> None:
    """``stage claim [<stage>]``"""
    args = call.args
    options = {"seconds": args.seconds, "holder": args.holder, "take": args.take, "reason": args.reason}

    def verb(manager: StageInstanceManager, key: str) -> StageInstance:
        claimed = manager.claim_stage(key, args.stage, **options)
        call.hold(claimed.lease_token)
        return claimed

    change(call, StageInstanceManager, verb, ClaimReport(""))


def release(call: Call) -> None:
    """``stage release [<stage>]``"""
    change(
        call,
        StageInstanceManager,
        lambda manager, key: manager.release_stage(key, call.args.stage, reason=call.args.reason),
        ReleaseReport(noop("Released: {stage} ({name}) in {session}")),
    )


def heartbeat(call: Call) -> None:
    """``stage heartbeat [<stage>] --lease N``"""
    chosen = call.chosen_session()
    manager = StageInstanceManager(call.actor, lease=call.lease)
    held = manager.heartbeat_stage(chosen.flow_session.pk, call.args.stage)
    call.show(lambda: heartbeat_json(held), lambda: [_held_on().format(**_words(held))])


def _held_on() -> str:
    return _("{holder} holds {stage} of {session} on, until {time}.")


def _words(held: StageInstance) -> dict[str, str]:
    return {
        "holder": shown(held.lease_holder),
        "stage": held.stage_id,
        "session": held.session_id,
        "time": moment(held.lease_expires_at, seconds=True) if held.lease_expires_at else "",
    }
