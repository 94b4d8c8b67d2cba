"""``webhook create``, ``list``, ``show``, ``update``, ``rotate`` and ``delete``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sessions_app.actors import local_actor
from sessions_app.cli import values
from sessions_app.cli.call import Call, Step
from sessions_app.cli.changes import next_lines
from sessions_app.cli.table import Column, table
from sessions_app.cli.words import fact, moment
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.masking import mask_text, shown
from sessions_app.text import visible
from status_bridge import subscriptions
from status_bridge.models import Reach, Subscription
from status_bridge.subscription_json import masked_url, subscription_json
from status_bridge.subscription_standing import MOST_COUNTED, PARKED, STATES, state_of, why

OFFERED = 50


def webhook_ids(prefix: str) -> Iterable[str]:
    """The ids that a shell may offer."""
    seen = Subscription.objects.visible_to(local_actor(door="cli"))
    return seen.filter(pk__startswith=prefix).values_list("pk", flat=True)[:OFFERED]


def create(call: Call) -> None:
    """``create <name> <url>``"""
    args = call.args
    given = {"kind": args.kind, **_settings(call)}
    row, secret = subscriptions.create(call.actor, name=args.name, url=args.url, **given)
    told = _("The webhook {id} was made, but nobody has seen its secret.").format(id=row.pk)
    call.terminal.remember_done(told, call.command("webhook", "rotate", row.pk))
    steps = [*_first_steps(row, secret), *_steps(row)]
    call.show(
        lambda: {**subscription_json(row), "secret": secret, "next": call.commands(steps)},
        lambda: [
            "✅ " + _("Webhook made: {name} ({id})").format(name=shown(row.name), id=row.pk),
            *_secret_lines(secret),
            *_facts(row),
            *_signature_lines(secret),
            *next_lines(call.commands(steps)),
        ],
    )


def list_webhooks(call: Call) -> None:
    """``list``"""
    rows = list(subscriptions.list_subscriptions(call.actor))
    call.show(lambda: [subscription_json(row) for row in rows], lambda: _list_lines(call, rows))


def _list_lines(call: Call, rows: list[Subscription]) -> Iterable[str]:
    if not rows:
        yield _("There is no webhook yet.")
        yield _("Make one: {command}").format(command=call.command("webhook", "create", _("<name>"), _("<url>")))
        return
    columns = [
        Column(_("ID")),
        Column(_("Name"), gives=True),
        Column(_("Address"), gives=True),
        Column(_("State")),
        Column(_("Waiting")),
        Column(_("Parked")),
    ]
    yield from table(columns, [_cells(row) for row in rows], width=call.terminal.width)
    for row in rows:
        if row.is_active and why(row):
            yield visible(f"⚠️ {row.pk}: {why(row)}")
    yield ""
    yield ngettext("Total: {count} webhook", "Total: {count} webhooks", len(rows)).format(count=len(rows))


def _cells(row: Any) -> list[str]:
    state = _(STATES[state_of(row)])
    return [row.pk, shown(row.name), visible(masked_url(row.url)), state, counted(row.waiting), counted(row.parked)]


def show(call: Call) -> None:
    """``show <webhook>``"""
    row = subscriptions.find(call.actor, call.args.webhook, abbreviated=True)
    call.show(
        lambda: {**subscription_json(row), "next": call.commands(_steps(row))},
        lambda: [
            _("Webhook: {name} ({id})").format(name=shown(row.name), id=row.pk),
            *_facts(row),
            *next_lines(call.commands(_steps(row))),
        ],
    )


def update(call: Call) -> None:
    """``update <webhook>``"""
    args = call.args
    given = {name: value for name in ("name", "url") if (value := getattr(args, name)) is not None}
    given |= _settings(call)
    if args.own_sessions:
        given["reach"] = Reach.OWN
    if not given:
        raise InvalidInput(_("Nothing is to be changed."), fix=_("Give at least one option: see --help."), code="usage")
    row, changed = subscriptions.update(call.actor, args.webhook, abbreviated=True, **given)
    done = _("Changed: {name} ({id})") if changed else _("{name} ({id}) was so already.")
    told = ("✅ " if changed else "") + done.format(name=shown(row.name), id=row.pk)
    call.terminal.remember_done(told, call.command("webhook", "show", row.pk))
    call.show(
        lambda: {**subscription_json(row), "changed": changed, "next": call.commands(_steps(row))},
        lambda: [told, *_facts(row), *next_lines(call.commands(_steps(row)))],
    )


def rotate(call: Call) -> None:
    """``rotate <webhook>``"""
    row, secret = subscriptions.rotate_secret(call.actor, call.args.webhook, abbreviated=True)
    told = _("The webhook {id} has a new secret, but nobody has seen it.").format(id=row.pk)
    call.terminal.remember_done(told, call.command("webhook", "rotate", row.pk))
    call.show(
        lambda: {**subscription_json(row), "secret": secret},
        lambda: [
            "✅ " + _("New secret: {name} ({id})").format(name=shown(row.name), id=row.pk),
            *_secret_lines(secret),
            _("The one before holds for 24 hours more; until then both sign."),
        ],
    )


def delete(call: Call) -> None:
    """``delete <webhook>``"""
    row = subscriptions.delete(call.actor, call.args.webhook, abbreviated=True)
    told = "✅ " + _("Deleted: {name} ({id})").format(name=shown(row.name), id=row.pk)
    call.terminal.remember_done(told, call.command("webhook", "list"))
    call.show(lambda: subscription_json(row), lambda: [told])


def _settings(call: Call) -> dict[str, Any]:
    """What was given of the options that making and changing share."""
    args = call.args
    given: dict[str, Any] = {
        "events": args.event,
        "options": values.pairs(args.option) or None,
        "secrets": _secrets(args.secret) or None,
        "team": args.team,
        "reach": Reach.ALL if args.all_sessions else None,
        "is_active": args.is_active,
    }
    found = {name: value for name, value in given.items() if value is not None}
    return found if args.workflow is None else {**found, "workflow": args.workflow or None}


def _secrets(words: Iterable[str]) -> dict[str, Any]:
    """The secrets by name.  A file's last line ends in a newline that belongs to none."""
    if not all("=" in word for word in words):
        # What was given without a name is a secret itself, which nobody repeats.
        raise InvalidInput(_("A secret needs its name."), fix=_("Write key=text, or key=@file."), code="usage")
    found = values.pairs(words, files=True)
    return {name: value.strip() if isinstance(value, str) else value for name, value in found.items()}


def _secret_lines(secret: str | None) -> Iterable[str]:
    if secret is not None:
        yield from ["", f"  {secret}", "", _("It is shown this once; keep it like a password.")]


def _signature_lines(secret: str | None) -> Iterable[str]:
    if secret is not None:
        yield ""
        yield _("The receiver checks each message so (Python, pip install standardwebhooks):")
        yield "  from standardwebhooks import Webhook"
        yield "  Webhook(secret).verify(body, headers)"


def _facts(row: Any) -> Iterable[str]:
    facts = {
        _("Kind"): row.kind,
        _("Address"): masked_url(row.url),
        _("Events"): ", ".join(row.events) or _("all"),
        _("Sessions"): _reach(row),
        _("Owner"): row.owner.get_username(),
        _("State"): _(STATES[state_of(row)]),
        _("Why"): why(row) or "",
        _("Waiting"): counted(row.waiting) if row.waiting else "",
        _("Parked"): counted(row.parked) if row.parked else "",
        _("Last delivered"): moment(row.last_success_at) if row.last_success_at else "",
        _("Left alone until"): moment(row.hold_until, seconds=True) if row.hold_until else "",
    }
    return [fact(name, visible(str(value))) for name, value in facts.items() if value]


def _reach(row: Subscription) -> str:
    reached = {
        Reach.OWN: _("those of its owner"),
        Reach.TEAM: _("those of the team {team}").format(team=mask_text(row.team.name) if row.team else ""),
        Reach.ALL: _("all"),
    }[Reach(row.reach)]
    return (
        _("{sessions}, of {workflow} alone").format(sessions=reached, workflow=row.workflow_id)
        if (row.workflow_id)
        else reached
    )


def counted(number: int) -> str:
    """How many, or that they are many."""
    return f"{number}+" if number >= MOST_COUNTED else str(number)


def _first_steps(row: Subscription, secret: str | None) -> Iterable[Step]:
    if secret is not None and row.is_active:
        yield Step(["worker"], _("deliver, unless a worker runs already"))


def _steps(row: Subscription) -> Iterable[Step]:
    """What one would do next with it."""
    if state_of(row) == PARKED:
        yield Step(["webhook", "resume", row.pk], _("try again what is parked"))
    if not row.is_active:
        yield Step(["webhook", "update", row.pk, "--on"], _("turn it on"))
    yield Step(["webhook", "ping", row.pk], _("try whether it is there"))
    yield Step(["webhook", "log", row.pk], _("see what was sent"))
