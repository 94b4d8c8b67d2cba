"""``flow doctor``."""

from __future__ import annotations

from collections.abc import Iterable

from sessions_app.checkups import ERROR, Finding, Tally
from sessions_app.cli.call import Call
from sessions_app.cli.table import display_width, pad
from sessions_app.exceptions import FlowError
from sessions_app.language import gettext as _
from sessions_app.lookup import find_session
from sessions_app.text import visible
from vcflow_site.doctor.against import Anchor, named_backup, newest_backup
from vcflow_site.doctor.running import Report, Round

OK, BAD, ODD = "✅", "❌", "⚠️"


def examine(call: Call) -> None:
    """``doctor [--session <session>]… [--fix] [--against <backup>]``"""
    args = call.args
    session_ids = [find_session(call.actor, each).pk for each in args.sessions] or None
    anchor = named_backup(args.against) if args.against is not None else newest_backup()
    for warning in anchor.warnings:
        call.warn(warning, code="backup-warning")
    doctor = Round(call.actor, lambda message: _say(call, message), fix=args.fix)
    report = doctor.look(session_ids, anchor.path)
    call.show(report.as_dict, lambda: _lines(report, anchor))
    _refuse(report)


def _say(call: Call, message: str) -> None:
    call.terminal.diagnose({"severity": "info", "code": "progress", "message": message}, as_json=call.json)


def _lines(report: Report, anchor: Anchor) -> Iterable[str]:
    room = max(map(display_width, report.tallies), default=0)
    digits = max((len(str(tally.checked)) for tally in report.tallies.values()), default=0)
    for tally in report.tallies.values():
        checked = f"{tally.checked:>{digits}}"
        line = _("looked at {checked}, found {findings}").format(checked=checked, findings=tally.findings)
        yield f"{pad(_sign(tally), 2)} {pad(tally.name, room)}  {line}"
    yield from (visible(note) for note in anchor.notes)
    if anchor.path is None:
        yield _("There is no backup to compare with: a log that was rewritten as a whole can't be told.")
    else:
        yield _("Compared with the backup {file}.").format(file=visible(anchor.path.name))
    for done in report.fixed:
        yield _("Mended: {what}").format(what=visible(done))
    for finding in report.findings:
        yield from _finding_lines(finding)
    hidden = report.count - len(report.findings)
    if hidden:
        yield _("… and {count} more.").format(count=hidden)


def _sign(tally: Tally) -> str:
    if not tally.findings:
        return OK
    return BAD if tally.errors else ODD


def _finding_lines(finding: Finding) -> Iterable[str]:
    sign = BAD if finding.severity == ERROR else ODD
    more = " " + _("(and {count} more of the kind)").format(count=finding.more) if finding.more else ""
    yield f"{sign} {finding.check}: {visible(finding.message)}{more}"
    yield f"   {visible(finding.fix)}"


def _refuse(report: Report) -> None:
    """Raise for errors, exit status 1; what is only warned of may be right as it is."""
    first = next((finding for finding in report.findings if finding.severity == ERROR), None)
    if first is None:
        return
    raise FlowError(
        _("What the doctor found: {count}; the first: {first}").format(count=report.count, first=first.message),
        fix=first.fix,
        code="doctor-findings",
        findings=report.count,
    )
