"""A bundle's file, read line by line within bounds, with its checksums: never a whole file in memory."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from sessions_app.bundles.lines import KIND, MOST_LINE, BundleRefused, Line, decoded, refused
from sessions_app.language import gettext as _

MOST_BYTES = 16 * 1024**3
"""Of a bundle unpacked, unless more is asked for."""

MOST_RATIO = 100
_RATIO_FROM = 1024 * 1024
"""What unpacks to less is no bomb."""

_PIECE = 256 * 1024
_GZIP = b"\x1f\x8b"
_MARK = b'"kind":"' + KIND.encode() + b'"'


def is_bundle(path: str | os.PathLike[str]) -> bool:
    """Whether a file is meant as a bundle, plain or compressed; False for one that can't be read."""
    try:
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    if not head.startswith(_GZIP):
        return _MARK in head.partition(b"\n")[0]
    return True  # nothing else that is imported is compressed


class Reader:
    """One way through a bundle's lines: :meth:`header`, :meth:`definitions`, :meth:`sessions`, in this order.

    Raises :class:`BundleRefused` for whatever isn't as it should be, at the latest at the end.
    """

    def __init__(self, file: BinaryIO, name: str, *, most_bytes: int = MOST_BYTES) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self._lines = _raw_lines(file, most_bytes, self)
        self._number = 0
        self._sha256 = hashlib.sha256()
        self._next: Line | None = None
        self._raw = self._taken_raw = b""
        self._session_id = self._last_whole = ""
        self._read()

    def refused(self, message: str) -> BundleRefused:
        """The error of this place in the file."""
        told = _("{file}, line {line}: {message}").format(file=self.name, line=self._number, message=message)
        session = {"session_id": self._session_id} if self._session_id else {}
        return refused(told, file=self.name, line=self._number, **session)

    def header(self) -> Line:
        """The first line."""
        if self._kind != KIND:
            raise self.refused(_("This is no bundle of vcflow."))
        return self._take()

    def definitions(self) -> Iterator[Line]:
        """Workflows, then versions, each sorted by id."""
        for kind, count in (("workflow", "workflows"), ("version", "versions")):
            last = ""
            while self._kind == kind:
                line = self._take()
                if line["id"] <= last:
                    raise self.refused(_("The lines are not sorted, or one stands here twice."))
                last = line["id"]
                self.counts[count] += 1
                yield line

    def sessions(self) -> Iterator[SessionLines]:
        """Each session, whose lines must be read to their end before the next one; then the end is checked."""
        last = ""
        while self._kind == "session":
            session = SessionLines(self)
            if session.row["id"] <= last:
                raise self.refused(_("The lines are not sorted, or one stands here twice."))
            last = session.row["id"]
            yield session
            if not session.is_whole:
                raise AssertionError("a session is read to its end before the next one")
        self._check_end()

    def _check_end(self) -> None:
        self._session_id = ""
        if self._kind != "end":
            raise self.refused(_("Here a line of another kind was expected, not {kind}.").format(kind=self._kind))
        checksum = self._sha256.hexdigest()
        end = self._take()
        counts = {name: self.counts[name] for name in ("workflows", "versions", "sessions", "events", "savepoints")}
        if end["sha256"] != checksum or any(end[name] != count for name, count in counts.items()):
            raise self.refused(_("The checksum or the counts at the end are others: the file was changed."))
        if self._next is not None:
            raise self.refused(_("Something follows after the end."))

    @property
    def _kind(self) -> str:
        if self._next is None:
            raise self.refused(_("The file ends before its end: it was cut.") + self._told_whole())
        return str(self._next["kind"])

    def _told_whole(self) -> str:
        """Which sessions of a cut file are whole, as far as one can say."""
        if not self._last_whole:
            return " " + _("No session in it is whole.")
        return " " + _("Whole are the first sessions in it, {count}, up to {id}.").format(
            count=self.counts["sessions"], id=self._last_whole
        )

    def _take(self) -> Line:
        line, raw = self._next, self._raw
        assert line is not None
        self._sha256.update(raw)
        self._taken_raw = raw
        self._read()
        return line

    def _read(self) -> None:
        self._raw = next(self._lines, b"")
        self._next = None
        if not self._raw:
            return
        self._number += 1
        if not self._raw.endswith(b"\n"):
            raise self.refused(_("The file ends before its end: it was cut.") + self._told_whole())
        try:
            self._next = decoded(self._raw[:-1])
        except ValueError as error:
            raise self.refused(str(error)) from error


class SessionLines:
    """The lines of one session: its row, then :meth:`events`, :meth:`savepoints` and :meth:`finish`, in this order.

    ``checksum`` is known at the end; one that is set before must be the same.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._sha256 = hashlib.sha256()
        self._counts: Counter[str] = Counter()
        self.is_whole = False
        self.checksum = ""
        self.row = self._take()
        reader._session_id = self.row["id"]

    def refused(self, message: str) -> BundleRefused:
        """The error of this place in the file."""
        return self._reader.refused(message)

    def events(self) -> Iterator[Line]:
        """In their order."""
        yield from self._all("event")

    def savepoints(self) -> Iterator[Line]:
        """In their order."""
        yield from self._all("savepoint")

    def finish(self) -> None:
        """Check the session's own checksum and counts."""
        reader = self._reader
        if reader._kind != "session-end":
            raise reader.refused(_("Here a line of another kind was expected, not {kind}.").format(kind=reader._kind))
        expected = self._sha256.hexdigest()
        if self.checksum not in ("", expected):
            raise reader.refused(_("The file was changed while it was read."))
        self.checksum = expected
        end = reader._take()
        counts = (end["events"], end["savepoints"])
        is_right = (end["id"], end["sha256"]) == (self.row["id"], expected)
        if not is_right or counts != (self._counts["event"], self._counts["savepoint"]):
            raise reader.refused(_("The session's checksum or its counts are others: it was changed."))
        reader.counts += Counter(sessions=1, events=end["events"], savepoints=end["savepoints"])
        reader._session_id, reader._last_whole = "", end["id"]
        self.is_whole = True

    def _all(self, kind: str) -> Iterator[Line]:
        while self._reader._kind == kind:
            yield self._take()

    def _take(self) -> Line:
        line = self._reader._take()
        self._sha256.update(self._reader._taken_raw)
        self._counts[line["kind"]] += 1
        return line


def _raw_lines(file: BinaryIO, most_bytes: int, reader: Reader) -> Iterator[bytes]:
    """The lines with their ends, the last one perhaps without."""
    kept: list[bytes] = []
    size = total = 0
    for piece in _pieces(file, reader):
        total += len(piece)
        if total > most_bytes:
            raise reader.refused(
                _("The bundle has more than {limit} bytes; --most-bytes allows more.").format(limit=most_bytes)
            )
        *whole, rest = piece.split(b"\n")
        for line in whole:
            yield b"".join([*kept, line, b"\n"])
            kept, size = [], 0
        kept.append(rest)
        size += len(rest)
        if size > MOST_LINE:
            raise reader.refused(_("A line has more than {limit} bytes.").format(limit=MOST_LINE))
    if size:
        yield b"".join(kept)


def _pieces(file: BinaryIO, reader: Reader) -> Iterator[bytes]:
    first = file.read(_PIECE)
    if not first.startswith(_GZIP):
        yield first
        while piece := file.read(_PIECE):
            yield piece
        return
    yield from _unpacked(first, file, reader)


def _unpacked(given: bytes, file: BinaryIO, reader: Reader) -> Iterator[bytes]:
    unpacking = zlib.decompressobj(wbits=31)
    packed_size = size = 0
    while given:
        packed_size += len(given)
        while given:
            try:
                piece = unpacking.decompress(given, _PIECE)
            except zlib.error as error:
                raise reader.refused(_("It can't be unpacked: {error}.").format(error=error)) from error
            size += len(piece)
            if size > max(_RATIO_FROM, packed_size * MOST_RATIO):
                raise reader.refused(_("It unpacks to more than {ratio} times its size.").format(ratio=MOST_RATIO))
            yield piece
            given = unpacking.unconsumed_tail
        if unpacking.eof:
            if unpacking.unused_data or file.read(1):
                raise reader.refused(_("Something follows after the end."))
            return
        given = file.read(_PIECE)
    raise reader.refused(_("The file ends before its end: it was cut.") + reader._told_whole())


def opened(path: str | os.PathLike[str]) -> BinaryIO:
    """The file, to be read from its beginning."""
    return open(path, "rb")


def rest_of(session: SessionLines) -> dict[str, Any]:
    """Read a session that is left out to its end; its row."""
    for _event in session.events():
        pass
    for _savepoint in session.savepoints():
        pass
    session.finish()
    return session.row
