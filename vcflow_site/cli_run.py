"""Runs a command's handler once Django is up."""

from __future__ import annotations

from argparse import Namespace
from functools import partial

from django.db import DatabaseError

from sessions_app import logfiles, storage
from sessions_app.cli.call import Call
from sessions_app.cli.terminal import Terminal
from stages_app.cli.next_steps import next_steps
from vcflow_site.bootstrap import ensure_ready
from vcflow_site.cli import resolve


def run(args: Namespace, terminal: Terminal, program: str) -> None:
    """Make ready what the command needs, then let its handler answer."""
    call = Call(args, terminal, program, next_steps)
    logfiles.report_through(partial(terminal.diagnose, as_json=call.json))
    try:
        if args.command.needs == "database":
            ensure_ready(call.announce)
        resolve(args.command.handler)(call)
    except DatabaseError as error:
        raise storage.translate(error) from error
