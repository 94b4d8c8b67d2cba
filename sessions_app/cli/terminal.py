"""The streams that a command speaks through: text or one JSON document out, diagnostics beside it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping

from sessions_app.exceptions import FlowError
from sessions_app.language import gettext as _

TYPE_CHECKING = False  # as in sessions_app.exceptions
if TYPE_CHECKING:
    from typing import Any, TextIO

SCHEMA_VERSION = 1

# JSON leaves these as they are; a terminal may obey them, and right-to-left marks turn lines around.
_UNSAFE_IN_JSON = "[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"

_RED, _YELLOW, _RESET = "\x1b[31m", "\x1b[33m", "\x1b[0m"


class OutputFailed(FlowError):
    """The answer can't be written, whatever was done."""

    code = "output"


class Terminal:
    """Where answers, diagnostics and questions go."""

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        inp: TextIO | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.out = out
        self.err = err
        self.inp = inp
        self.environ = environ
        self._done = ""
        self._look = ""

    @classmethod
    def standard(cls) -> Terminal:
        """The process's own streams; what their encoding can't say is written as an escape."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        return cls(_open(sys.stdout), _open(sys.stderr), sys.stdin)

    @property
    def interactive(self) -> bool:
        """Whether somebody is there to answer a question."""
        return self.inp is not None and self.inp.isatty() and self.err.isatty()

    @property
    def width(self) -> int | None:
        """How many cells a line has; None when the output is no terminal."""
        if not self.out.isatty():
            return None
        columns = self.environ.get("COLUMNS", "")
        return int(columns) if columns.isdigit() and int(columns) else os.get_terminal_size(self.out.fileno()).columns

    def remember_done(self, sentence: str, look: str) -> None:
        """What was done, and the command that shows it, in case that the answer can't be written."""
        self._done, self._look = sentence, look

    def write(self, text: str) -> None:
        """Write to the output.  Raises OutputFailed, or BrokenPipeError when the reader has gone."""
        self._put(self.out.write, text)

    def flush(self) -> None:
        """Write what is held back; raises as :meth:`write` does."""
        self._put(self.out.flush)

    def _put(self, write: Callable[..., object], *text: str) -> None:
        try:
            write(*text)
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = error.strerror or str(error)
            if not self._done:
                raise OutputFailed(_("The answer can't be written: {reason}.").format(reason=reason)) from error
            raise OutputFailed(
                _("{done} But the answer can't be written: {reason}.").format(done=self._done, reason=reason),
                fix=_("Look at it with: {command}").format(command=self._look),
            ) from error

    def lines(self, lines: Iterable[str]) -> None:
        """Write an answer for people."""
        self.write("".join(f"{line}\n" for line in lines))

    def document(self, data: Any, *, indent: int | None = 2) -> None:
        """Write the one JSON document."""
        self.write(dump({"schema_version": SCHEMA_VERSION, "data": data}, indent=indent) + "\n")

    def diagnose(self, diagnostic: Mapping[str, Any], *, as_json: bool) -> None:
        """Write an error, a warning or a remark: one JSON object on one line, or text."""
        lines = [dump(diagnostic)] if as_json else self._diagnostic_lines(diagnostic)
        try:
            self.err.write("".join(f"{line}\n" for line in lines))
        except OSError:  # what can't be said here can't be said at all; the exit status still tells how it ended
            return

    def _diagnostic_lines(self, diagnostic: Mapping[str, Any]) -> Iterable[str]:
        # It brings JSON and Unicode's tables along, which `vc --help` need not load.
        from sessions_app.text import visible

        if diagnostic["severity"] == "info":
            yield visible(diagnostic["message"])
            return
        is_warning = diagnostic["severity"] == "warning"
        label = _("Warning") if is_warning else _("Error")
        code = f" [{diagnostic['code']}]" if diagnostic.get("code") else ""
        yield f"{self._coloured(label, _YELLOW if is_warning else _RED)}{code}: {visible(diagnostic['message'])}"
        if diagnostic.get("fix"):
            yield "  " + _("Fix: {fix}").format(fix=visible(diagnostic["fix"]))
        yield from (f"    {command}" for command in diagnostic.get("commands", ()))

    def _coloured(self, text: str, colour: str) -> str:
        if self.err.isatty() and not self.environ.get("NO_COLOR") and self.environ.get("TERM") != "dumb":
            return f"{colour}{text}{_RESET}"
        return text

    def ask(self, question: str) -> str:
        """The answer to a question; empty when there is none.  Asked beside the output, which may be piped."""
        self.err.write(question)
        self.err.flush()
        answer = ""
        try:
            answer = self.inp.readline() if self.inp else ""
        finally:
            if not answer.endswith("\n"):  # nothing was typed, or Ctrl-C: what follows begins a line of its own
                self.err.write("\n")
        return answer.strip()


def _open(stream: TextIO | None) -> TextIO:
    """A closed standard stream swallows what is written to it."""
    return stream if stream is not None else open(os.devnull, "w", encoding="utf-8")


def dump(value: Any, *, indent: int | None = None) -> str:
    """JSON for a terminal: readable Chinese, no character that a terminal obeys."""
    # `vc --help` need not load it.
    import json

    text = json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)
    return re.sub(_UNSAFE_IN_JSON, lambda found: f"\\u{ord(found.group()):04x}", text)


def as_read(value: Any) -> Any:
    """``value`` as somebody reads it who got it as JSON."""
    # `vc --help` need not load it.
    import json

    return json.loads(dump(value))


def _plain(value: object) -> Any:
    # `vc --help` need not load it.
    from datetime import UTC, datetime

    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
