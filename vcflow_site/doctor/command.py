"""``flow doctor``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sessions_app.checkups import ERROR, Finding
from sessions_app.cli.call import Call
from sessions_app.cli.words import tick
from sessions_app.exceptions import FlowError
from sessions_app.language import gettext as _
from sessions_app.lookup import find_session
from sessions_app.text import visible
from vcflow_site.backups import archive
from vcflow_site.doctor.against import newest_backup
from vcflow_site.doctor.running import Report, Round


def examine(call: Call) -> None:
    """``doctor [--session <session>]… [--fix] [--against <backup>]``"""
    args = call.args
    session_ids = [find_session(call.actor, each).pk for each in args.sessions] or None
    backup = archive.find(args.against) if args.against is not None else newest_backup()
    doctor = Round(call.actor, lambda message: _say(call, message), fix=args.fix)
    report = doctor.look(session_ids, backup)
    call.show(report.as_dict, lambda: _lines(report, backup))
    _refuse(report)


def _say(call: Call, message: str) -> None:
    call.terminal.diagnose({"severity": "info", "code": "progress", "message": message}, as_json=call.json)


def _lines(report: Report, backup: Path | None) -> Iterable[str]:
    for tally in report.tallies.values():
        line = _("{name}: looked at {checked}, found {findings}").format(
            name=tally.name, checked=tally.checked, findings=tally.findings
        )
        yield f"{tick(not tally.findings)} {line}"
    if backup is None:
        yield _("There is no backup to compare with: a log that was rewritten as a whole can't be told.")
    else:
        yield _("Compared with the backup {file}.").format(file=visible(backup.name))
    for done in report.fixed:
        yield _("Mended: {what}").format(what=visible(done))
    for finding in report.findings:
        yield from _finding_lines(finding)
    hidden = report.count - len(report.findings)
    if hidden:
        yield _("… and {count} more.").format(count=hidden)


def _finding_lines(finding: Finding) -> Iterable[str]:
    sign = "❌" if finding.severity == ERROR else "⚠️"
    more = " " + _("(and {count} more of the kind)").format(count=finding.more) if finding.more else ""
    yield f"{sign} {finding.check}: {visible(finding.message)}{more}"
    yield f"   {visible(finding.fix)}"


def _refuse(report: Report) -> None:
    """Raise unless all is well: exit status 1."""
    if not report.count:
        return
    first = report.findings[0]
    raise FlowError(
        _("What the doctor found: {count}; the first: {first}").format(count=report.count, first=first.message),
        fix=first.fix,
        code="doctor-findings",
        findings=report.count,
    )
