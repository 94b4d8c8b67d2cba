"""Log files for people: one per session and one per logger, under the data folder's ``logs``.

A record of the logger ``workflow.session.operations`` with ``extra={"session_id": "dev-x-7k3q"}``
becomes a line in ``workflow/session/operations.log`` and in ``workflow/session/dev-x-7k3q.log``.
Several processes may write at once.  The event log is the truth, these files a copy for reading:
a disk that fails costs one warning on standard error, never a command.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from sessions_app.language import gettext as _
from sessions_app.masking import mask_text
from sessions_app.text import visible

MAX_BYTES = 5 * 1024 * 1024
KEPT_FILES = 3
OPEN_FILES = 32

_SAFE_STEM = re.compile(r"[A-Za-z0-9_-]{1,128}")

Report = Callable[[dict[str, Any]], None]
"""Takes a diagnostic: ``severity``, ``code``, ``message``, ``fix``, ``file``."""


def report_on_stderr(diagnostic: dict[str, Any]) -> None:
    """Say a diagnostic on one line of standard error."""
    sys.stderr.write(f"{diagnostic['message']} {diagnostic['fix']} [{diagnostic['code']}]\n")


class OneLineFormatter(logging.Formatter):
    """``2026-03-01 09:30:00,123 INFO dev-x-7k3q message``: what a name holds can't begin a line of its own.

    Well-known keys are masked, in a traceback too, whoever logs it.
    """

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {session_id} {message}", style="{", defaults={"session_id": "-"})

    def format(self, record: logging.LogRecord) -> str:
        return mask_text(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's own name
        record.message = visible(record.message)
        return super().formatMessage(record)


class _OpenFile(NamedTuple):
    """A file that is kept open; ``status``, taken when it was opened, tells whether its path still leads to it."""

    descriptor: int
    status: os.stat_result


class SessionFileHandler(logging.Handler):
    """Writes each record to the file of its logger and the file of its session, made on first use."""

    def __init__(self, folder: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES, kept: int = KEPT_FILES) -> None:
        super().__init__()
        self.report: Report = report_on_stderr
        self._folder = Path(folder)
        self._max_bytes = max_bytes
        self._kept = kept
        self._files: OrderedDict[str, _OpenFile] = OrderedDict()
        self._has_reported = False
        self.setFormatter(OneLineFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        line = (self.format(record) + "\n").encode(errors="backslashreplace")
        for path in self._paths(record):
            try:
                self._append(path, line)
            except OSError as error:
                self._report_once(path, error)

    def close(self) -> None:
        while self._files:
            os.close(self._files.popitem()[1].descriptor)
        super().close()

    def _paths(self, record: logging.LogRecord) -> list[str]:
        *folders, stem = record.name.split(".")
        stems = (stem, str(getattr(record, "session_id", "")))
        folder = os.path.join(self._folder, *folders)
        return [os.path.join(folder, f"{name}.log") for name in stems if _SAFE_STEM.fullmatch(name)]

    def _append(self, path: str, line: bytes) -> None:
        descriptor, size = self._opened(path)
        if size + len(line) > self._max_bytes:
            self._rotate(path, descriptor)
            descriptor, _size = self._opened(path)
        while line:
            line = line[os.write(descriptor, line) :]

    def _opened(self, path: str) -> tuple[int, int]:
        """An open file for ``path``, and its size; opened anew when another process rotated it away."""
        known, found = self._files.get(path), _status(path)
        if known and found and os.path.samestat(known.status, found):
            self._files.move_to_end(path)
            return known.descriptor, found.st_size
        self._forget(path)
        descriptor = _open(path)
        opened = self._files[path] = _OpenFile(descriptor, os.fstat(descriptor))
        if len(self._files) > OPEN_FILES:
            os.close(self._files.popitem(last=False)[1].descriptor)
        return descriptor, opened.status.st_size

    def _forget(self, path: str) -> None:
        known = self._files.pop(path, None)
        if known:
            os.close(known.descriptor)

    def _rotate(self, path: str, full: int) -> None:
        """Move ``path`` to ``path.1`` and so on, unless another process did while we waited for the lock."""
        lock = os.open(os.path.join(self._folder, ".rotation.lock"), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found, status = _status(path), os.fstat(full)
            if found and os.path.samestat(found, status) and status.st_size > 0:
                for number in range(self._kept - 1, 0, -1):
                    _move_if_there(f"{path}.{number}", f"{path}.{number + 1}")
                os.replace(path, f"{path}.1")
        finally:
            os.close(lock)

    def _report_once(self, path: str, error: OSError) -> None:
        if self._has_reported:
            return
        self._has_reported = True
        self.report(
            {
                "severity": "warning",
                "code": "log-unwritable",
                "message": _("The log file {file} can't be written: {reason}.").format(
                    file=visible(path), reason=error.strerror
                ),
                "fix": _("Nothing else is affected; free some space or mend the folder's permissions."),
                "file": path,
            }
        )


def report_through(report: Report) -> None:
    """Let ``report`` say what goes wrong with the log files, in place of standard error."""
    for handler in logging.getLogger("workflow").handlers:
        if isinstance(handler, SessionFileHandler):
            handler.report = report


def _open(path: str) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        return os.open(path, flags, 0o600)


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _move_if_there(source: str, target: str) -> None:
    try:
        os.replace(source, target)
    except FileNotFoundError:
        return
