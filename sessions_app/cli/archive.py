"""``flow archive``: what ended long ago goes into files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from sessions_app.archiving import Archived, Order, archive_sessions
from sessions_app.cli.call import Call
from sessions_app.cli.interrupts import orderly_end
from sessions_app.cli.transfer import progress
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.lookup import find_workflow
from sessions_app.text import visible
from sessions_app.tokens import parse_lifetime

MOST_LINES = 20


@orderly_end()
def archive(call: Call) -> None:
    """``archive``"""
    args = call.args
    workflow_id = find_workflow(args.workflow).pk if args.workflow is not None else None
    folder = Path(args.output).absolute() if args.output else settings.VCFLOW_ARCHIVE_FOLDER
    order = Order(folder, _older_than(call), workflow_id)
    archived = archive_sessions(order, dry_run=args.dry_run, tell=progress(call, _("{count} sessions archived …")))
    if archived.files:
        call.terminal.remember_done(_count(archived, dry_run=False), str(folder))
    call.show(lambda: {**archived.as_dict(), "dry_run": args.dry_run}, lambda: _lines(archived, dry_run=args.dry_run))


def _older_than(call: Call) -> timedelta:
    if call.args.older_than is not None:
        return parse_lifetime(call.args.older_than)
    if settings.VCFLOW_ARCHIVE_AFTER:
        return timedelta(days=settings.VCFLOW_ARCHIVE_AFTER)
    raise InvalidInput(
        _("It is not said how long ago sessions must have ended."),
        fix=_("Give --older-than, such as 90d, or set VCFLOW_ARCHIVE_AFTER."),
        code="usage",
    )


def _count(archived: Archived, *, dry_run: bool) -> str:
    count = len(archived.sessions)
    if dry_run:
        told = ngettext("{count} session would be archived.", "{count} sessions would be archived.", count)
    else:
        told = ngettext("{count} session was archived.", "{count} sessions were archived.", count)
    return told.format(count=count)


def _lines(archived: Archived, *, dry_run: bool) -> Iterable[str]:
    yield ("" if dry_run else "✅ ") + _count(archived, dry_run=dry_run)
    yield from ("   " + visible(file) for file in archived.files)
    if archived.left:
        yield ""
        yield _("Left alone:")
        left = sorted(archived.left.items())
        yield from (f"- {key}: {visible(reason)}" for key, reason in left[:MOST_LINES])
        if len(left) > MOST_LINES:
            yield "  " + _("… and {count} more").format(count=len(left) - MOST_LINES)
