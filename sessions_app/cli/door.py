"""The one place where a command's end becomes an exit status: done, refused, interrupted or broken."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from sessions_app.cli.build import HelpShown
from sessions_app.cli.terminal import Terminal
from sessions_app.exceptions import FlowError, InvalidInput, StorageFailed, StorageFull
from sessions_app.language import gettext as _

INTERRUPTED = 130
_ON = ("1", "true", "yes", "on")


def guard(
    terminal: Terminal,
    work: Callable[[], None],
    *,
    as_json: bool,
    crash_log: Callable[[], str],
    remedies: Callable[[FlowError], list[str]] | None = None,
) -> int:
    """Do ``work`` and say how it ended; the answer is the exit status.

    ``crash_log`` says where the traceback of an unexpected error goes; ``remedies`` are
    the commands that a refusal offers.
    """
    try:
        _to_its_end(terminal, work)
    except BrokenPipeError:
        _forget_output(terminal)
    except KeyboardInterrupt as error:
        _flush(terminal)
        return error.args[0] if error.args else INTERRUPTED
    except FlowError as error:
        return _refused(terminal, error, remedies(error) if remedies else [], as_json=as_json)
    except OSError as error:
        return _refused(terminal, file_error(error), [], as_json=as_json)
    except Exception as error:
        return _refused(terminal, _unexpected(error, terminal, crash_log), [], as_json=as_json)
    return 0


def _to_its_end(terminal: Terminal, work: Callable[[], None]) -> None:
    try:
        work()
    except HelpShown as shown:
        terminal.write(shown.text)
    terminal.flush()


def _refused(terminal: Terminal, error: FlowError, commands: list[str], *, as_json: bool) -> int:
    _flush(terminal)
    diagnostic = {**error.as_dict(), **({"commands": commands} if commands else {})}
    terminal.diagnose(diagnostic, as_json=as_json)
    return error.exit_status


def _flush(terminal: Terminal) -> None:
    try:
        terminal.out.flush()
    except OSError:
        _forget_output(terminal)


def _forget_output(terminal: Terminal) -> None:
    """Nobody reads the output any more; Python's own flush at the end must not stumble over it."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), terminal.out.fileno())


def file_error(error: OSError) -> FlowError:
    """The error of ours that a failed file operation means."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(_("The disk is full."), fix=_("Free some space, then try again."))
    reason = error.strerror or str(error)
    if error.filename is None:
        return StorageFailed(_("Reading or writing failed: {reason}.").format(reason=reason))
    return InvalidInput(
        _("The file {file} can't be used: {reason}.").format(file=error.filename, reason=reason),
        fix=_("Check its path and its permissions."),
        code="file",
        file=str(error.filename),
    )


def _unexpected(error: Exception, terminal: Terminal, crash_log: Callable[[], str]) -> FlowError:
    """Keep the traceback where it doesn't frighten; tell in one sentence."""
    import traceback  # 5 ms that only a crash need pay

    text = "".join(traceback.format_exception(error))
    if terminal.environ.get("VCFLOW_DEBUG", "").strip().lower() in _ON:
        terminal.err.write(text)
    return FlowError(
        _("Something unexpected went wrong: {error}.").format(error=f"{type(error).__name__}: {error}"),
        fix=_kept(text, crash_log),
        code="internal",
    )


def _kept(text: str, crash_log: Callable[[], str]) -> str:
    try:
        path = crash_log()
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(text + "\n")
    except (OSError, FlowError):
        return _("Run it again with VCFLOW_DEBUG=1 to see the traceback.")
    return _("The traceback is in {path}; please report it.").format(path=path)
