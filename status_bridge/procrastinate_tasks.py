"""procrastinate's jobs: they carry nothing but the wish to look; what is to be sent stands in the lanes.

A job that is lost costs at most :data:`SWEEP`, for then another looks.
"""

from __future__ import annotations

import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from procrastinate import App, JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException
from procrastinate.jobs import Status

from sessions_app.change import Change
from sessions_app.signals import event_recorded
from status_bridge import delivery, leases, outbox
from status_bridge.minding import Minder

QUEUE = "vcflow"
SWEEP = "* * * * * */5"
"""Each five seconds: for retries, lost wake-ups and what a worker left that was killed."""

AT_ONCE = 8
"""Jobs that one sweep puts in at most; each goes on until nothing is due."""

log = logging.getLogger("workflow.session.integration")

minder: Minder | None = None
"""Of the worker in this process."""


@app.task(name="vcflow.deliver_lane", queue=QUEUE)
def deliver_lane() -> None:
    """Deliver the lane that has been due for longest, and then the next, until nothing is due."""
    assert minder is not None, "only a worker does jobs"
    while not minder.ending.is_set():
        held = leases.claim(minder.busy())
        minder.back_again()
        if held is None:
            return
        with minder.delivering(held.subscription.pk):
            minder.count(delivery.deliver(held, is_enough=minder.ending.is_set))


@app.periodic(cron=SWEEP)
@app.task(name="vcflow.sweep", queue=QUEUE, pass_context=True)
async def sweep(context: JobContext, timestamp: int) -> None:
    """Put in jobs for what is due, and put away those of workers that were killed."""
    for job in await context.app.job_manager.get_stalled_jobs(queue=QUEUE):
        await context.app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
    for number in range(await sync_to_async(leases.count_due)(AT_ONCE)):
        try:
            await deliver_lane.configure(queueing_lock=f"vcflow sweep {number}").defer_async()
        except AlreadyEnqueued:
            continue


def connect(_app: App) -> None:
    """Wake a worker after each change that somebody is to be told of; called once procrastinate is ready."""
    event_recorded.connect(_wake_at_end, dispatch_uid="status_bridge.procrastinate")


def _wake_at_end(change: Change, **_kwargs: Any) -> None:
    change.at_end("status_bridge.procrastinate", _wake_after_commit)


def _wake_after_commit(change: Change) -> None:
    session_id = change.flow_session.pk
    # In a worker, whose sinks change sessions too, the job that is running looks for more by itself.
    if minder is None and outbox.active_subscriptions():
        transaction.on_commit(lambda: _wake(session_id))


def _wake(session_id: str) -> None:
    """Only after the commit: a job that is there already would abort the transaction.  It troubles no caller."""
    try:
        deliver_lane.configure(queueing_lock=f"vcflow {session_id}").defer()
    except AlreadyEnqueued:
        return
    except ProcrastinateException as error:
        log.warning("no worker was woken: %s", error.__cause__ or error, extra={"session_id": session_id})
