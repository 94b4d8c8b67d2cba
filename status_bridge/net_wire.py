"""A socket as ``http.client`` uses it, bounded in time and amount."""

from __future__ import annotations

import io
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

HEADER_BYTES = 64 * 1024
"""All that may come before the body."""
OVERHEAD = 64 * 1024
"""What chunks may need beside twice the body that they carry."""


class Overflow(Exception):
    """More came than is taken."""


class Clock:
    """The time that an exchange has."""

    def __init__(self, seconds: float) -> None:
        self._began = time.monotonic()
        self._seconds = seconds

    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def left(self) -> float:
        """Seconds, more than none; raises ``TimeoutError``."""
        left = self._seconds - self.elapsed()
        if left <= 0:
            raise TimeoutError
        return left


class Wire(io.RawIOBase):
    """A socket as ``http.client`` uses it; no wait outlasts the clock, and no more is read than the allowance.

    Whoever opened the socket closes it.
    """

    def __init__(self, connected: socket.socket, clock: Clock) -> None:
        super().__init__()
        self._socket = connected
        self._clock = clock
        # What is read ahead of the body counts with the headers.
        self._allowance = HEADER_BYTES + io.DEFAULT_BUFFER_SIZE
        self.has_ended = False

    def allow_body(self, size: int) -> None:
        """The headers are read: from here on as much as a body of that size may need."""
        self._allowance = 2 * size + OVERHEAD

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def sendall(self, data: ReadableBuffer) -> None:
        left = memoryview(data)
        while left:
            self._socket.settimeout(self._clock.left())
            left = left[self._socket.send(left) :]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if self._allowance <= 0:
            raise Overflow
        self._socket.settimeout(self._clock.left())
        number = self._socket.recv_into(buffer)
        self._allowance -= number
        self.has_ended = not number
        return number

    def close(self) -> None:
        """Not yet: ``http.client`` closes a connection before it has read the body."""
