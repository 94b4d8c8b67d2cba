"""A backup is believed when it was restored: into a scratch database, where everything is looked over.

The other side is :mod:`vcflow_site.backups.scratch`, in a process whose settings lead to that database.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper

from sessions_app import storage
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from vcflow_site.backups import sqlite_copy
from vcflow_site.backups.archive import Archive
from vcflow_site.backups.errors import damaged
from vcflow_site.backups.making import FORGOTTEN, Say, draft_folder

SCRATCH = (sys.executable, "-m", "vcflow_site.backups")
DOCTOR = ("flow", "doctor", "--json")
_NOT_THERE = ("VCFLOW_WORKER", "VCFLOW_SESSION", "VCFLOW_BACKUP_FOLDER")
"""Settings that mean something of here: the scratch database is not to be held against other backups."""

_PREFIX = "vcflow_verify_"
"""Scratch databases have names that begin so, go on with the time in seconds, and end by chance."""


def rehearse(archive: Archive, say: Say) -> dict[str, Any]:
    """Restore the backup into a scratch database and look everything over; what was found there."""
    if archive.manifest.engine == "sqlite":
        with draft_folder(_room()) as folder:
            return rehearse_sqlite(archive, folder / "db.sqlite3", say)
    refuse_without_server(archive)
    with tempfile.TemporaryDirectory() as folder, _scratch_database() as url:
        return _looked_over(archive, _environ(Path(folder), url), say)


def rehearse_sqlite(archive: Archive, file: Path, say: Say) -> dict[str, Any]:
    """The same in ``file``, which is made and stays."""
    say(_("Unpacking the backup …"))
    archive.unpack(sqlite_copy.DATABASE, file)
    with tempfile.TemporaryDirectory() as folder:
        return _looked_over(archive, _environ(Path(folder), f"sqlite:///{file}"), say)


def refuse_without_server(archive: Archive) -> None:
    """A backup of PostgreSQL needs a server."""
    if archive.manifest.engine == "postgresql" and connection.vendor != "postgresql":
        raise InvalidInput(
            _("The backup {file} is of PostgreSQL: to restore it, even for a trial, a server is needed.").format(
                file=archive.path
            ),
            fix=_("Name a PostgreSQL database in VCFLOW_DATABASE_URL, then try again."),
            code="needs-postgresql",
        )


def _looked_over(archive: Archive, environ: Mapping[str, str], say: Say) -> dict[str, Any]:
    say(_("Restoring it into a scratch database, and comparing …"))
    found = _told(archive, [*SCRATCH, str(archive.path.absolute())], environ)
    return {**found, "doctor": doctor(environ, say)}


def doctor(environ: Mapping[str, str], say: Say) -> str:
    """The first fault that the doctor finds in the scratch database: it was so when it was copied.  Empty: none.

    What it only warns of, such as a chore that failed, is no fault of a backup.
    """
    say(_("Asking the doctor …"))
    done = _run([sys.executable, "-m", "vcflow_site", *DOCTOR], environ)
    if not done.returncode:
        return ""
    try:
        findings = json.loads(done.stdout)["data"]["findings"]
    except (ValueError, KeyError, TypeError):
        return _reason(done.stderr or done.stdout)
    return next((str(each["message"]).rstrip(".") for each in findings if each["severity"] == "error"), "")


def _told(archive: Archive, command: list[str], environ: Mapping[str, str]) -> dict[str, Any]:
    """The JSON that a program prints; raises BackupDamaged with its last words unless it ends well."""
    done = _run(command, environ)
    if done.returncode:
        raise damaged(archive.path, _reason(done.stderr or done.stdout))
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def _run(command: list[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=False)  # noqa: S603


def _reason(said: str) -> str:
    last = (said.strip().splitlines() or ["?"])[-1]
    try:
        return str(json.loads(last)["message"]).rstrip(".")
    except (ValueError, KeyError, TypeError):
        return last


def _environ(home: Path, url: str) -> dict[str, str]:
    """As it is here, but for the place; the scratch database runs no worker of PostgreSQL's."""
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_THERE}
    if (settings.VCFLOW_HOME / "webhook_key").exists():  # else asking for it would make one
        kept["VCFLOW_WEBHOOK_KEY"] = str(settings.VCFLOW_WEBHOOK_KEY)
    return {
        **kept,
        "VCFLOW_HOME": str(home),
        "VCFLOW_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "vcflow_site.settings",
    }


def _room() -> Path:
    """Where there is as much room as for a database, if there is such a place."""
    return settings.VCFLOW_HOME if settings.VCFLOW_HOME.is_dir() else Path(tempfile.gettempdir())


@contextmanager
def _scratch_database() -> Iterator[str]:
    """The URL of an empty database on the same server, which is dropped afterwards."""
    name = f"{_PREFIX}{int(time.time())}_{secrets.token_hex(6)}"
    quoted = connection.ops.quote_name(name)
    with closing(connection.copy()) as own, storage.translated(), own.cursor() as cursor:
        _sweep(cursor)
        try:
            cursor.execute(f"CREATE DATABASE {quoted}")  # inside, for who ends us meanwhile
            yield urlunsplit(urlsplit(os.environ["VCFLOW_DATABASE_URL"])._replace(path=f"/{name}"))
        finally:
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")


def _sweep(cursor: CursorWrapper) -> None:
    """Drop those of killed processes: a day old by their names, ours, and nobody is in them."""
    cursor.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        " AND pg_get_userbyid(datdba) = current_user"
        " AND NOT EXISTS (SELECT 1 FROM pg_stat_activity AS busy WHERE busy.datid = pg_database.oid)",
        [_PREFIX],
    )
    for (name,) in cursor.fetchall():
        made_at = name.removeprefix(_PREFIX).partition("_")[0]
        if made_at.isdecimal() and int(made_at) < time.time() - FORGOTTEN:
            with suppress(DatabaseError):  # somebody looks into it after all: the next run tries again
                cursor.execute(f"DROP DATABASE IF EXISTS {connection.ops.quote_name(name)}")
