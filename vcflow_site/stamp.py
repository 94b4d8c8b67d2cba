"""The stamp in the database: which migrations it has had, and which vcflow completed its set-up.

Looking at it is one query; the migration loader would cost each command a multiple of its work.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from sessions_app import storage
from sessions_app.exceptions import StorageFailed
from sessions_app.models import SchemaStamp
from vcflow_site import __version__

OUR_APPS = ("sessions_app", "stages_app", "status_bridge")
"""Those with tables."""


def is_complete() -> bool:
    """Whether the database has this code's schema and everything that the set-up puts into it."""
    if not database_exists():
        return False
    try:
        return read() == _expected()
    except DatabaseError as error:
        failure = storage.translate(error)
        if isinstance(failure, StorageFailed):  # such as a missing table: a closer look tells what is the matter
            return False
        raise failure from error


def read() -> tuple[str, str] | None:
    """The digest of the migrations and the version that completed the set-up (empty: none did)."""
    return SchemaStamp.objects.filter(pk=1).values_list("digest", "version").first()


def mark_complete() -> None:
    """Note that this version's set-up came to its end."""
    _write(*_expected())


def mark_migrated(*, using: str, **_signal: Any) -> None:
    """Note which of our migrations the database has; receives ``post_migrate``."""
    # Only a migration pays for the import.
    from django.db.migrations.recorder import MigrationRecorder

    applied = [key for key in MigrationRecorder(connections[using]).applied_migrations() if key[0] in OUR_APPS]
    if applied:
        _write(_digest(applied), "", using)


def database_file() -> Path | None:
    """SQLite's file; None for PostgreSQL and for a database in memory."""
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite's own
        return None
    return Path(connection.settings_dict["NAME"])


def database_exists() -> bool:
    """False when SQLite's file is missing; a server's database is taken to exist."""
    file = database_file()
    return file is None or file.exists()


def _write(digest: str, version: str, using: str = "default") -> None:
    SchemaStamp.objects.using(using).update_or_create(
        pk=1, defaults={"digest": digest, "version": version, "updated_at": timezone.now()}
    )


def _expected() -> tuple[str, str]:
    return _digest((app, name) for app in OUR_APPS for name in _migration_names(app)), __version__


def _migration_names(app: str) -> list[str]:
    folder = os.path.join(apps.get_app_config(app).path, "migrations")
    stems = (os.path.splitext(name) for name in os.listdir(folder))
    return [stem for stem, extension in stems if extension == ".py" and not stem.startswith("_")]


def _digest(migrations: Iterable[tuple[str, str]]) -> str:
    return hashlib.sha256("\n".join(f"{app}.{name}" for app, name in sorted(migrations)).encode()).hexdigest()
