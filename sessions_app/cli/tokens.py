"""``token create``, ``list`` and ``revoke``."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from sessions_app import tokens
from sessions_app.cli.call import Call
from sessions_app.cli.table import Column, table
from sessions_app.cli.words import fact, moment
from sessions_app.language import gettext as _
from sessions_app.language import ngettext, noop
from sessions_app.lookup import find_workflow
from sessions_app.models import ApiToken
from sessions_app.text import visible

_STATES = {"active": noop("active"), "expired": noop("expired"), "revoked": noop("revoked")}


def create(call: Call) -> None:
    """``create <name>``"""
    args = call.args
    row, text = tokens.create_token(
        call.actor,
        args.name,
        scopes=args.scope,
        team=args.team,
        workflow=None if args.workflow is None else find_workflow(args.workflow).pk,
        agent=args.agent,
        lifetime=None if args.expires_in is None else tokens.parse_lifetime(args.expires_in),
    )
    told = _("The token {id} was made, but nobody has seen it.").format(id=row.token_key)
    call.terminal.remember_done(told, _command(call, "revoke", row.token_key))
    call.show(lambda: {**tokens.token_json(row), "token": text}, lambda: _created_lines(call, row, text))


def _created_lines(call: Call, row: ApiToken, text: str) -> Iterable[str]:
    yield "✅ " + _("Token made: {name} ({id})").format(name=visible(row.name), id=row.token_key)
    yield ""
    yield f"  {text}"
    yield ""
    yield _("It is shown this once; keep it like a password.")
    yield from _facts(row)
    yield ""
    yield _("Use it so:")
    yield f'  curl -H "Authorization: Bearer {text}" http://127.0.0.1:8000/api/v1/sessions/'
    yield _("End it: {command}").format(command=_command(call, "revoke", row.token_key))


def _facts(row: ApiToken) -> Iterable[str]:
    facts = {
        _("User"): row.user.get_username(),
        _("Scopes"): ", ".join(row.scopes),
        _("Team"): row.team.name if row.team else "",
        _("Workflow"): row.workflow_id or "",
        _("Valid until"): moment(row.expiry) if row.expiry else "",
    }
    return (fact(name, visible(value)) for name, value in facts.items() if value)


def list_tokens(call: Call) -> None:
    """``list``"""
    rows = list(tokens.list_tokens(call.actor, all_users=call.args.all))
    call.show(lambda: [tokens.token_json(row) for row in rows], lambda: _list_lines(call, rows))


def _list_lines(call: Call, rows: list[ApiToken]) -> Iterable[str]:
    if not rows:
        yield _("There is no token yet.")
        yield _("Make one: {command}").format(command=_command(call, "create", _("<name>")))
        return
    columns = [
        Column(_("ID")),
        Column(_("Name"), gives=True),
        Column(_("User"), gives=True),
        Column(_("Scopes"), gives=True),
        Column(_("State")),
        Column(_("Valid until")),
        Column(_("Last used")),
    ]
    yield from table(columns, [_cells(row) for row in rows], width=call.terminal.width)
    yield ""
    yield ngettext("Total: {count} token", "Total: {count} tokens", len(rows)).format(count=len(rows))


def _cells(row: ApiToken) -> list[str]:
    return [
        row.token_key,
        visible(row.name),
        visible(row.user.get_username()),
        ", ".join(row.scopes),
        _(_STATES[row.state]),
        moment(row.expiry) if row.expiry else "-",
        moment(row.last_used_at) if row.last_used_at else "-",
    ]


def revoke(call: Call) -> None:
    """``revoke <id>``"""
    row, changed = tokens.revoke_token(call.actor, call.args.token, abbreviated=True)
    done = "✅ " + _("Revoked: {name} ({id})")
    told = (done if changed else _("{name} ({id}) was revoked already.")).format(
        name=visible(row.name), id=row.token_key
    )
    call.terminal.remember_done(told, _command(call, "list"))
    call.show(lambda: {**tokens.token_json(row), "changed": changed}, lambda: [told])


def _command(call: Call, *words: str) -> str:
    return " ".join([call.program, "token", *map(shlex.quote, words)])
