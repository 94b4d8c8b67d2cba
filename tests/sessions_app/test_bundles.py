"""Bundles: what a session is goes out and comes in again, to the byte."""

import gzip
import json

import pytest
from django.contrib.auth import get_user_model

from sessions_app.actors import local_actor
from sessions_app.bundles.files import write_file
from sessions_app.bundles.importing import Options, check_bundle, refuse_conflicts, take_in
from sessions_app.bundles.writing import Writer
from sessions_app.canonical import canonical
from sessions_app.exceptions import Conflict
from sessions_app.models import FlowSession, Savepoint, SessionEvent, Tombstone, WorkflowDefinition
from sessions_app.publishing import publish
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from status_bridge.models import Delivery, StatusEntry
from tests.factories import (
    actor,
    assert_consistent,
    definition,
    event_types,
    events_of,
    in_team,
    new_session,
    stage,
)

pytestmark = pytest.mark.django_db

ODD = {"pi": 3.14159, "small": 1e-07, "big": 2**80, "text": "中文 é ✓\ttab\nline", "empty": {}, "none": [None, [], ""]}


def worked_on(owner="wang"):
    """A session with all that one can have."""
    sessions, stages = FlowSessionManager(actor(owner)), StageInstanceManager(actor(owner))
    flow_session = new_session(
        stage("build", items=["one", "two?"], deliverables=["report?"]), stage("test", items=["run"]), name="Login"
    )
    sessions.update_session(flow_session.pk, {"owner": owner, "context": {"password": "hunter2", **ODD}, "tags": ["x"]})
    build = stages.run_stage(flow_session.pk, "build")
    stages.complete_item(build.pk, "one", "two")
    stages.add_item(build.pk, "three")
    stages.complete_item(build.pk, "three")
    stages.update_instance(build.pk, {"context": {"a": 1}, "metadata": ODD, "assignee": owner})
    stages.complete_instance(build.pk, {"report": "r.md"})
    kept = SavepointManager().create_savepoint(flow_session.pk, "by hand")
    stages.run_stage(flow_session.pk, "test")
    stages.fail_instance(f"{flow_session.pk}.test.1", reason="red")
    SavepointManager().restore_savepoint(kept.pk)
    SavepointManager().fork_savepoint(kept.pk, "Other")
    return FlowSession.objects.get(pk=flow_session.pk)


def bundle(*ids, with_secrets=True):
    return b"".join(Writer(local_actor(), with_secrets=with_secrets).lines(ids or all_ids()))


def all_ids():
    return sorted(FlowSession.objects.values_list("pk", flat=True))


def emptied():
    """As another place is, where nothing of it was ever."""
    FlowSession.objects.all().delete()
    Tombstone.objects.all().delete()
    WorkflowDefinition.objects.all().delete()


def taken(tmp_path, raw, *, importer=None, **options):
    path = tmp_path / "b.jsonl"
    path.write_bytes(raw)
    chosen = Options(**options)
    plan = check_bundle(str(path), chosen, lambda _count: None)
    if chosen.on_conflict == "fail":
        refuse_conflicts([plan])
    take_in(importer or local_actor(), plan, chosen, lambda _count: None)
    return plan


def test_bundle_comes_in_as_it_went_out(tmp_path):
    origin = worked_on()
    raw = bundle()
    savepoints = list(Savepoint.objects.order_by("pk").values_list("pk", "digest", "note", "kind"))
    emptied()
    plan = taken(tmp_path, raw, keep_owners=True)
    assert plan.as_dict()["sessions"] == {"imported": 2, "present": 0, "returned": 0, "renamed": 0, "skipped": 0}
    assert bundle() == raw
    assert list(Savepoint.objects.order_by("pk").values_list("pk", "digest", "note", "kind")) == savepoints
    for key in all_ids():
        assert_consistent(key)
    assert FlowSession.objects.get(pk=origin.pk).context["password"] == "hunter2"
    assert Delivery.objects.count() == 0
    again = taken(tmp_path, raw, keep_owners=True)
    assert again.sessions == {"present": 2}
    assert bundle() == raw
