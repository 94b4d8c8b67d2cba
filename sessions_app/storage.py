"""Database errors as errors of ours: locked, full, read-only and broken are told apart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, IntegrityError

from sessions_app.exceptions import Busy, Conflict, FlowError, StorageFailed, StorageFull
from sessions_app.language import gettext as _

_POSTGRES_BUSY = ("55P03", "40P01", "40001", "57014")
_POSTGRES_FULL = ("53100",)
_POSTGRES_FORBIDDEN = ("42501",)
_POSTGRES_READ_ONLY = ("25006",)


def translate(error: BaseException) -> FlowError:
    """The error of ours that a database error means; ``error`` is Django's."""
    cause = _driver_error(error)
    if isinstance(error, IntegrityError):
        return Conflict(
            _("Somebody else changed this at the same moment."),
            fix=_("Look at it again, then repeat what is still right."),
            reason=str(error),
        )
    if _is_full(cause):
        return StorageFull(_("The disk is full: nothing was changed."), fix=_("Free some space, then try again."))
    if _is_busy(cause):
        return Busy(
            _("Somebody else is writing to the database: nothing was changed."),
            fix=_("Try again in a moment."),
        )
    return _refused(cause, _reason(error, cause)) or StorageFailed(
        _("The database failed: {reason}.").format(reason=_reason(error, cause)),
        fix=_("Check that the database is reachable and intact."),
    )


def _refused(cause: BaseException | None, reason: str) -> StorageFailed | None:
    """The database is there, but may not be used like this."""
    unwritable = _("The database can't be written: {reason}.").format(reason=reason)
    if _sqlite_code(cause) == sqlite3.SQLITE_READONLY:
        fix = _("Check the permissions of the data folder and its file system.")
        return StorageFailed(unwritable, fix=fix, code="read-only")
    if _postgres_state(cause) in _POSTGRES_READ_ONLY:
        fix = _("Name a server in VCFLOW_DATABASE_URL that can be written, not a replica.")
        return StorageFailed(unwritable, fix=fix, code="read-only")
    if _postgres_state(cause) in _POSTGRES_FORBIDDEN:
        message = _("The database doesn't allow this to its user: {reason}.").format(reason=reason)
        fix = _("Grant the user the right to it, or name the tables' owner in VCFLOW_DATABASE_URL.")
        return StorageFailed(message, fix=fix, code="read-only")
    return None


def _reason(error: BaseException, cause: BaseException | None) -> str:
    """What the database said; PostgreSQL adds lines with the statement, which are left out."""
    said = getattr(getattr(cause, "diag", None), "message_primary", None)
    return said or str(error).strip() or type(error).__name__


@contextmanager
def translated() -> Iterator[None]:
    """Database errors come out as errors of ours."""
    try:
        yield
    except DatabaseError as error:
        raise translate(error) from error


def _driver_error(error: BaseException) -> BaseException | None:
    """What the driver raised; a migration that fails wraps Django's error in one more."""
    return error.__cause__ or getattr(error.__context__, "__cause__", None)


def _sqlite_code(cause: BaseException | None) -> int:
    code = getattr(cause, "sqlite_errorcode", 0)
    return code & 0xFF if isinstance(cause, sqlite3.Error) else 0


def _postgres_state(cause: BaseException | None) -> str:
    return getattr(cause, "sqlstate", "") or ""


def _is_full(cause: BaseException | None) -> bool:
    return _sqlite_code(cause) == sqlite3.SQLITE_FULL or _postgres_state(cause) in _POSTGRES_FULL


def _is_busy(cause: BaseException | None) -> bool:
    busy = _sqlite_code(cause) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return busy or _postgres_state(cause) in _POSTGRES_BUSY
