"""``flow backup create``, ``list``, ``verify`` and ``restore``: for whoever holds the data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from sessions_app.cli.call import Call, Step
from sessions_app.cli.changes import next_lines
from sessions_app.cli.interrupts import heed, orderly_end
from sessions_app.cli.table import Column, table
from sessions_app.cli.words import fact, moment
from sessions_app.exceptions import FlowError, NotAllowed
from sessions_app.language import gettext as _
from sessions_app.language import ngettext, noop
from sessions_app.masking import shown
from sessions_app.text import visible
from vcflow_site import provision, stamp
from vcflow_site.backups import archive, making, restoring, schedule
from vcflow_site.backups.making import Backup
from vcflow_site.backups.manifest import EVENTS, SESSIONS
from vcflow_site.bootstrap import ensure_ready
from vcflow_site.provision import State

_KINDS = {"hand": noop("by hand"), "schedule": noop("scheduled"), "restore": noop("before a restore")}
_ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@orderly_end()
def create(call: Call) -> None:
    """``create [-o <path>]``"""
    if not stamp.is_complete() and provision.find_state() is not State.OUTDATED:
        ensure_ready(call.announce)  # an older database can be copied before it is brought up to date
    _refuse_others(call)
    backup = making.create(call.args.output, say=lambda message: _say(call, message))
    name = _name(backup)
    steps = call.commands(
        [
            Step(["backup", "verify", name], _("check it by restoring it for a trial")),
            Step(["backup", "list"], _("list the backups")),
        ]
    )
    done = "✅ " + _("Backup made: {file}").format(file=visible(str(backup.path)))
    call.terminal.remember_done(done, call.command("backup", "list"))
    call.show(lambda: {**_data(backup), "next": steps}, lambda: [done, *_facts(backup), *next_lines(steps)])


def list_backups(call: Call) -> None:
    """``list``"""
    found = making.list_backups(settings.VCFLOW_BACKUP_FOLDER)
    if trouble := _trouble(found):
        call.warn(trouble, code="backup-missing")
    call.show(lambda: [_data(backup) for backup in found], lambda: _list_lines(call, found))


@orderly_end()
def verify(call: Call) -> None:
    """``verify <file>``"""
    with archive.opened(archive.find(call.args.file)) as opened:
        found = restoring.verify(opened, lambda message: _say(call, message))
        backup = Backup(opened.path, opened.size, opened.manifest)
    if not opened.manifest.is_authentic:
        call.warn(restoring.unproven(), code="backup-warning")
    steps = call.commands([Step(["backup", "restore", _name(backup)], _("put it in the place of the database"))])
    done = "✅ " + _("The backup is sound: {file}").format(file=visible(str(opened.path)))
    call.show(
        lambda: {**_data(backup), **found, "next": steps},
        lambda: [
            done,
            *_facts(backup),
            fact(_("Compared"), _("tables {tables}, rows {rows}").format(tables=found["tables"], rows=found["rows"])),
            *next_lines(steps),
        ],
    )


@orderly_end()
def restore(call: Call) -> None:
    """``restore <file> [--force]``"""
    if call.args.as_user is not None:
        ensure_ready(call.announce)
    _refuse_others(call)
    with archive.opened(archive.find(call.args.file)) as opened:
        done = restoring.restore(opened, lambda message: _say(call, message), force=call.args.force)
        backup = Backup(opened.path, opened.size, opened.manifest)
    for warning in done.warnings:
        call.warn(warning, code="backup-warning")
    steps = call.commands([Step(["session", "list", "--all"], _("list the sessions"))])
    told = "✅ " + _("Restored: {file}").format(file=visible(str(opened.path)))
    call.terminal.remember_done(told, call.command("session", "list", "--all"))
    kept = visible(str(done.kept)) if done.kept else _("nothing was there")
    call.show(
        lambda: {
            **_data(backup),
            "kept": str(done.kept) if done.kept else None,
            "warnings": done.warnings,
            "next": steps,
        },
        lambda: [told, *_facts(backup), fact(_("What was replaced"), kept), *next_lines(steps)],
    )


def _refuse_others(call: Call) -> None:
    """Who holds the data may do this, and so may administrators for whom they do it."""
    if call.args.as_user is not None and not call.actor.rights.is_admin:
        raise NotAllowed(
            _("{user} may not make or restore backups.").format(user=call.actor.username),
            fix=_("Ask an administrator."),
            user=call.actor.username,
        )


def _trouble(found: list[Backup]) -> str:
    """What is the matter with the schedule, if there is one; a database that isn't there has no say."""
    if schedule.every() is None:
        return ""
    try:
        return schedule.trouble(found) if stamp.is_complete() else ""
    except (DatabaseError, FlowError) as error:
        return _("The database can't be asked about scheduled backups: {error}").format(error=error)


def _say(call: Call, message: str) -> None:
    heed()
    call.terminal.diagnose({"severity": "info", "code": "backup", "message": message}, as_json=call.json)
    call.terminal.err.flush()


def _name(backup: Backup) -> str:
    """How a command names it."""
    return backup.path.name if backup.path.parent == settings.VCFLOW_BACKUP_FOLDER else str(backup.path)


def _data(backup: Backup) -> dict[str, Any]:
    manifest = backup.manifest
    return {
        "file": str(backup.path),
        "size": backup.size,
        "created_at": backup.created_at,
        "kind": manifest.kind if manifest else None,
        "engine": manifest.engine if manifest else None,
        "vcflow": manifest.vcflow if manifest else None,
        "sessions": manifest.rows(SESSIONS) if manifest else None,
        "events": manifest.rows(EVENTS) if manifest else None,
        "authentic": manifest.is_authentic if manifest else None,
        "problem": backup.problem or None,
    }


def _facts(backup: Backup) -> Iterable[str]:
    manifest = backup.manifest
    assert manifest is not None
    yield fact(_("Made"), f"{moment(manifest.created_at, seconds=True)} ({_(_KINDS[manifest.kind])})")
    yield fact(_("Content"), _content(backup))
    yield fact(_("Engine"), f"{_ENGINES[manifest.engine]}, vcflow {visible(manifest.vcflow)}")
    yield fact(_("Size"), _size(backup.size))


def _content(backup: Backup) -> str:
    data = _data(backup)
    return _("sessions {sessions}, events {events}").format(sessions=data["sessions"], events=data["events"])


def _list_lines(call: Call, found: list[Backup]) -> Iterable[str]:
    if not found:
        yield _("There is no backup in {folder}.").format(folder=visible(str(settings.VCFLOW_BACKUP_FOLDER)))
        yield _("Make one: {command}").format(command=call.command("backup", "create"))
        return
    columns = [
        Column(_("File")),
        Column(_("Time")),
        Column(_("Engine")),
        Column(_("Version")),
        Column(_("Content"), gives=True),
        Column(_("Size")),
        Column(_("Kind")),
    ]
    yield from table(columns, [_cells(backup) for backup in found], width=call.terminal.width)
    for backup in found:
        if backup.problem:
            yield ""
            yield "❌ " + shown(backup.problem)
    yield ""
    yield ngettext("Total: {count} backup", "Total: {count} backups", len(found)).format(count=len(found))


def _cells(backup: Backup) -> list[str]:
    name, time, size = visible(backup.path.name), moment(backup.created_at), _size(backup.size)
    manifest = backup.manifest
    if manifest is None:
        return [f"❌ {name}", time, "-", "-", _("can't be used"), size, "-"]
    made = _(_KINDS[manifest.kind])
    return [name, time, _ENGINES[manifest.engine], visible(manifest.vcflow), _content(backup), size, made]


def _size(size: int) -> str:
    """Bytes in a unit that people read."""
    amount, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
