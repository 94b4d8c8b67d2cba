"""``flow session list``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db.models import Count

from sessions_app import machine
from sessions_app.cli.call import Call
from sessions_app.cli.table import Column, display_width, table
from sessions_app.cli.words import moment
from sessions_app.commands import Placeholder
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.lookup import checked_status, find_workflow
from sessions_app.masking import shown
from sessions_app.models import FlowSession
from sessions_app.querysets import FlowSessionQuerySet
from sessions_app.representation import session_json
from sessions_app.words import session_state

MOST = 1_000_000
ID_WIDTH = 18
"""What a usual id takes (``dev-user-auth-7k3q``), so that lists of short ids don't jump."""

_FIELDS = ("id", "workflow_id", "name", "status", "current_stage_id", "created_at")


class Page(NamedTuple):
    """The sessions shown, and how many fit, are beyond the limit, and have ended."""

    rows: Sequence[FlowSession]
    total: int
    ended: int

    @property
    def beyond(self) -> int:
        return self.total - len(self.rows)


def list_sessions(call: Call) -> None:
    """``list``"""
    page = _page(call)
    call.show(lambda: _data(call, page), lambda: _lines(call, page))


def _page(call: Call) -> Page:
    args = call.args
    if not 1 <= args.limit <= MOST:
        raise InvalidInput(
            _("The limit can't be {limit}.").format(limit=args.limit),
            fix=_("Give a number from 1 to {most}.").format(most=MOST),
            code="usage",
        )
    matching = _matching(call)
    wanted = _wanted(call)
    counts = dict(matching.order_by().values_list("status").annotate(Count("id")))
    rows = matching.filter(status__in=wanted)
    rows = rows.select_related("owner", "team") if call.json else rows.only(*_FIELDS)
    hidden = () if args.status else (status for status in machine.ENDED if status not in wanted)
    return Page(
        list(rows[: args.limit]),
        total=sum(counts.get(status, 0) for status in wanted),
        ended=sum(counts.get(status, 0) for status in hidden),
    )


def _matching(call: Call) -> FlowSessionQuerySet:
    """What the filters but the state leave."""
    args = call.args
    found = FlowSession.objects.visible_to(call.actor)
    if args.workflow is not None:
        found = found.filter(workflow_id=find_workflow(args.workflow).pk)
    if args.mine:
        found = found.filter(owner=call.actor.user)
    return found.search(args.search) if args.search else found


def _wanted(call: Call) -> tuple[str, ...]:
    if call.args.status:
        return tuple(checked_status(status).value for status in call.args.status)
    return (*machine.OPEN, *machine.ENDED) if call.args.all else machine.OPEN


def _data(call: Call, page: Page) -> list[dict[str, Any]]:
    if page.beyond:
        call.warn(_beyond(page), code="not-shown")
    return [session_json(row) for row in page.rows]


def _beyond(page: Page) -> str:
    return ngettext(
        "{count} more is not shown (--limit).", "{count} more are not shown (--limit).", page.beyond
    ).format(count=page.beyond)


def _lines(call: Call, page: Page) -> Iterable[str]:
    if page.rows:
        yield _title(call)
        yield ""
        yield from _table(call, page.rows)
        yield ""
        yield ngettext("Total: {count} session", "Total: {count} sessions", page.total).format(count=page.total)
        yield ""
        yield from _hints(call, page.rows)
    else:
        yield from _nothing(call, page)
    yield from _not_shown(page)


def _title(call: Call) -> str:
    everything_open = not call.args.all and not call.args.status
    return _("✅ Active workflow sessions:") if everything_open else _("Workflow sessions:")


def _table(call: Call, rows: Sequence[FlowSession]) -> list[str]:
    columns = [
        Column(_("ID"), least=ID_WIDTH),
        Column(_("Workflow")),
        Column(_("Name"), gives=True),
        Column(_("State")),
        Column(_("Current stage")),
        Column(_("Created")),
    ]
    return table(columns, [_cells(row) for row in rows], width=call.terminal.width)


def _cells(row: FlowSession) -> list[str]:
    return [
        row.pk,
        row.workflow_id,
        shown(row.name),
        session_state(row.status),
        row.current_stage_id or "-",
        moment(row.created_at),
    ]


def _hints(call: Call, rows: Sequence[FlowSession]) -> Iterable[str]:
    hints = [_("Use '{command}' for the details").format(command=call.command("session", "show", Placeholder("<ID>")))]
    if any(row.status == machine.PAUSED for row in rows):
        command = call.command("session", "resume", Placeholder("<ID>"))
        hints.append(_("Use '{command}' to resume a paused session").format(command=command))
    label = _("Hint: ")
    yield label + hints[0]
    yield from (" " * display_width(label) + hint for hint in hints[1:])


def _nothing(call: Call, page: Page) -> Iterable[str]:
    args = call.args
    if page.ended or args.status or args.workflow or args.mine or args.search:
        yield _("No session fits.")
        return
    yield _("There is no session yet.")
    yield _("Make one: {command}").format(command=call.command("session", "create", _("<workflow>")))
    yield _("The workflows: {command}").format(command=call.command("list"))


def _not_shown(page: Page) -> Iterable[str]:
    ended = ngettext("{count} ended one is not shown (--all).", "{count} ended ones are not shown (--all).", page.ended)
    parts = [_beyond(page)] if page.beyond else []
    parts += [ended.format(count=page.ended)] if page.ended else []
    if parts:
        yield ""
        yield " ".join(parts)
