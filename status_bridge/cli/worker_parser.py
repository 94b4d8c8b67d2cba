"""The command of the worker, as data."""

from __future__ import annotations

from argparse import ArgumentTypeError

from sessions_app.cli.arguments import JSON, whole_number
from sessions_app.cli.tree import Argument, Command
from sessions_app.language import gettext as _
from sessions_app.language import noop

MOST_THREADS = 64


def threads(text: str) -> int:
    """A number of threads that a worker may have."""
    number = whole_number(text)
    if not 1 <= number <= MOST_THREADS:
        raise ArgumentTypeError(_("Give a number from 1 to {most}.").format(most=MOST_THREADS))
    return number


WORKER = Command(
    "worker",
    noop("deliver what webhooks and trackers are to be told, until it is ended"),
    "status_bridge.cli.worker.work",
    Argument(
        "--threads",
        about=noop("how many deliveries at once (4)"),
        metavar=noop("<number>"),
        type=threads,
        default=4,
    ),
    Argument("--once", about=noop("deliver what is due now, and end"), action="store_true"),
    JSON,
)
