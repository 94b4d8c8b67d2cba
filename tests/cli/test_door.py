"""Every end of a command has its exit status, and no user sees a traceback."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sessions_app.cli.build import HelpShown
from sessions_app.cli.door import guard
from sessions_app.cli.terminal import Terminal
from sessions_app.exceptions import Busy, FlowError, StorageFull
from tests.cli.conftest import Stream


class Recorder:
    """A door with its streams, and a place for tracebacks."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "logs" / "errors.log"
        self.out, self.err = Stream(), Stream()

    def end(self, work: Callable[[], None], *, as_json: bool = False, **environ: str) -> int:
        terminal = Terminal(self.out, self.err, None, environ)
        return guard(terminal, work, as_json=as_json, crash_log=lambda: str(self.log))


@pytest.fixture
def door(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path)


def failing(error: BaseException) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


def test_done_is_zero(door: Recorder) -> None:
    assert door.end(lambda: None) == 0


def test_help_is_an_answer(door: Recorder) -> None:
    assert door.end(failing(HelpShown("usage: vc\n"))) == 0
    assert door.out.getvalue() == "usage: vc\n"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (FlowError("m"), 1),
        (Busy("m"), 9),
        (StorageFull("m"), 8),
        (KeyboardInterrupt(), 130),
        (KeyboardInterrupt(143), 143),
        (OSError(errno.ENOSPC, "No space left on device"), 8),
        (OSError(errno.EIO, "Input/output error"), 1),
        (FileNotFoundError(errno.ENOENT, "No such file", "x.md"), 2),
        (ZeroDivisionError(), 1),
    ],
)
def test_each_error_has_its_status(door: Recorder, error: BaseException, status: int) -> None:
    assert door.end(failing(error)) == status
    assert "Traceback" not in door.err.getvalue()


def test_an_interrupt_says_nothing(door: Recorder) -> None:
    door.end(failing(KeyboardInterrupt()))
    assert door.err.getvalue() == ""


def test_a_diagnostic_carries_the_commands_that_mend_it(door: Recorder) -> None:
    terminal = Terminal(door.out, door.err)
    error = FlowError("m", session_id="x")
    guard(terminal, failing(error), as_json=True, crash_log=lambda: "", remedies=lambda _error: ["vc flow list"])
    assert json.loads(door.err.getvalue()) == {
        "severity": "error",
        "code": "failed",
        "message": "m",
        "fix": "",
        "session_id": "x",
        "commands": ["vc flow list"],
    }


def test_an_unexpected_error_leaves_its_traceback_in_a_file(door: Recorder) -> None:
    assert door.end(failing(ValueError("odd")), as_json=True) == 1
    diagnostic = json.loads(door.err.getvalue())
    assert diagnostic["code"] == "internal"
    assert str(door.log) in diagnostic["fix"]
    assert "ValueError: odd" in door.log.read_text()


def test_debugging_shows_the_traceback(door: Recorder) -> None:
    door.end(failing(ValueError("odd")), VCFLOW_DEBUG="1")
    assert "Traceback" in door.err.getvalue()


def test_debugging_that_is_off_shows_none(door: Recorder) -> None:
    door.end(failing(ValueError("odd")), VCFLOW_DEBUG="0")
    assert "Traceback" not in door.err.getvalue()


def test_a_traceback_that_cannot_be_kept_is_offered_otherwise(door: Recorder) -> None:
    door.log = Path(os.devnull) / "errors.log"
    door.end(failing(ValueError("odd")))
    assert "VCFLOW_DEBUG=1" in door.err.getvalue()


class Broken(Stream):
    """A stream whose writing fails; its file is real, for the door closes it off."""

    def __init__(self, error: OSError, file: Path) -> None:
        super().__init__()
        self._error = error
        self._file = file.open("w")

    def fileno(self) -> int:
        return self._file.fileno()

    def flush(self) -> None:
        if not self._file.closed:
            raise self._error

    def write(self, text: str) -> int:
        raise self._error

    def close(self) -> None:
        self._file.close()
        super().close()


@pytest.mark.parametrize(
    ("error", "status"), [(BrokenPipeError(), 0), (OSError(errno.ENOSPC, "No space left on device"), 1)]
)
def test_output_that_cannot_be_written(door: Recorder, tmp_path: Path, error: OSError, status: int) -> None:
    door.out = Broken(error, tmp_path / "out")
    assert door.end(lambda: None) == status
    door.out.close()


def test_a_change_outlives_output_that_cannot_be_written(door: Recorder, tmp_path: Path) -> None:
    door.out = Broken(OSError(errno.ENOSPC, "No space left on device"), tmp_path / "out")
    terminal = Terminal(door.out, door.err)

    def work() -> None:
        terminal.remember_done("It was done.", "vc flow session show x")
        terminal.lines(["It was done."])

    assert guard(terminal, work, as_json=True, crash_log=lambda: "") == 1
    diagnostic = json.loads(door.err.getvalue())
    assert diagnostic["code"] == "output"
    assert diagnostic["message"] == "It was done. But the answer can't be written: No space left on device."
    assert diagnostic["fix"] == "Look at it with: vc flow session show x"
    door.out.close()


def test_a_refusal_outlives_output_and_diagnostics_that_cannot_be_written(door: Recorder, tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    door.out, door.err = Broken(full, tmp_path / "out"), Broken(full, tmp_path / "err")
    assert door.end(failing(Busy("m"))) == 9
    door.out.close()
    door.err.close()
