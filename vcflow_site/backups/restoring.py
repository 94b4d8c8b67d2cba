"""Putting a backup in the place of the database: looked over before, and what it replaces is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model
from django.utils import timezone

from sessions_app import storage
from sessions_app.exceptions import GuardUnmet, InvalidInput, StorageFailed
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.models import FlowSession
from status_bridge.health_deliveries import ALIVE
from status_bridge.models import WorkerBeat
from vcflow_site import __version__, data_folder, provision, stamp
from vcflow_site.backups import content, making, rehearsal, since, sqlite_copy
from vcflow_site.backups.archive import Archive
from vcflow_site.backups.errors import Ailing, BackupUnfit, InUse, damaged
from vcflow_site.backups.making import Say

T = TypeVar("T")
Judge = Callable[[str], None]
"""Told what the doctor found in the backup; raises to end it."""

_UNREADABLE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


class Restored(NamedTuple):
    """How it went: ``kept`` is where that is which was replaced."""

    kept: Path | None
    warnings: list[str]


def verify(archive: Archive, say: Say) -> dict[str, Any]:
    """Check every byte, then rehearse the restore; raises BackupDamaged for whatever is wrong, or Ailing."""
    rehearsal.refuse_without_server(archive)
    refuse_newer(archive)
    say(_("Checking every byte of {file} …").format(file=archive.path.name))
    archive.check()
    found = rehearsal.rehearse(archive, say)
    _refuse_ailing(archive, found["doctor"])
    return found


def restore(archive: Archive, say: Say, *, force: bool = False) -> Restored:
    """Replace the database.

    ``force`` is needed if it holds sessions or can't be read, and for a backup in which the doctor finds something.
    """
    _refuse_other_engine(archive)
    refuse_newer(archive)
    _refuse_loss(force)
    _refuse_workers()
    say(_("Checking every byte of {file} …").format(file=archive.path.name))
    archive.check()
    warnings = [] if archive.manifest.is_authentic else [unproven()]
    replace = _restore_file if connection.vendor == "sqlite" else _restore_tables

    def judge(ailment: str) -> None:
        if not force:
            _refuse_ailing(archive, ailment)
        warnings.extend([_ailing(ailment)] if ailment else [])

    kept = replace(archive, say, judge, warnings)
    warnings.extend(filter(None, [since.note(archive.path)]))
    provision.bring_up_to_date(say)
    for fault in content.chain_faults(archive.manifest.content):
        raise damaged(archive.path, fault)
    return Restored(kept, warnings)


def _refuse_ailing(archive: Archive, ailment: str) -> None:
    if ailment:
        raise Ailing(
            _ailing(ailment) + ".",
            fix=_("Use another backup, or restore it with --force and then ask 'vc flow doctor'."),
            file=str(archive.path),
        )


def _ailing(ailment: str) -> str:
    return _("The backup is just as it was made, but the database was not well then: {what}").format(what=ailment)


def unproven() -> str:
    """The warning that nobody can tell whether the manifest is the one that was written."""
    return _("The key differs: authenticity not checked. The backup was made by an installation with another key.")


def refuse_newer(archive: Archive) -> None:
    """Raise BackupUnfit for a schema that this code doesn't know."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations or ()}
    applied = archive.manifest.content.migrations
    unknown = [name for name in applied if name not in known and name.partition(".")[0] in stamp.OUR_APPS]
    if unknown:
        raise BackupUnfit(
            _("The backup was made by vcflow {theirs}, whose schema this vcflow {ours} doesn't know yet.").format(
                theirs=archive.manifest.vcflow, ours=__version__
            ),
            fix=_("Update vcflow, then try again."),
            migrations=unknown,
        )


def _refuse_other_engine(archive: Archive) -> None:
    theirs = archive.manifest.engine
    if theirs != connection.vendor:
        raise InvalidInput(
            _("The backup is of {theirs}, this installation uses {ours}.").format(
                theirs=theirs, ours=connection.vendor
            ),
            fix=_(
                "Restore it where its engine is used; between engines, move with 'vc flow export' and 'flow import'."
            ),
            code="other-engine",
        )


def _refuse_loss(force: bool) -> None:
    """Raise GuardUnmet unless there is nothing to lose, or ``force`` is given; DatabaseNewer for a foreign one."""
    sessions = _sessions_now()
    if sessions is not None:
        provision.find_state()
    if force or sessions == 0:
        return
    message = (
        _("There is a database that can't be read.")
        if sessions is None
        else ngettext(
            "The database holds {count} session; nothing was changed.",
            "The database holds {count} sessions; nothing was changed.",
            sessions,
        ).format(count=sessions)
    )
    raise GuardUnmet(message, fix=_("Say --force to replace it; what is replaced is kept."), sessions=sessions)


def _sessions_now() -> int | None:
    """How many sessions the present database has; None: it can't be read."""
    return _asked(FlowSession, FlowSession.objects.count, 0)


def _asked(model: type[Model], ask: Callable[[], T], nothing: T) -> T | None:
    """What the present database answers; ``nothing`` if it has no such table, None if it can't be read."""
    if not stamp.database_exists():
        return nothing
    try:
        return ask() if model._meta.db_table in connection.introspection.table_names() else nothing
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF in _UNREADABLE:
            return None
        raise storage.translate(error) from error
    finally:
        connection.close()


def _refuse_workers() -> None:
    """Raise InUse while a worker runs."""
    nobody: list[str] = []
    found = _asked(WorkerBeat, _workers_alive, nobody)
    if found:
        raise InUse(
            _("Workers run: {workers}; nothing was changed.").format(workers=", ".join(found)),
            fix=_("Stop them, and the server; one that was killed is forgotten after half a minute."),
            workers=found,
        )


def _workers_alive() -> list[str]:
    alive = WorkerBeat.objects.filter(seen_at__gt=timezone.now() - ALIVE)
    return [f"{host} {pid}" for host, pid in alive.values_list("host", "pid")]


def _restore_file(archive: Archive, say: Say, judge: Judge, _warnings: list[str]) -> Path | None:
    """SQLite: a new file is made ready beside the present one, and takes its place."""
    file = stamp.database_file()
    assert file is not None
    data_folder.make_home(file.parent)
    with making.draft_folder(file.parent) as folder:
        new = folder / "db.sqlite3"
        judge(rehearsal.rehearse_sqlite(archive, new, say)["doctor"])
        say(_("Putting it in the place of {database} …").format(database=file))
        connection.close()
        if file.exists() and _sessions_now() is not None:
            return _exchange(file, new)
        aside = file.with_name(f"{file.name}.{timezone.now():%Y%m%d-%H%M%S-%f}.unreadable")
        sqlite_copy.close_up(new)
        sqlite_copy.set_aside(file, aside)
        sqlite_copy.put_in_place(new, file, poison=False)
        return aside if aside.exists() else None


def _exchange(file: Path, new: Path) -> Path | None:
    """The same while nobody else can write; what is there is kept first."""
    kept = None
    with sqlite_copy.alone(file) as held:
        if held.execute("SELECT 1 FROM sqlite_master WHERE name = 'session_events'").fetchone():
            kept = making.create(kind="restore", copy=making.copy_held(held)).path
            sqlite_copy.follow_on(new, held)
        sqlite_copy.close_up(new)
        sqlite_copy.put_in_place(new, file, poison=True)
    return kept


def _restore_tables(archive: Archive, say: Say, judge: Judge, warnings: list[str]) -> Path | None:
    """PostgreSQL: all in one transaction, which keeps what is there first."""
    from vcflow_site.backups import postgres_copy

    try:
        judge(rehearsal.rehearse(archive, say)["doctor"])
    except StorageFailed as error:
        if error.code != "read-only":
            raise
        # The transaction itself compares all before it commits.
        warnings.append(_("No scratch database could be made to try it in: {reason}").format(reason=error.message))
    say(_("Putting it in the place of {database} …").format(database=connection.settings_dict["NAME"]))
    kept: list[Path] = []

    def keep(raw: postgres_copy.Raw) -> None:
        made = making.create(kind="restore", copy=lambda writer, _folder: postgres_copy.copy(raw, writer))
        kept.append(made.path)

    postgres_copy.replace(archive, keep)
    return kept[0] if kept else None
