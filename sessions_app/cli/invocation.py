"""What every handler is given: arguments, a terminal, the name it was called by.  Imports no Django."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable
from typing import Any

from sessions_app.cli.terminal import Terminal
from sessions_app.commands import command_line


class Invocation:
    """A command that was called as ``program`` (``vc`` or ``python manage.py``)."""

    def __init__(self, args: Namespace, terminal: Terminal, program: str) -> None:
        self.args = args
        self.terminal = terminal
        self.program = program

    @property
    def json(self) -> bool:
        """Whether one JSON document is wanted."""
        return bool(self.args.json)

    def show(self, data: Callable[[], Any], lines: Callable[[], Iterable[str]]) -> None:
        """Answer with one of the two, whichever is wanted."""
        if self.json:
            self.terminal.document(data())
        else:
            self.terminal.lines(lines())

    def warn(self, message: str, *, code: str = "") -> None:
        """Say beside the answer that something is not as it should be."""
        self.terminal.diagnose({"severity": "warning", "code": code, "message": message}, as_json=self.json)

    def command(self, *words: str) -> str:
        """A command line of ``flow`` as it would be typed, by the name that this one was called by."""
        return command_line(self.program, *words)
