"""The settings that the environment gives, read once and checked at start.

``docs/settings.md`` describes each.  Imports little: every command pays for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from sessions_app import language
from sessions_app.language import gettext as _
from vcflow_site.data_folder import (
    SECRET_KEY_LENGTH,
    ConfigError,
    is_webhook_key,
    stored_secret_key,
)
from vcflow_site.databases import absolute, parse_database_url, sqlite

T = TypeVar("T")
D = TypeVar("D")

NAMES = (
    "VCFLOW_HOME",
    "VCFLOW_SECRET_KEY",
    "VCFLOW_DEBUG",
    "VCFLOW_ALLOWED_HOSTS",
    "VCFLOW_HTTPS",
    "VCFLOW_DATABASE_URL",
    "VCFLOW_LANG",
    "VCFLOW_TIME_ZONE",
    "VCFLOW_LOG_LEVEL",
    "VCFLOW_API_RATE",
    "VCFLOW_WEBHOOK_KEY",
    "VCFLOW_OUTGOING_ALLOW",
    "VCFLOW_WORKER",
    "VCFLOW_PLUGINS_OFF",
    "VCFLOW_BACKUP_EVERY",
    "VCFLOW_BACKUP_KEEP",
    "VCFLOW_BACKUP_FOLDER",
    "VCFLOW_ARCHIVE_AFTER",
    "VCFLOW_ARCHIVE_FOLDER",
    "VCFLOW_SESSION",
    "VCFLOW_LEASE",
)
"""Every variable that vcflow reads; the command line alone reads the last two."""

SECRETS = ("VCFLOW_SECRET_KEY", "VCFLOW_WEBHOOK_KEY", "VCFLOW_DATABASE_URL")
LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
HTTPS_CHOICES = ("0", "1", "proxy")
SECONDS = {"second": 1, "minute": 60, "hour": 60 * 60, "day": 24 * 60 * 60}
WORKERS = ("embedded", "procrastinate")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

CHECKOUT = Path(__file__).resolve().parent.parent


class Config(NamedTuple):
    """What the environment says, in the types that the settings need."""

    home: Path
    secret_key: str
    debug: bool
    allowed_hosts: list[str]
    https: str
    """One of :data:`HTTPS_CHOICES`; empty when nobody said."""
    database: dict[str, Any]
    time_zone: str
    log_level: str
    api_rate: tuple[int, int] | None
    """How many requests a caller has, in how many seconds; None: as many as they like."""
    webhook_key: str
    """Empty: the one in the data folder, which is made when it is needed."""
    outgoing_allow: tuple[str, ...]
    """Addresses, networks and hosts inside that receivers may have."""
    worker: str
    """One of :data:`WORKERS`."""
    plugins_off: tuple[str, ...]
    """The names of plugins that aren't to be loaded."""
    backup_every: int
    """Hours from one scheduled backup to the next; 0: the worker makes none."""
    backup_keep: int
    """How many scheduled backups are kept."""
    backup_folder: Path
    archive_after: int  # days after their end; 0: never
    archive_folder: Path

    @property
    def is_secure(self) -> bool:
        """Whether people reach the server by HTTPS alone."""
        return self.https in ("1", "proxy")

    @property
    def trusted_origins(self) -> list[str]:
        """The origins whose forms are taken, beside the page's own: every host by HTTPS."""
        hosts = [host for host in self.allowed_hosts if host != "*"]
        return [f"https://{'*' if host.startswith('.') else ''}{host}" for host in hosts] if self.is_secure else []


def load(environ: Mapping[str, str]) -> Config:
    """Read and check everything; raises :class:`ConfigError` for the first thing that is wrong."""
    home = find_home(environ)
    _read(environ, "VCFLOW_LANG", _check_language, None)
    database = _read(environ, "VCFLOW_DATABASE_URL", parse_database_url, None)
    return Config(
        home=home,
        secret_key=_read(environ, "VCFLOW_SECRET_KEY", _parse_secret_key, "") or stored_secret_key(home),
        debug=_read(environ, "VCFLOW_DEBUG", _parse_bool, False),
        allowed_hosts=_read(environ, "VCFLOW_ALLOWED_HOSTS", _parse_hosts, LOOPBACK_HOSTS),
        https=_read(environ, "VCFLOW_HTTPS", _parse_https, ""),
        database=database or sqlite(home / "db.sqlite3"),
        time_zone=_read(environ, "VCFLOW_TIME_ZONE", _parse_time_zone, None) or machine_time_zone(environ),
        log_level=_read(environ, "VCFLOW_LOG_LEVEL", _parse_log_level, "DEBUG"),
        api_rate=_read(environ, "VCFLOW_API_RATE", _parse_rate, (600, 60)),
        webhook_key=_read(environ, "VCFLOW_WEBHOOK_KEY", _parse_webhook_key, ""),
        outgoing_allow=_read(environ, "VCFLOW_OUTGOING_ALLOW", _parse_allowed, ()),
        worker=_read_worker(environ, database),
        plugins_off=_read(environ, "VCFLOW_PLUGINS_OFF", _parse_names, ()),
        backup_every=_read(environ, "VCFLOW_BACKUP_EVERY", _parse_period, 0),
        backup_keep=_read(environ, "VCFLOW_BACKUP_KEEP", _parse_keep, 14),
        backup_folder=_read(environ, "VCFLOW_BACKUP_FOLDER", _parse_folder, home / "backups"),
        archive_after=_read(environ, "VCFLOW_ARCHIVE_AFTER", _parse_period, 0),
        archive_folder=_read(environ, "VCFLOW_ARCHIVE_FOLDER", _parse_folder, home / "archive"),
    )


def _read(environ: Mapping[str, str], name: str, parse: Callable[[str], T], default: D) -> T | D:
    """The parsed variable, or ``default`` when it is unset or empty.

    ``parse`` raises ``ValueError`` with the mend when it can't read the value.
    """
    value = environ.get(name, "").strip()
    if not value:
        return default
    try:
        return parse(value)
    except ValueError as error:
        shown = _("(hidden)") if name in SECRETS else repr(value)
        raise ConfigError(
            _("The setting {name} can't be used: its value is {value}.").format(name=name, value=shown),
            fix=str(error),
            setting=name,
        ) from error


def _parse_bool(value: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if value.lower() not in known:
        raise ValueError(_("Set it to 1 or 0."))
    return known[value.lower()]


def _parse_hosts(value: str) -> list[str]:
    hosts = [host.strip() for host in value.split(",") if host.strip()]
    if not hosts or any("/" in host or " " in host for host in hosts):
        raise ValueError(_("Give host names separated by commas, without http:// and ports."))
    return hosts


def _parse_https(value: str) -> str:
    if value.lower() not in HTTPS_CHOICES:
        raise ValueError(_("Set it to one of: {choices}.").format(choices=", ".join(HTTPS_CHOICES)))
    return value.lower()


def _check_language(value: str) -> None:
    """The command line reads the language before there are settings; here it is only checked."""
    if language.normalise(value) is None:
        raise ValueError(_("Set it to one of: {choices}.").format(choices=", ".join(language.SUPPORTED)))


def _parse_log_level(value: str) -> str:
    if value.upper() not in LOG_LEVELS:
        raise ValueError(_("Set it to one of: {choices}.").format(choices=", ".join(LOG_LEVELS)))
    return value.upper()


def _parse_period(value: str) -> int:
    if not re.fullmatch("[0-9]{1,4}", value):
        raise ValueError(_("Give a whole number, such as 24, or 0 to switch it off."))
    return int(value)


def _parse_keep(value: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,5}", value):
        raise ValueError(_("Give how many are kept, 1 at least."))
    return int(value)


def _parse_names(value: str) -> tuple[str, ...]:
    return tuple(name for part in value.split(",") if (name := part.strip()))


def _parse_rate(value: str) -> tuple[int, int] | None:
    if value == "0":
        return None
    number, _slash, unit = value.partition("/")
    if not re.fullmatch("[1-9][0-9]{0,8}", number) or unit not in SECONDS:
        raise ValueError(_("Give a number per second, minute, hour or day, such as 600/minute, or 0 for no limit."))
    return int(number), SECONDS[unit]


def _parse_secret_key(value: str) -> str:
    if len(value) < SECRET_KEY_LENGTH:
        raise ValueError(
            _("Give at least {length} random characters, or unset it to have a key generated.").format(
                length=SECRET_KEY_LENGTH
            )
        )
    return value


def _parse_webhook_key(value: str) -> str:
    if not is_webhook_key(value):
        raise ValueError(_("Give 32 random bytes in URL-safe Base64, or unset it to have a key generated."))
    return value


def _parse_allowed(value: str) -> tuple[str, ...]:
    # Few set it, and its import costs every command some milliseconds.
    from vcflow_site.outgoing import parse_allowed

    return parse_allowed(value)


def _read_worker(environ: Mapping[str, str], database: Mapping[str, Any] | None) -> str:
    worker = _read(environ, "VCFLOW_WORKER", _parse_worker, WORKERS[0])
    if worker == "procrastinate" and "postgresql" not in (database or {}).get("ENGINE", ""):
        raise ConfigError(
            _("VCFLOW_WORKER can't be procrastinate: it needs PostgreSQL."),
            fix=_("Name a PostgreSQL database in VCFLOW_DATABASE_URL, or unset VCFLOW_WORKER."),
            setting="VCFLOW_WORKER",
        )
    return worker


def _parse_worker(value: str) -> str:
    if value.lower() not in WORKERS:
        raise ValueError(_("Set it to one of: {choices}.").format(choices=", ".join(WORKERS)))
    return value.lower()


def _parse_time_zone(value: str) -> str:
    if not _is_time_zone(value):
        raise ValueError(_("Give a name of the time zone database, such as Asia/Shanghai."))
    return value


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def machine_time_zone(environ: Mapping[str, str], etc: Path = Path("/etc")) -> str:
    """The machine's zone by name: ``TZ``, ``/etc/timezone``, the link ``/etc/localtime``, else UTC."""
    names = (
        environ.get("TZ", "").removeprefix(":"),
        _first_line(etc / "timezone"),
        os.path.realpath(etc / "localtime").partition("/zoneinfo/")[2],
    )
    return next((name for name in names if name and _is_time_zone(name)), "UTC")


def _first_line(path: Path) -> str:
    try:
        return path.read_text(errors="replace").partition("\n")[0].strip()
    except OSError:
        return ""


def find_home(environ: Mapping[str, str]) -> Path:
    """``VCFLOW_HOME``, else ``.vcflow`` of the checkout that runs, else the user's data folder."""
    given = _read(environ, "VCFLOW_HOME", _parse_folder, None)
    if given:
        return given
    if (CHECKOUT / "pyproject.toml").is_file() and (CHECKOUT / "manage.py").is_file():
        return CHECKOUT / ".vcflow"
    # A checkout does without it, and its import costs every command a millisecond.
    from platformdirs import user_data_path

    return user_data_path("vcflow", appauthor=False)


def _parse_folder(value: str) -> Path:
    folder = absolute(value)
    if folder is None:
        raise ValueError(_("Give an absolute path: a relative one means another place in each folder."))
    return folder
