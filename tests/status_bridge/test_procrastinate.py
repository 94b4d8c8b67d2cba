"""The jobs of procrastinate, without its tables: they only look at the lanes."""

from __future__ import annotations

from typing import Any

import pytest
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from sessions_app.services import FlowSessionManager
from sessions_app.signals import event_recorded
from status_bridge import procrastinate_tasks
from status_bridge.minding import Minder
from status_bridge.models import Delivery
from tests.factories import publish_workflow
from tests.status_bridge.lanes_at_work import subscribe, told_sessions

pytestmark = pytest.mark.django_db


class Job:
    """Stands for the job: notes under which locks it was put in, or refuses."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.locks: list[str] = []
        self._refusal = refusal

    def configure(self, **options: Any) -> Job:
        self.locks.append(options["queueing_lock"])
        return self

    def defer(self) -> None:
        if self._refusal:
            raise self._refusal


@pytest.fixture
def workflow(scripted):
    return publish_workflow()


@pytest.fixture
def connected():
    procrastinate_tasks.connect(None)
    yield
    event_recorded.disconnect(dispatch_uid="status_bridge.procrastinate")


def planted(monkeypatch, job):
    monkeypatch.setattr(procrastinate_tasks, "deliver_lane", job)
    return job


def test_a_job_delivers_until_nothing_is_due(workflow, scripted, monkeypatch):
    minder = Minder("procrastinate", 2, print)
    monkeypatch.setattr(procrastinate_tasks, "minder", minder)
    subscribe()
    told_sessions(workflow, 3)
    procrastinate_tasks.deliver_lane()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"DELIVERED"}
    assert minder.arrived == len(scripted.sent) == 3
    assert minder.busy() == []


def test_a_job_of_a_worker_that_ends_begins_nothing(workflow, scripted, monkeypatch):
    minder = Minder("procrastinate", 2, print)
    minder.ending.set()
    monkeypatch.setattr(procrastinate_tasks, "minder", minder)
    subscribe()
    told_sessions(workflow)
    procrastinate_tasks.deliver_lane()
    assert scripted.sent == []


def test_a_change_wakes_a_worker_once_after_its_commit(
    workflow, connected, monkeypatch, django_capture_on_commit_callbacks
):
    job = planted(monkeypatch, Job())
    subscribe()
    with django_capture_on_commit_callbacks(execute=True):
        flow_session = FlowSessionManager().create_session(workflow)
        assert job.locks == []
    assert job.locks == [f"vcflow {flow_session.pk}"]


def test_a_change_that_nobody_is_told_of_wakes_nobody(
    workflow, connected, monkeypatch, django_capture_on_commit_callbacks
):
    job = planted(monkeypatch, Job())
    with django_capture_on_commit_callbacks(execute=True):
        FlowSessionManager().create_session(workflow)
    assert job.locks == []


@pytest.mark.parametrize(("refusal", "told"), [(AlreadyEnqueued("x"), 0), (ConnectorException("no table"), 1)])
def test_a_job_that_cannot_be_put_in_troubles_nobody(
    workflow, connected, monkeypatch, caplog, django_capture_on_commit_callbacks, refusal, told
):
    planted(monkeypatch, Job(refusal))
    subscribe()
    with django_capture_on_commit_callbacks(execute=True):
        told_sessions(workflow)
    assert sum("no worker was woken" in record.getMessage() for record in caplog.records) == told
