"""Many processes that do something at the same moment."""

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.db import connection

from sessions_app.exceptions import FlowError
from sessions_app.idempotency import AlreadyAnswered

PATIENCE = 60
"""Seconds."""


class Result(NamedTuple):
    """What one process met: ``done`` and what the call answered, ``answered``, ``refused`` or ``error``."""

    kind: str
    value: Any


def race(*calls: Callable[[], Any]) -> list[Result]:
    """Do each call in a process of its own, all beginning at once; the results are in the order of the calls."""
    connection.close()  # a forked process must not share it
    fork = multiprocessing.get_context("fork")
    barrier = fork.Barrier(len(calls))
    pipes = [fork.Pipe(duplex=False) for _call in calls]
    racers = [
        fork.Process(target=_run, args=(call, barrier, sender))
        for call, (_receiver, sender) in zip(calls, pipes, strict=True)
    ]
    for racer in racers:
        racer.start()
    results = [receiver.recv() if receiver.poll(PATIENCE) else Result("error", "hangs") for receiver, _sender in pipes]
    for racer in racers:
        racer.join(PATIENCE)
    return results


def kinds(results: Sequence[Result]) -> list[str]:
    """The kinds of the results, sorted."""
    return sorted(result.kind for result in results)


def _run(call: Callable[[], Any], barrier: Any, sender: Any) -> None:
    try:
        barrier.wait(PATIENCE)
        result = Result("done", call())
    except AlreadyAnswered as answered:
        result = Result("answered", answered.answer)
    except FlowError as refusal:
        result = Result("refused", refusal.code)
    except Exception as error:
        result = Result("error", repr(error))
    sender.send(result)
    connection.close()
