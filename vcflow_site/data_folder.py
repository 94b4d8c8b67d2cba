"""The data folder: how it is made, and the keys in it.  Imports little: every command pays for it."""

from __future__ import annotations

import base64
import binascii
import errno
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from sessions_app.exceptions import FlowError, StorageFailed, StorageFull
from sessions_app.language import gettext as _

SECRET_KEY_LENGTH = 50
WEBHOOK_KEY_BYTES = 32


class ConfigError(FlowError, ImproperlyConfigured):
    """A setting can't be used; Django sees its own ``ImproperlyConfigured``."""

    code = "invalid-setting"
    exit_status = 2

    def __str__(self) -> str:
        return f"{self.message} {self.fix}"


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
    """The key in ``<home>/secret_key``, with which Django signs."""
    return _stored_key(
        home / "secret_key",
        lambda: secrets.token_urlsafe(64),
        lambda key: len(key) >= SECRET_KEY_LENGTH,
        setting="VCFLOW_SECRET_KEY",
        loss=_("Delete it; a new one is made, and everybody signs in again."),
    )


def stored_webhook_key(home: Path) -> str:
    """The key in ``<home>/webhook_key``, with which the secrets of webhooks are encrypted."""
    return _stored_key(
        home / "webhook_key",
        lambda: base64.urlsafe_b64encode(secrets.token_bytes(WEBHOOK_KEY_BYTES)).decode(),
        is_webhook_key,
        setting="VCFLOW_WEBHOOK_KEY",
        loss=_("Bring back the file of a backup; without it the secrets of webhooks must be given anew."),
    )


def is_webhook_key(key: str) -> bool:
    """Whether a text is 32 bytes in URL-safe Base64."""
    try:
        return len(base64.b64decode(key, altchars=b"-_", validate=True)) == WEBHOOK_KEY_BYTES
    except (ValueError, binascii.Error):
        return False


def _stored_key(path: Path, make: Callable[[], str], fits: Callable[[str], bool], *, setting: str, loss: str) -> str:
    """The key in a file; made by the first who asks, for its owner alone to read."""
    try:
        _close_to_others(path)
        key = path.read_bytes()
    except FileNotFoundError:
        key = _make_key(path, make())
    except IsADirectoryError:
        key = b""
    except OSError as error:
        raise unusable_folder(path.parent, error) from error
    if not key.isascii() or not fits(key.decode()):
        raise ConfigError(_("The key file {path} is damaged.").format(path=path), fix=loss, setting=setting)
    return key.decode()


def _close_to_others(path: Path) -> None:
    """A copy or a restore may have made the key readable by everybody."""
    if path.stat().st_mode & 0o077:
        with suppress(OSError):  # somebody else's file, or a read-only disk: their owner's choice
            path.chmod(0o600)


def _make_key(path: Path, key: str) -> bytes:
    """Write a new key beside its place and link it there, which only one can do; the others read that one's."""
    make_home(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
        os.unlink(draft)
        return path.read_bytes()
    except OSError as error:
        raise unusable_folder(path.parent, error) from error
