"""``flow export``: definitions as files of the own format, sessions as bundles."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sessions_app import machine
from sessions_app.bundles.files import write_file
from sessions_app.bundles.writing import Writer
from sessions_app.cli import workflows
from sessions_app.cli.call import Call
from sessions_app.cli.interrupts import heed, orderly_end
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.lookup import checked_status, find_workflow
from sessions_app.models import FlowSession
from sessions_app.querysets import FlowSessionQuerySet
from sessions_app.text import visible

TOLD_EVERY = 5.0
"""Seconds between two lines of progress."""

_SUFFIXES = (".jsonl", ".jsonl.gz")


@orderly_end()
def export(call: Call) -> None:
    """``export [<workflow|session>…]``"""
    args = call.args
    found = [workflows.workflow_or_session(call.actor, name) for name in dict.fromkeys(args.workflows)]
    session_ids = {each.pk for each in found if isinstance(each, FlowSession)}
    if not (session_ids or args.sessions or args.bundle):
        _refuse_selecting(call, is_empty=not found)
        workflows.export(call)
        return
    if args.sessions:
        session_ids |= set(_chosen(call).order_by().values_list("pk", flat=True))
    else:
        _refuse_selecting(call, is_empty=False)
    _write(call, sorted(session_ids), [each.pk for each in found if not isinstance(each, FlowSession)])


def _refuse_selecting(call: Call, *, is_empty: bool) -> None:
    args = call.args
    given = {"--workflow": args.workflow is not None, "--status": args.status, "--all": args.all}
    selecting = ", ".join(option for option, is_given in given.items() if is_given)
    if selecting:
        raise InvalidInput(
            _("{options} can be said only together with --sessions.").format(options=selecting),
            fix=_("Give --sessions too, or leave out {options}.").format(options=selecting),
            code="usage",
        )
    if is_empty or (args.with_secrets and not args.workflows):
        raise InvalidInput(
            _("It is not said what to export."),
            fix=_("Name workflows or sessions, or give --sessions for all that fit --workflow and --status."),
            code="usage",
        )


def _chosen(call: Call) -> FlowSessionQuerySet:
    args = call.args
    rows = FlowSession.objects.visible_to(call.actor)
    if args.workflow is not None:
        rows = rows.filter(workflow_id=find_workflow(args.workflow).pk)
    if args.status:
        return rows.filter(status__in=[checked_status(status) for status in args.status])
    return rows if args.all else rows.filter(status__in=machine.OPEN)


def _write(call: Call, session_ids: list[str], workflow_ids: list[str]) -> None:
    writer = Writer(call.actor, with_secrets=call.args.with_secrets)
    lines = _watched(call, writer, writer.lines(session_ids, workflow_ids))
    if call.args.output is None:
        _refuse_document(call)
        for line in lines:
            call.terminal.write(line.decode())
        return
    path = _target(call.args.output)
    write_file(path, lines)
    call.terminal.remember_done(_("The bundle was written."), str(path))
    call.show(lambda: _data(call, writer, path), lambda: _lines(writer, path))


def _target(output: str) -> Path:
    if output.endswith(_SUFFIXES) and not os.path.isdir(output):
        return Path(output)
    raise InvalidInput(
        _("{file} is no name of a bundle.").format(file=visible(output)),
        fix=_("End it in .jsonl or .jsonl.gz."),
        code="usage",
    )


def _refuse_document(call: Call) -> None:
    if call.json:
        raise InvalidInput(
            _("A bundle is no JSON document."), fix=_("Give a file with -o, or leave --json out."), code="usage"
        )


def _watched(call: Call, writer: Writer, lines: Iterable[bytes]) -> Iterator[bytes]:
    tell = progress(call, _("{count} sessions written …"))
    for line in lines:
        yield line
        tell(writer.counts["sessions"])


def progress(call: Call, text: str) -> Callable[[int], None]:
    """Says beside the answer how far it is, every few seconds; ``text`` has the place ``{count}``."""
    last = time.monotonic()

    def tell(count: int) -> None:
        nonlocal last
        heed()
        now = time.monotonic()
        if now - last >= TOLD_EVERY:
            last = now
            message = text.format(count=count)
            call.terminal.diagnose({"severity": "info", "code": "progress", "message": message}, as_json=call.json)

    return tell


def _data(call: Call, writer: Writer, path: Path) -> dict[str, Any]:
    return {
        "file": str(path),
        "kind": "bundle",
        "secrets": "included" if call.args.with_secrets else "masked",
        **{name: writer.counts[name] for name in ("workflows", "versions", "sessions", "events", "savepoints")},
    }


def _lines(writer: Writer, path: Path) -> Iterable[str]:
    yield "✅ " + _("Written: {file}").format(file=visible(str(path)))
    counts = {name: writer.counts[name] for name in ("sessions", "events", "savepoints", "versions")}
    told = _("sessions {sessions}, events {events}, savepoints {savepoints}, versions of workflows {versions}")
    yield "   " + told.format(**counts)
