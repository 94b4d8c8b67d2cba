"""The shell's completion: the script it sources, and the answer to each press of the tab key."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable

from argcomplete import autocomplete
from argcomplete.shell_integration import shellcode

from sessions_app.cli.build import parser_for
from sessions_app.cli.invocation import Invocation
from sessions_app.cli.tree import descend
from vcflow_site.cli import Mount, resolve, start_django


def script(call: Invocation) -> None:
    """``completion bash|zsh|fish``"""
    call.terminal.write(shellcode(["vc"], shell=call.args.shell) + "\n")


def complete(mount: Mount) -> None:
    """Answer the shell, which asks through the environment, and end the process."""
    path, _rest = descend(mount.root, _words_before_cursor()[1:])
    autocomplete(parser_for(mount.root, mount.prog, path, complete=_completer), always_complete_options="long")


def _words_before_cursor() -> list[str]:
    line = os.environ.get("COMP_LINE", "")[: int(os.environ.get("COMP_POINT", "0")) or None]
    try:
        return shlex.split(line)
    except ValueError:  # a quote is still open
        return line.split()


def _completer(path: str) -> Callable[..., Iterable[str]]:
    def values(prefix: str, **_argcomplete: object) -> Iterable[str]:
        start_django()
        found: Iterable[str] = resolve(path)(prefix)
        return found

    return values
