"""SQLite: one file that is copied while others write, and exchanged while nobody does."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection

from sessions_app import storage
from sessions_app.exceptions import StorageFailed
from sessions_app.language import gettext as _
from vcflow_site.backups import content
from vcflow_site.backups.archive import HEADS
from vcflow_site.backups.errors import InUse
from vcflow_site.backups.layout import CHUNK, Writer
from vcflow_site.backups.manifest import Content, Table

DATABASE = "database.sqlite3.gz"
COMPANIONS = ("-wal", "-shm", "-journal")
PATIENCE = 2.0
"""Seconds that a restore waits for others to let go of the database."""


def copy(source: sqlite3.Connection, writer: Writer, folder: Path) -> Content:
    """Write the database as it is now; ``folder`` is for what passes, and is private."""
    snapshot = folder / "snapshot.sqlite3"
    os.close(os.open(snapshot, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with failures_translated():
        source.execute("VACUUM INTO ?", [str(snapshot)])
        with closing(sqlite3.connect(snapshot, isolation_level=None)) as copied:
            # Nobody else has it, and it is thrown away if this fails.
            copied.execute("PRAGMA synchronous = OFF")
            copied.execute("PRAGMA journal_mode = MEMORY")
            for table in content.PASSING & _tables(copied):
                copied.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
            refuse_corrupt(copied)
            with writer.member(HEADS) as packer:
                heads = content.write_heads(packer, copied.execute(content.HEADS_QUERY))
            applied = copied.execute("SELECT app, name FROM django_migrations ORDER BY id")
            migrations = tuple(f"{app}.{name}" for app, name in applied if app != content.NOT_OURS)
            tables = {name: Table(_count(copied, name)) for name in sorted(_tables(copied))}
    with writer.member(DATABASE) as packer, snapshot.open("rb") as file:
        while data := file.read(CHUNK):
            packer.write(data)
    snapshot.unlink()
    return Content(migrations, tables, heads)


def own_connection() -> sqlite3.Connection:
    """The driver's own of the default connection."""
    connection.ensure_connection()
    raw: sqlite3.Connection = connection.connection
    return raw


def refuse_corrupt(opened: sqlite3.Connection) -> None:
    """Raise unless SQLite finds the database whole and its foreign keys kept."""
    found = [row[0] for row in opened.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
    found += [f"{row[0]} {row[1]} → {row[2]}" for row in opened.execute("PRAGMA foreign_key_check").fetchmany(5)]
    if found:
        raise StorageFailed(
            _("The database is damaged: {faults}.").format(faults="; ".join(found)),
            fix=_("Restore a backup: 'vc flow backup list' shows which there are."),
        )


@contextmanager
def alone(file: Path) -> Iterator[sqlite3.Connection]:
    """The database held so that nobody else reads or writes it; raises InUse if somebody has it open."""
    with failures_translated(), closing(sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)) as held:
        try:
            held.execute("PRAGMA locking_mode = EXCLUSIVE")
            # What the -wal still holds comes into the file; SQLite does that only for one who is alone.
            held.execute("PRAGMA journal_mode = DELETE")
            held.execute("BEGIN EXCLUSIVE")
            held.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            raise InUse(
                _("Somebody else has the database {file} open; nothing was changed.").format(file=file),
                fix=_("Stop the server, the workers and all other commands, then try again."),
                file=str(file),
            ) from error
        yield held


def follow_on(new: Path, old: sqlite3.Connection) -> None:
    """Let the events' numbers go on after those that the replaced database gave: who follows the feed misses none."""
    given = old.execute("SELECT seq FROM sqlite_sequence WHERE name = 'session_events'").fetchone()
    if given:
        with failures_translated(), closing(sqlite3.connect(new)) as opened, opened:
            opened.execute(
                "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'session_events'",
                [given[0]],
            )
            opened.execute(
                "INSERT INTO sqlite_sequence SELECT 'session_events', ? WHERE NOT EXISTS"
                " (SELECT 1 FROM sqlite_sequence WHERE name = 'session_events')",
                [given[0]],
            )


def close_up(new: Path) -> None:
    """Bring all of a new database into its one file, and onto the disk."""
    with failures_translated(), closing(sqlite3.connect(new, isolation_level=None)) as opened:
        opened.execute("PRAGMA journal_mode = DELETE")
        refuse_corrupt(opened)
    _sync(new)


def put_in_place(new: Path, file: Path, *, poison: bool) -> None:
    """Exchange the database for the new one: after a crash either is there, whole.

    Who opened the old one meanwhile waits for its lock; with ``poison`` they find no database in
    it afterwards, and so can't write where nobody would ever read it.
    """
    old = os.open(file, os.O_RDWR) if poison else None
    for name in COMPANIONS:  # beside the new one they would undo it
        file.with_name(file.name + name).unlink(missing_ok=True)
    os.rename(new, file)
    _sync(file.parent)
    if old is not None:
        os.pwrite(old, bytes(100), 0)
        # Not closed: that would drop the locks that SQLite holds on it in this process.


def set_aside(file: Path, name: Path, rename: Callable[[Path, Path], None] = os.rename) -> None:
    """Keep a database that can't be read, with its companions, under another name."""
    for suffix in (*COMPANIONS, ""):
        source = file.with_name(file.name + suffix)
        if source.exists():
            rename(source, name.with_name(name.name + suffix))
    _sync(file.parent)


@contextmanager
def failures_translated() -> Iterator[None]:
    """What the driver raises comes out as errors of ours."""
    with storage.translated(), connection.wrap_database_errors:
        yield


def _tables(opened: sqlite3.Connection) -> set[str]:
    found = opened.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite|_%' ESCAPE '|'"
    )
    return {row[0] for row in found}


def _count(opened: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    where = f" WHERE app <> '{content.NOT_OURS}'" if table == content.MIGRATIONS else ""
    return int(opened.execute(f'SELECT count(*) FROM "{quoted}"{where}').fetchone()[0])  # noqa: S608 - a quoted name


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
