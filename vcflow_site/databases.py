"""Django's settings for the two kinds of database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sessions_app.language import gettext as _

LOCK_WAIT = 20
"""Seconds that a writer waits for another, on either database."""


def sqlite(path: Path) -> dict[str, Any]:
    """A SQLite database that loses nothing and queues its writers instead of refusing them."""
    return {
        "ENGINE": "vcflow_site.sqlite",
        "NAME": path,
        "OPTIONS": {
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
            "timeout": LOCK_WAIT,
            "transaction_mode": "IMMEDIATE",
        },
    }


def parse_database_url(value: str) -> dict[str, Any]:
    """``postgres://…`` or ``sqlite:///path`` as Django's database settings."""
    # Only those who set the variable pay for the import.
    import dj_database_url

    mend = _("Give postgres://user:password@host:port/name or sqlite:////absolute/path.")
    try:
        database: dict[str, Any] = {**dj_database_url.parse(value, conn_max_age=600, conn_health_checks=True)}
    except (ValueError, KeyError) as error:
        raise ValueError(mend) from error
    if database["ENGINE"] == "django.db.backends.postgresql":
        return _with_lock_timeout(database)
    path = absolute(database["NAME"]) if database["ENGINE"] == "django.db.backends.sqlite3" else None
    if path is None:
        raise ValueError(mend)
    return sqlite(path)


def _with_lock_timeout(database: dict[str, Any]) -> dict[str, Any]:
    """PostgreSQL would wait for a lock for ever; of two settings the later holds, so the URL's own wins."""
    options = database.get("OPTIONS", {})
    given = options.get("options", "")
    return {**database, "OPTIONS": {**options, "options": f"-c lock_timeout={LOCK_WAIT}s {given}".strip()}}


def absolute(path: str) -> Path | None:
    """The path with ``~`` resolved; None if it is relative."""
    try:
        resolved = Path(path).expanduser()
    except RuntimeError:  # there is no such user
        return None
    return resolved if resolved.is_absolute() else None
