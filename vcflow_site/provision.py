"""Making what vcflow needs: data folder, database, bundled workflows, local user, first admin."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model
from django.utils import timezone

from sessions_app import definitions, feed_clock, publishing, storage
from sessions_app.actors import local_actor, local_user
from sessions_app.exceptions import FlowError, StorageFailed
from sessions_app.language import gettext as _
from sessions_app.models import SchemaStamp, WorkflowDefinition
from status_bridge import entries
from vcflow_site import data_folder, plugin_apps, stamp
from vcflow_site.bootstrap import Announce

ADMIN_USERNAME = "admin"
SETUP_LOCK = 0x7663666C6F77
"""The advisory lock on PostgreSQL: the letters of vcflow."""


class DatabaseOutdated(FlowError):
    """The database has an older schema than the code."""

    code = "database-outdated"
    http_status = 503


class DatabaseNewer(FlowError):
    """The database has a schema that this code doesn't know."""

    code = "database-newer"
    http_status = 503


class State(Enum):
    """How the database stands to the code."""

    EMPTY = auto()
    UNFINISHED = auto()  # a first set-up was interrupted
    OUTDATED = auto()
    CURRENT = auto()


def complete(announce: Announce) -> None:
    """Set up an empty database or finish what was interrupted; an older one is left to ``vc init``."""
    with _failures_translated(), _one_at_a_time():
        state = find_state()
        if state is State.OUTDATED:
            raise DatabaseOutdated(
                _("The database was made by an older version of vcflow."),
                fix=_("Bring it up to date with 'vc init'; on SQLite it makes a copy first."),
            )
        _bring_up(state, announce)


class Initialised(NamedTuple):
    """What ``vc init`` found and made; ``copy`` is the SQLite file from before the schema changed."""

    found: State
    copy: Path | None
    admin: User
    admin_is_new: bool


def initialise(announce: Announce) -> Initialised:
    """Whatever the database needs, bringing it up to date included, and the first admin."""
    with _failures_translated(), _one_at_a_time():
        state = find_state()
        copy = back_up() if state is State.OUTDATED else None
        if copy:
            announce(_("A copy of the database is in {path}.").format(path=copy))
        _bring_up(state, announce)
        return Initialised(state, copy, *first_admin())


def bring_up_to_date(announce: Announce) -> State:
    """What a restored database needs, whose backup is there: no copy is made, and no account."""
    with _failures_translated(), _one_at_a_time():
        state = find_state()
        _bring_up(state, announce)
        return state


def find_state() -> State:
    """How the database stands to the code, by its migrations; raises DatabaseNewer if it isn't this code's."""
    tables = connection.introspection.table_names() if stamp.database_exists() else []
    if not tables:
        return State.EMPTY
    has_our_schema = SchemaStamp._meta.db_table in tables
    executor = MigrationExecutor(connection)
    _refuse_foreign(executor.loader.applied_migrations, executor.loader.disk_migrations, has_our_schema)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return State.CURRENT
    return State.OUTDATED if has_our_schema and stamp.read() else State.UNFINISHED


def _refuse_foreign(
    applied: Collection[tuple[str, str]], known: Collection[tuple[str, str]], has_our_schema: bool
) -> None:
    unknown = [key for key in applied if key not in known]
    if has_our_schema:
        # Migrations of other apps may stay behind, such as those of a plugin that was removed.
        unknown = [key for key in unknown if key[0] in stamp.OUR_APPS]
    if unknown or not applied:
        raise DatabaseNewer(
            _("The database was made by a newer version of vcflow, or by another program."),
            fix=_("Update vcflow, or set VCFLOW_HOME or VCFLOW_DATABASE_URL to another place."),
            migrations=[".".join(key) for key in unknown],
        )


def back_up() -> Path | None:
    """A copy of SQLite's file beside it; None for PostgreSQL, which has tools of its own."""
    source = stamp.database_file()
    if source is None:
        return None
    copy = source.with_name(f"{source.name}.{timezone.now():%Y%m%d-%H%M%S-%f}.bak")
    _touch_private(copy)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(copy)])
    return copy


def first_admin() -> tuple[User, bool]:
    """The oldest account that may do everything in the admin; made, without a password, if there is none."""
    users = get_user_model().objects
    found = users.filter(is_superuser=True, is_staff=True, is_active=True).order_by("pk").first()
    if found:
        return found, False
    taken = set(users.filter(username__startswith=ADMIN_USERNAME).values_list("username", flat=True))
    candidates = (ADMIN_USERNAME, *(f"{ADMIN_USERNAME}-{number}" for number in range(2, len(taken) + 2)))
    return users.create_superuser(next(name for name in candidates if name not in taken)), True


def _bring_up(state: State, announce: Announce) -> None:
    if state is not State.CURRENT:
        announce(_progress(state).format(database=stamp.database_file() or connection.settings_dict["NAME"]))
        _make_database_file()
        call_command("migrate", verbosity=0, interactive=False)
    _refuse_gaps()
    feed_clock.settle()
    entries.write_missing_entries()
    if not stamp.is_complete():
        local_user()
        published = publish_bundled()
        if published:
            announce(_("Workflows to start from: {ids}.").format(ids=", ".join(published)))
        stamp.mark_complete()


def _refuse_gaps() -> None:
    """The record of migrations may say that all is there while somebody dropped a table; plugins see to their own."""
    there = set(connection.introspection.table_names())
    known = MigrationLoader(None).migrated_apps - plugin_apps.labels()
    models = (model for label in known for model in _tables_of(label))
    missing = sorted({model._meta.db_table for model in models} - there)
    if missing:
        raise StorageFailed(
            _("The database lacks tables that it once had: {tables}.").format(tables=", ".join(missing)),
            fix=_("Restore a copy of the database from before."),
            tables=missing,
        )


def _tables_of(label: str) -> Iterator[type[Model]]:
    models = apps.get_app_config(label).get_models(include_auto_created=True)
    return (model for model in models if model._meta.can_migrate(connection))


def _progress(state: State) -> str:
    if state is State.EMPTY:
        return _("Setting up the database {database}.")
    if state is State.UNFINISHED:
        return _("Finishing the set-up of the database {database}.")
    return _("Bringing the database {database} up to date.")


def publish_bundled() -> list[str]:
    """Publish the bundled workflows that are missing; one that somebody changed or retired stays as it is."""
    readings = [reading for path in definitions.bundled() for reading in definitions.read_file(path)]
    known = set(WorkflowDefinition.objects.values_list("pk", flat=True))
    missing = [found for reading in readings if (found := reading.definition) and found.id not in known]
    publishing.publish_all(local_actor("setup"), missing)
    return [definition.id for definition in missing]


def _make_database_file() -> None:
    """SQLite would make it readable by everybody; its companions get the same mode."""
    file = stamp.database_file()
    if file and not file.exists():
        _touch_private(file)


def _touch_private(path: Path) -> None:
    with _folder_errors(path.parent):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Only one process sets up a database; the others wait, and then find everything there."""
    data_folder.make_home(settings.VCFLOW_HOME)
    with _server_lock() if connection.vendor == "postgresql" else _file_lock():
        yield


@contextmanager
def _file_lock() -> Iterator[None]:
    """A lock beside SQLite's file, which may be in use with several data folders."""
    file = stamp.database_file()
    folder = file.parent if file else settings.VCFLOW_HOME
    with _folder_errors(folder):
        lock = os.open(folder / ".setup.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


@contextmanager
def _server_lock() -> Iterator[None]:
    """A lock in the database, for the machines that use it share no file; it ends with its connection."""
    with closing(connection.copy()) as own, own.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")  # a set-up takes as long as it takes
        cursor.execute("SELECT pg_advisory_lock(%s)", [SETUP_LOCK])
        yield


@contextmanager
def _folder_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise data_folder.unusable_folder(folder, error) from error


@contextmanager
def _failures_translated() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise storage.translate(error) from error
    except InconsistentMigrationHistory as error:
        raise StorageFailed(
            _("The database's record of its migrations is damaged: {reason}").format(reason=error),
            fix=_("Restore a copy of the database from before."),
        ) from error
