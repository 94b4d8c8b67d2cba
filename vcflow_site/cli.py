"""The command line, assembled: each floor's commands in one tree, mounted three times.

Imports no Django: ``--help``, completion and usage errors don't wait for it.
"""

from __future__ import annotations

import gc
import os
from importlib import import_module

from sessions_app.cli import parser as ground
from sessions_app.cli.arguments import JSON, whole_number
from sessions_app.cli.build import HelpShown, parse
from sessions_app.cli.door import guard
from sessions_app.cli.savepoint_parser import SAVEPOINT
from sessions_app.cli.terminal import Terminal
from sessions_app.cli.token_parser import TOKEN
from sessions_app.cli.tree import Argument, Command, Group
from sessions_app.exceptions import FlowError
from sessions_app.language import noop
from stages_app.cli import parser as stages
from status_bridge.cli.conflict_parser import CONFLICT
from status_bridge.cli.status_parser import STATUS
from status_bridge.cli.webhook_parser import WEBHOOK
from status_bridge.cli.worker_parser import WORKER
from vcflow_site import __version__
from vcflow_site.backups.parser import BACKUP
from vcflow_site.doctor.parser import DOCTOR

TYPE_CHECKING = False  # as in sessions_app.exceptions
if TYPE_CHECKING:
    from typing import Any

SHELLS = ("bash", "zsh", "fish")

SESSION = Group("session", noop("runs of workflows"), *ground.SESSION_COMMANDS, stages.SHOW, stages.RECOVER)

PLUGIN = Group(
    "plugin",
    noop("what is installed beside vcflow"),
    Command(
        "list",
        noop("list the plugins, and what is wrong with those that failed"),
        "vcflow_site.cli_plugins.list_plugins",
        JSON,
        needs="settings",
    ),
)

FLOW = Group(
    "flow",
    noop("workflows, their sessions and stages"),
    SESSION,
    stages.RUN,
    stages.ITEM,
    stages.DELIVERABLE,
    stages.STAGE,
    SAVEPOINT,
    STATUS,
    *stages.PLACE,
    stages.STATS,
    *ground.FLOW_COMMANDS,
    WEBHOOK,
    CONFLICT,
    WORKER,
    BACKUP,
    DOCTOR,
    PLUGIN,
)

INIT = Command(
    "init",
    noop("set up or update the data folder, and get a link to sign in"),
    "vcflow_site.cli_init.init",
    Argument(
        "--port",
        about=noop("where the server listens (8000)"),
        metavar=noop("<number>"),
        type=whole_number,
        default=8000,
    ),
    JSON,
    needs="settings",
)

COMPLETION = Command(
    "completion",
    noop("print the script that makes a shell complete"),
    "vcflow_site.cli_completion.script",
    Argument("shell", about=noop("which shell"), choices=list(SHELLS)),
    needs="nothing",
)


class Mount:
    """Where a part of the tree is reached: ``prog`` stands before its commands, ``program`` before ``flow``."""

    __slots__ = ("prog", "program", "root")

    def __init__(self, root: Group, prog: str, program: str) -> None:
        self.root = root
        self.prog = prog
        self.program = program


VC = Mount(Group("vc", noop("Staged work that survives interruption."), FLOW, TOKEN, INIT, COMPLETION), "vc", "vc")
_MANAGE = "python manage.py"  # as one types it
MANAGE_FLOW = Mount(FLOW, f"{_MANAGE} flow", _MANAGE)
MANAGE_FLOW_SESSION = Mount(SESSION, f"{_MANAGE} flow_session", _MANAGE)


def main(mount: Mount, words: list[str], terminal: Terminal | None = None) -> int:
    """Run a command on ``terminal``, or the process's own; the answer is the exit status."""
    if "_ARGCOMPLETE" in os.environ:
        resolve("vcflow_site.cli_completion.complete")(mount)
    terminal = terminal or Terminal.standard()
    return guard(
        terminal,
        lambda: dispatch(mount, words, terminal),
        as_json=_wants_json(words),
        crash_log=crash_log,
        remedies=lambda error: _remedies(error, mount),
    )


def manage(argv: list[str]) -> int:
    """Run ``manage.py``; what the settings refuse is said like everything else."""
    try:
        resolve("django.core.management.execute_from_command_line")(argv)
    except FlowError as error:
        Terminal.standard().diagnose(error.as_dict(), as_json=_wants_json(argv))
        return error.exit_status
    return 0


def dispatch(mount: Mount, words: list[str], terminal: Terminal) -> None:
    """Find the command that the words name and run it; raises what goes wrong."""
    if words == ["--version"]:
        raise HelpShown(f"vcflow {__version__}\n")
    args = parse(mount.root, mount.prog, words)
    if args.command.needs == "nothing":
        invocation = resolve("sessions_app.cli.invocation.Invocation")(args, terminal, mount.program)
        resolve(args.command.handler)(invocation)
        return
    start_django()
    resolve("vcflow_site.cli_run.run")(args, terminal, mount.program)


def start_django() -> None:
    """Load the settings and the apps, unless that was done."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vcflow_site.settings")
    # What is imported stays until the end: looking for garbage among it takes a third of a command's time.
    gc.disable()
    try:
        resolve("django.setup")()
    finally:
        gc.freeze()
        gc.enable()


def resolve(path: str) -> Any:
    """What a dotted path names."""
    module, _dot, name = path.rpartition(".")
    return getattr(import_module(module), name)


def crash_log() -> str:
    """Where tracebacks of unexpected errors go."""
    return os.path.join(resolve("vcflow_site.conf.find_home")(os.environ), "logs", "errors.log")


def _remedies(error: FlowError, mount: Mount) -> list[str]:
    commands: list[str] = resolve("sessions_app.cli.remedies.remedies")(error, mount.program)
    return commands


def _wants_json(words: list[str]) -> bool:
    """Known before the words are parsed, for they may not be understood."""
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options
