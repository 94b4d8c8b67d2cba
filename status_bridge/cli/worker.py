"""``worker``: delivers until it is told to end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django.conf import settings

from sessions_app.cli.call import Call
from sessions_app.language import ngettext
from status_bridge.delivery import deliver_due

ENGINES = {
    "embedded": "status_bridge.worker",
    "procrastinate": "status_bridge.procrastinate_worker",
}
"""Only the one in use is imported: procrastinate may not be installed."""

ENDS = (signal.SIGTERM, signal.SIGINT)


def work(call: Call) -> None:
    """``worker [--threads <number>] [--once]``"""
    arrived = deliver_due() if call.args.once else _until_ended(call)
    call.show(lambda: {"delivered": arrived}, lambda: [_ended(arrived)])


def _until_ended(call: Call) -> int:
    threads = call.args.threads
    worker = import_module(ENGINES[settings.VCFLOW_WORKER]).Worker(threads, lambda message: _say(call, message))
    with _told_to_end(worker.stop):
        text = ngettext(
            "The worker ({engine}, {count} thread) delivers until it is ended with Ctrl-C or SIGTERM.",
            "The worker ({engine}, {count} threads) delivers until it is ended with Ctrl-C or SIGTERM.",
            threads,
        )
        _say(call, text.format(engine=settings.VCFLOW_WORKER, count=threads))
        worker.run()
    return int(worker.arrived)


def _ended(arrived: int) -> str:
    return ngettext("Ended: {count} message delivered.", "Ended: {count} messages delivered.", arrived).format(
        count=arrived
    )


def _say(call: Call, message: str) -> None:
    call.terminal.diagnose({"severity": "info", "code": "worker", "message": message}, as_json=call.json)


@contextmanager
def _told_to_end(stop: Callable[[], None]) -> Iterator[None]:
    """The first signal lets the messages in flight be finished, the second ends at once."""
    before = {number: signal.getsignal(number) for number in ENDS}

    def end(_number: int, _frame: Any) -> None:
        for number in ENDS:
            signal.signal(number, signal.default_int_handler)
        stop()

    for number in ENDS:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
