"""The site as it is deployed: gunicorn in a process of its own."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 30
"""Seconds, after which a server that says nothing counts as hanging."""

_LISTENING = re.compile(r"Listening at: http://127\.0\.0\.1:(\d+)")


class Server:
    """A running gunicorn with one worker."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def ask(self, *parts: bytes) -> bytes:
        """What the server answers to these bytes, sent as far as it takes them."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            try:
                for part in parts:
                    connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return _first_bytes(connection)

    def worker_peak(self) -> int:
        """The most memory that the worker ever had, in bytes."""
        master = self.process.pid
        worker = Path(f"/proc/{master}/task/{master}/children").read_text().split()[0]
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{worker}/status").read_text())
        assert found
        return int(found.group(1)) * 1024


def gunicorn(*options: str) -> list[str]:
    """The command that serves the site on a free port."""
    program = str(Path(sys.executable).with_name("gunicorn"))
    return [program, "--bind", "127.0.0.1:0", "--no-control-socket", *options, "vcflow_site.wsgi"]


@contextmanager
def serving(environ: Mapping[str, str], *options: str) -> Iterator[Server]:
    """A server for as long as the block lasts."""
    with subprocess.Popen(gunicorn(*options), env=environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Server(process, _port(process))
        finally:
            process.terminate()


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stderr
    said = []
    for line in process.stderr:
        said.append(line)
        found = _LISTENING.search(line)
        if found:
            return int(found.group(1))
    raise AssertionError("".join(said))


def _first_bytes(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""
