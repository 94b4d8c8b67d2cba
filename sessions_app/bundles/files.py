"""A bundle's file: written beside its place for its owner alone, and put there when it is whole."""

from __future__ import annotations

import gzip
import os
import re
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

PART = ".part"
"""The end of the name of what is being written; what a killed process leaves has it."""

FORGOTTEN = 24 * 60 * 60
"""Seconds after which what is being written belongs to a process that was killed."""

_DRAFT = re.compile(rf"\..+\.jsonl(\.gz)?\.[0-9a-f]{{12}}{re.escape(PART)}")


def write_file(path: Path, lines: Iterable[bytes]) -> None:
    """Write the lines, compressed where the name ends in ``.gz``; equal lines give equal files.

    Until it is whole nothing is there by that name, and then it is on disk.  Its mode is 0600.
    """
    _sweep(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}{PART}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _write(file, lines, compressed=path.suffix == ".gz")
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        if str(error.filename) == str(draft):  # people know the name that they gave
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        with suppress(OSError):  # it is in its place, or was never made; what went wrong is told already
            os.unlink(draft)
    _sync_folder(path.parent)


def _sweep(folder: Path) -> None:
    """Remove what killed processes were writing there."""
    limit = time.time() - FORGOTTEN
    for draft in folder.glob(f".*{PART}"):
        with suppress(OSError):  # another one was faster, or it is somebody else's
            if _DRAFT.fullmatch(draft.name) and draft.stat().st_mtime < limit:
                os.unlink(draft)


def _write(file: IO[bytes], lines: Iterable[bytes], *, compressed: bool) -> None:
    if not compressed:
        file.writelines(lines)
        return
    packing: Any = gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0)
    with packing:
        packing.writelines(lines)


def _sync_folder(folder: Path) -> None:
    """So that the name is on disk too, as well as the system can."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
