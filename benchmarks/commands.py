"""What the command line costs: processor time of whole processes, ours beside the least that could do."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks import stock
from benchmarks.figures import Figure
from benchmarks.harness import CHECKOUT, HarnessError, clean_environment, fresh_folder, say

SESSIONS = 1_000
PYTHON = sys.executable
VC = str(Path(sys.prefix) / "bin" / "vc")

SETUP = "import django; django.setup()"
ROWS = """
from sessions_app.models import FlowSession
columns = ("id", "workflow_id", "name", "status", "current_stage_id", "created_at")
list(FlowSession.objects.filter(status__in=("PENDING", "ACTIVE", "PAUSED", "FAILED")).values_list(*columns)[:{limit}])
"""
ROW = """
from sessions_app.models import FlowSession
FlowSession.objects.get(pk={pk!r})
"""


@dataclass(frozen=True, slots=True)
class Command:
    """A process to measure; ``words`` makes its command line for a round."""

    words: Callable[[int], list[str]]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One command held against another."""

    what: str
    reference: str
    bound: float
    is_goal: bool = False


COMPARISONS = (
    Comparison("vc --help", "python -c pass", 3.0),
    Comparison("vc flow session list", "our django.setup() and its query", 1.3),
    Comparison("vc flow session list --limit 1000", "our django.setup() and its query, 1000 rows", 1.3),
    Comparison("our django.setup()", "stock settings, our apps", 1.0),
    Comparison("our django.setup()", "stock settings, empty apps with as many models", 1.0, is_goal=True),
    Comparison("vc flow session show", "our django.setup() and one row", 1.3, is_goal=True),
    Comparison("vc flow session pause", "our django.setup() and one row", 1.3, is_goal=True),
)


def measure(root: Path, rounds: int) -> list[Figure]:
    """The figures, from interleaved rounds."""
    home = fresh_folder(root / "home-commands")
    projects = fresh_folder(root / "stock")
    say(f"the command line: a database with {SESSIONS} sessions ...")
    ours = {"VCFLOW_HOME": str(home), "DJANGO_SETTINGS_MODULE": "vcflow_site.settings"}
    _prepared(VC, "init", env=ours)
    filled = json.loads(_prepared(PYTHON, "-m", "benchmarks.fill", str(SESSIONS), env=ours))
    commands = _our_commands(ours, filled["sessions"]) | {
        "python -c pass": _python("pass"),
        "stock settings, our apps": _python(SETUP, stock.project_with_our_apps(projects / "ours")),
        "stock settings, empty apps with as many models": _python(
            SETUP, stock.project_with_empty_apps(projects / "empty", filled["models"])
        ),
    }
    say(f"the command line: {rounds} rounds of {len(commands)} commands ...")
    costs = _interleaved(commands, rounds)
    return [_figure(comparison, costs) for comparison in COMPARISONS]


def _our_commands(ours: Mapping[str, str], session_ids: list[str]) -> dict[str, Command]:
    row = _python(SETUP + ROW.format(pk=session_ids[0]), ours)
    return {
        "vc --help": Command(lambda _round: [VC, "--help"], ours),
        "vc flow session list": Command(lambda _round: [VC, "flow", "session", "list"], ours),
        "vc flow session list --limit 1000": Command(
            lambda _round: [VC, "flow", "session", "list", "--limit", str(SESSIONS)], ours
        ),
        "vc flow session show": Command(lambda _round: [VC, "flow", "session", "show", session_ids[0]], ours),
        # Each round pauses another session: an already paused one would cost less.
        "vc flow session pause": Command(
            lambda number: [VC, "flow", "session", "pause", session_ids[number + 1]], ours
        ),
        "our django.setup()": _python(SETUP, ours),
        "our django.setup() and its query": _python(SETUP + ROWS.format(limit=50), ours),
        "our django.setup() and its query, 1000 rows": _python(SETUP + ROWS.format(limit=SESSIONS), ours),
        "our django.setup() and one row": row,
    }


def _python(program: str, environment: Mapping[str, str] | None = None) -> Command:
    return Command(lambda _round: [PYTHON, "-c", program], environment or {})


def _interleaved(commands: Mapping[str, Command], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of processor time per command and round; a first round, which writes bytecode, doesn't count."""
    costs: dict[str, list[float]] = {name: [] for name in commands}
    order = list(commands)
    for number in range(rounds + 1):
        random.shuffle(order)
        for name in order:
            cost = _cost(commands[name], number)
            if number:
                costs[name].append(cost)
    return costs


def _cost(command: Command, number: int) -> float:
    words = command.words(number)
    process = subprocess.Popen(
        words,
        cwd="/",
        env=clean_environment(**command.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise HarnessError(f"{' '.join(words)} ended with {process.returncode}")
    return 1e3 * (usage.ru_utime + usage.ru_stime)


def _figure(comparison: Comparison, costs: Mapping[str, list[float]]) -> Figure:
    """Medians; the ratio is the median of each round's, so that a slow minute harms both."""
    ours, theirs = costs[comparison.what], costs[comparison.reference]
    return Figure(
        f"`{comparison.what}`",
        median(ours),
        f"`{comparison.reference}`",
        median(theirs),
        median(own / other for own, other in zip(ours, theirs, strict=True)),
        comparison.bound,
        comparison.is_goal,
    )


def _prepared(*words: str, env: Mapping[str, str]) -> str:
    done = subprocess.run(words, cwd=CHECKOUT, env=clean_environment(**env), capture_output=True, text=True)
    if done.returncode:
        raise HarnessError(f"{' '.join(words)} failed: {done.stderr.strip()}")
    return done.stdout
