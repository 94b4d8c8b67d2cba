"""The settings that the environment gives, read once and checked at start.

``docs/settings.md`` describes each.  Imports little: every command pays for it.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured

from sessions_app import language
from sessions_app.exceptions import FlowError, StorageFailed, StorageFull
from sessions_app.language import gettext as _
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
    "VCFLOW_SESSION",
)
"""Every variable that vcflow reads; the command line alone reads the last."""

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
HTTPS_CHOICES = ("0", "1", "proxy")
SECONDS = {"second": 1, "minute": 60, "hour": 60 * 60, "day": 24 * 60 * 60}
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SECRET_KEY_LENGTH = 50

CHECKOUT = Path(__file__).resolve().parent.parent


class ConfigError(FlowError, ImproperlyConfigured):
    """A setting can't be used; Django sees its own ``ImproperlyConfigured``."""

    code = "invalid-setting"
    exit_status = 2

    def __str__(self) -> str:
        return f"{self.message} {self.fix}"


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
        shown = _("(hidden)") if name in ("VCFLOW_SECRET_KEY", "VCFLOW_DATABASE_URL") else repr(value)
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


def make_home(home: Path) -> None:
    """Create the data folder, readable by its owner alone."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unusable_folder(home, error) from error


def unusable_folder(folder: Path, error: OSError) -> FlowError:
    """The error to raise when something in the data folder can't be made or read."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(
            _("The disk is full: nothing can be written in {folder}.").format(folder=folder),
            fix=_("Free some space, or set VCFLOW_HOME to another place."),
        )
    message = _("The data folder {folder} can't be used: {reason}.").format(folder=folder, reason=error.strerror)
    fix = _("Set VCFLOW_HOME to a folder that you may write to.")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return StorageFailed(message, fix=fix, code="read-only")
    return ConfigError(message, fix=fix, setting="VCFLOW_HOME")


def stored_secret_key(home: Path) -> str:
    """The key in ``<home>/secret_key``; made by the first who asks, for its owner alone to read."""
    path = home / "secret_key"
    try:
        _close_to_others(path)
        key = path.read_bytes()
    except FileNotFoundError:
        key = _make_secret_key(path)
    except IsADirectoryError:
        key = b""
    except OSError as error:
        raise unusable_folder(home, error) from error
    if len(key) < SECRET_KEY_LENGTH or not key.isascii():
        raise ConfigError(
            _("The key file {path} is damaged.").format(path=path),
            fix=_("Delete it; a new one is made, and everybody signs in again."),
            setting="VCFLOW_SECRET_KEY",
        )
    return key.decode()


def _close_to_others(path: Path) -> None:
    """A copy or a restore may have made the key readable by everybody."""
    if path.stat().st_mode & 0o077:
        with suppress(OSError):  # somebody else's file, or a read-only disk: their owner's choice
            path.chmod(0o600)


def _make_secret_key(path: Path) -> bytes:
    """Write a new key beside its place and link it there, which only one can do; the others read that one's."""
    make_home(path.parent)
    draft = path.with_name(f".secret_key.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
        os.unlink(draft)
        return path.read_bytes()
    except OSError as error:
        raise unusable_folder(path.parent, error) from error
