"""How a backup lies in its file: a tar whose every byte follows from the manifest, which comes first.

Nothing is ever extracted by name: a reader computes what each header must be, and refuses any
other byte.  The manifest's room is fixed, so that the rest can be written before it is known.
"""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

BLOCK = 512
ROOM = 128 * 1024
"""Bytes of the manifest, filled up with spaces."""

MANIFEST = "manifest.json"
END = bytes(2 * BLOCK)
CHUNK = 1 << 18
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 3
"""Four times as fast as the usual 6, and a tenth larger."""


class Member(NamedTuple):
    """A compressed part: ``size`` and ``sha256`` as it lies in the file, ``raw_size`` when it is unpacked."""

    name: str
    size: int
    sha256: str
    raw_size: int


def header(name: str, size: int) -> bytes:
    """The one block that stands before a member."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.GNU_FORMAT)


def filled(size: int) -> int:
    """How many bytes fill the last block up."""
    return -size % BLOCK


def length(members: list[Member]) -> int:
    """The size of the whole file."""
    return BLOCK + ROOM + sum(BLOCK + one.size + filled(one.size) for one in members) + len(END)


class Packer:
    """Takes a member's bytes; counts and compresses them."""

    def __init__(self, file: BinaryIO, tell: Callable[[int], None]) -> None:
        self._file = file
        self._tell = tell
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._digest = hashlib.sha256()
        self.size = 0
        self.raw_size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes."""
        self.raw_size += len(data)
        self._tell(len(data))
        self._put(self._deflate.compress(data))

    def end(self) -> str:
        """Write what is left; the digest of what lies in the file."""
        self._put(self._deflate.flush())
        return self._digest.hexdigest()

    def _put(self, packed: bytes) -> None:
        if packed:
            self._file.write(packed)
            self._digest.update(packed)
            self.size += len(packed)


class Writer:
    """Writes members one after the other, then the manifest before them; ``tell`` hears how many bytes were taken."""

    def __init__(self, file: BinaryIO, tell: Callable[[int], None] = lambda _bytes: None) -> None:
        self._file = file
        self._tell = tell
        self.members: list[Member] = []
        file.write(bytes(BLOCK + ROOM))

    @contextmanager
    def member(self, name: str) -> Iterator[Packer]:
        """A member to write bytes to."""
        start = self._file.tell()
        self._file.write(bytes(BLOCK))
        packer = Packer(self._file, self._tell)
        yield packer
        sha256 = packer.end()
        self._file.write(bytes(filled(packer.size)))
        self._write_at(start, header(name, packer.size))
        self.members.append(Member(name, packer.size, sha256, packer.raw_size))

    def end(self, manifest: bytes) -> None:
        """The end of the file, and its beginning; ``manifest`` has ``ROOM`` bytes."""
        self._file.write(END)
        self._write_at(0, header(MANIFEST, ROOM) + manifest)

    def _write_at(self, place: int, data: bytes) -> None:
        end = self._file.tell()
        self._file.seek(place)
        self._file.write(data)
        self._file.seek(end)


class Torn(Exception):
    """The bytes aren't those that were written; says where."""


def read_manifest(file: BinaryIO) -> bytes | None:
    """The manifest's room; None if the file begins as no backup does."""
    if file.read(BLOCK) != header(MANIFEST, ROOM):
        return None
    return file.read(ROOM)


def places(file: BinaryIO, members: list[Member]) -> dict[str, int]:
    """Where each member's bytes begin; raises Torn unless everything between them is as it must be."""
    if file.seek(0, 2) != length(members):
        raise Torn("size")
    found, place = {}, BLOCK + ROOM
    for one in members:
        file.seek(place)
        if file.read(BLOCK) != header(one.name, one.size):
            raise Torn(one.name)
        found[one.name] = place + BLOCK
        file.seek(one.size, 1)
        if any(file.read(filled(one.size))):
            raise Torn(one.name)
        place = file.tell()
    if file.read() != END:
        raise Torn("end")
    return found


def packed(file: BinaryIO, place: int, member: Member) -> Iterator[bytes]:
    """A member's bytes as they lie there; raises Torn at the end if they aren't those that were written."""
    digest, left = hashlib.sha256(), member.size
    file.seek(place)
    while left:
        data = file.read(min(CHUNK, left))
        if not data:
            raise Torn(member.name)
        digest.update(data)
        left -= len(data)
        yield data
    if digest.hexdigest() != member.sha256:
        raise Torn(member.name)


def unpacked(file: BinaryIO, place: int, member: Member) -> Iterator[bytes]:
    """A member's bytes as they were; no more of them than the manifest says are ever made."""
    left = member.raw_size
    try:
        for raw in _inflated(packed(file, place, member), member.name):
            left -= len(raw)
            if left < 0:
                raise Torn(member.name)
            yield raw
    except zlib.error as error:
        raise Torn(member.name) from error
    if left:
        raise Torn(member.name)


def _inflated(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The unpacked bytes, at most ``CHUNK`` at once; raises Torn unless they are one whole stream."""
    inflate = zlib.decompressobj(_GZIP)
    for piece in pieces:
        rest = piece
        while rest and not inflate.eof:
            yield inflate.decompress(rest, CHUNK)
            rest = inflate.unconsumed_tail
        if rest or inflate.unused_data:
            raise Torn(name)
    while not inflate.eof:
        raw = inflate.decompress(b"", CHUNK)
        if not raw:
            raise Torn(name)
        yield raw
