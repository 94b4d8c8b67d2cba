"""``webhook ping``, ``log``, ``replay``, ``resume`` and ``skip``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from sessions_app.cli.call import Call
from sessions_app.cli.table import Column, table
from sessions_app.cli.words import moment
from sessions_app.exceptions import FlowError, InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.masking import shown
from sessions_app.text import visible
from status_bridge import subscription_deliveries as service
from status_bridge.models import Delivery, DeliveryState, Subscription
from status_bridge.subscription_json import delivery_json, subscription_json
from status_bridge.subscription_standing import DELIVERY_STATES
from status_bridge.subscriptions import find

MOST_SHOWN = 1000


def ping(call: Call) -> None:
    """``ping <webhook>``"""
    noted = service.ping(call.actor, call.args.webhook, abbreviated=True)
    told = service.ping_told(noted)
    if noted.state != DeliveryState.DELIVERED:
        raise FlowError(
            told,
            fix=_("Look at the receiver, then try again; nothing is sent twice by a ping."),
            code="ping-failed",
            kind="webhook",
            webhook_id=noted.subscription_id,
            delivery=noted.pk,
        )
    call.show(lambda: {"arrived": True, "told": told, "delivery": delivery_json(noted)}, lambda: [f"✅ {told}"])


def log(call: Call) -> None:
    """``log <webhook>``"""
    row = find(call.actor, call.args.webhook, abbreviated=True)
    if call.args.delivery is not None:
        found = service.find_delivery(call.actor, row, call.args.delivery)
        call.show(lambda: delivery_json(found, with_body=True), lambda: _delivery_lines(found))
        return
    rows = service.deliveries(
        call.actor, row, state=call.args.state, session=call.args.session, event=call.args.event
    ).defer("body")
    shown_rows = list(rows[: _limit(call.args.limit)])
    call.show(lambda: [delivery_json(each) for each in shown_rows], lambda: _log_lines(call, row, shown_rows))


def _limit(number: int) -> int:
    if 1 <= number <= MOST_SHOWN:
        return number
    raise InvalidInput(
        _("The limit must be a whole number from 1 to {most}.").format(most=MOST_SHOWN),
        fix=_("Leave it out to get {count} rows.").format(count=20),
        code="usage",
    )


def _log_lines(call: Call, row: Subscription, rows: list[Delivery]) -> Iterable[str]:
    if not rows:
        yield _("Nothing was sent, and nothing waits.")
        yield _("Try it: {command}").format(command=call.command("webhook", "ping", row.pk))
        return
    columns = [
        Column(_("Number")),
        Column(_("Created")),
        Column(_("Event")),
        Column(_("Session"), gives=True),
        Column(_("State")),
        Column(_("Result"), gives=True),
    ]
    yield from table(columns, [_cells(each) for each in rows], width=call.terminal.width)
    stuck = next((each for each in reversed(rows) if each.state == DeliveryState.PARKED), None)
    if stuck:
        yield ""
        yield _("Try again what is parked: {command}").format(command=call.command("webhook", "resume", row.pk))
        skipping = call.command("webhook", "skip", row.pk, str(stuck.pk), "--reason", _("<reason>"))
        yield _("Or pass it over: {command}").format(command=skipping)


def _cells(row: Delivery) -> list[str]:
    return [
        str(row.pk),
        moment(row.created_at),
        row.event_type,
        row.session_id or "-",
        _(DELIVERY_STATES[DeliveryState(row.state)]),
        result(row),
    ]


def result(row: Delivery) -> str:
    """How its last attempt went, in a few words."""
    if row.error:
        return shown(row.error)
    if row.state == DeliveryState.DELIVERED and row.duration_ms is not None:
        status = f"HTTP {row.status_code}, " if row.status_code else ""
        return f"{status}{row.duration_ms} ms"
    return "-"


def _delivery_lines(row: Delivery) -> Iterable[str]:
    data = delivery_json(row, with_body=True)
    body = data.pop("body")
    for name, value in data.items():
        if value is not None:
            yield f"- {name}: {visible(moment(value, seconds=True) if isinstance(value, datetime) else str(value))}"
    yield ""
    yield from (visible(line) for line in json.dumps(body, ensure_ascii=False, indent=2).splitlines())


def replay(call: Call) -> None:
    """``replay <webhook> [<number>…] [--since <time>]``"""
    since = None if call.args.since is None else service.parse_since(call.args.since)
    row, count = service.replay(
        call.actor, call.args.webhook, numbers=call.args.deliveries, since=since, abbreviated=True
    )
    told = ngettext("{count} message is sent again.", "{count} messages are sent again.", count).format(count=count)
    _answer(call, row, told, replayed=count)


def resume(call: Call) -> None:
    """``resume <webhook>``"""
    row, count = service.resume(call.actor, call.args.webhook, abbreviated=True)
    told = ngettext(
        "It goes on: the messages of {count} session are tried at once.",
        "It goes on: the messages of {count} sessions are tried at once.",
        count,
    ).format(count=count)
    _answer(call, row, told, resumed=count)


def skip(call: Call) -> None:
    """``skip <webhook> <number> --reason <text>``"""
    row, found = service.skip(
        call.actor, call.args.webhook, call.args.delivery, reason=call.args.reason, abbreviated=True
    )
    told = "✅ " + _("Passed over: {event} of {session} (delivery {number})").format(
        event=found.event_type, session=found.session_id or "-", number=found.pk
    )
    call.terminal.remember_done(told, call.command("webhook", "log", row.pk))
    call.show(lambda: delivery_json(found), lambda: [told])


def _answer(call: Call, row: Subscription, told: str, **done: int) -> None:
    told = f"✅ {told}"
    call.terminal.remember_done(told, call.command("webhook", "log", row.pk))
    call.show(lambda: {**subscription_json(row), **done}, lambda: [told])
