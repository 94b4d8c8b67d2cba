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


def test_masked_bundle_has_no_secret_and_says_so(tmp_path):
    origin = worked_on()
    raw = bundle(with_secrets=False)
    assert b"hunter2" not in raw
    assert json.loads(raw.splitlines()[0])["secrets"] == "masked"
    emptied()
    plan = taken(tmp_path, raw, keep_owners=True)
    assert plan.warnings
    assert FlowSession.objects.get(pk=origin.pk).context["pi"] == ODD["pi"]
    for key in all_ids():
        assert_consistent(key)
    assert bundle(with_secrets=False) == raw


def test_stage_named_like_a_secret_is_none(tmp_path):
    flow_session = new_session("password", "token", id="keys")
    StageInstanceManager().run_stage(flow_session.pk, "password")
    raw = bundle(with_secrets=False)
    emptied()
    assert taken(tmp_path, raw).sessions == {"imported": 1}
    assert_consistent(flow_session.pk)


def test_owners_are_the_importers_unless_kept(tmp_path):
    origin = worked_on("wang")
    in_team(origin, "web")
    raw = bundle()
    emptied()
    get_user_model().objects.filter(username="wang").delete()
    plan = taken(tmp_path, raw, importer=actor("boss"))
    came = FlowSession.objects.get(pk=origin.pk)
    assert (came.owner.username, came.team) == ("boss", None)
    *_, last = events_of(origin.pk)
    assert (last.type, last.actor) == ("session.imported", "boss")
    assert last.changes["origin"]["after"] == {
        "id": origin.pk,
        "version": came.version - 1,
        "chain_head": json.loads(raw.splitlines()[3])["chain_head"],
    }
    assert last.changes["owner"] == {"before": "wang", "after": "boss"}
    assert last.changes["attempts.build.1"]["after"]["assignee"] is None
    assert_consistent(origin.pk)
    assert not get_user_model().objects.filter(username="wang").exists()
    assert plan.sessions == {"imported": 2}
    assert taken(tmp_path, raw, importer=actor("boss")).sessions == {"present": 2}


def test_kept_owners_who_are_missing_become_disabled_accounts(tmp_path):
    origin = in_team(worked_on("wang"), "web")
    raw = bundle(origin.pk)
    emptied()
    get_user_model().objects.filter(username="wang").delete()
    origin_team = origin.team
    plan = taken(tmp_path, raw, keep_owners=True)
    wang = get_user_model().objects.get(username="wang")
    assert (wang.is_active, wang.has_usable_password(), wang.is_superuser) == (False, False, False)
    came = FlowSession.objects.get(pk=origin.pk)
    assert (came.owner, came.team) == (wang, origin_team)
    assert came.version == origin.version + 1 or "session.imported" not in event_types(origin.pk)
    assert plan.warnings == []
    assert_consistent(origin.pk)


def left_here(origin, how):
    """What stands here when the bundle of ``origin`` comes."""
    sessions = FlowSessionManager()
    if how == "behind":
        sessions.note_session(origin.pk, "goes on here")
    elif how == "deleted":
        sessions.delete_session(origin.pk)
    elif how == "different":
        SessionEvent.objects.filter(session=origin.pk).delete()
        FlowSession.objects.filter(pk=origin.pk).update(chain_head="f" * 64)
    elif how == "version":
        emptied()
        publish(local_actor(), definition("other"))


@pytest.mark.parametrize("how", ["ahead", "behind", "different", "deleted", "version"])
def test_conflicts_fail_are_skipped_or_renamed(how, tmp_path):
    origin = new_session(stage("build", items=["one"]), name="Login")
    old = bundle()
    StageInstanceManager().run_stage(origin.pk, "build")
    kept = SavepointManager().create_savepoint(origin.pk)
    FlowSessionManager().note_session(origin.pk, "later")
    SavepointManager().restore_savepoint(kept.pk)
    raw = bundle()
    if how == "ahead":
        emptied()
        taken(tmp_path, old)
    left_here(origin, how)
    before = (all_ids(), SessionEvent.objects.count(), Tombstone.objects.count())
    with pytest.raises(Conflict) as refusal:
        taken(tmp_path, raw)
    assert refusal.value.details["conflicts"] == [{"session_id": origin.pk, "reason": how}]
    assert taken(tmp_path, raw, on_conflict="skip").sessions == {"skipped": 1}
    assert (all_ids(), SessionEvent.objects.count(), Tombstone.objects.count()) == before
    renamed = taken(tmp_path, raw, on_conflict="rename")
    new_id = renamed.renamed[origin.pk]
    assert renamed.sessions == {"renamed": 1}
    assert new_id != origin.pk
    assert event_types(new_id)[-1] == "session.imported"
    assert events_of(new_id)[-1].changes["origin"]["after"]["id"] == origin.pk
    assert Savepoint.objects.filter(session=new_id).exists()
    assert_consistent(new_id)
    assert taken(tmp_path, raw, on_conflict="rename").sessions == {"present": 1}
    SavepointManager().restore_savepoint(f"{new_id}@{kept.seq}")
    assert_consistent(new_id)


def test_same_version_under_another_number_is_kept_under_its_own(tmp_path):
    origin = new_session("build", name="Login")
    raw = bundle()
    emptied()
    publish(local_actor(), definition("x", id="dev"))
    publish(local_actor(), definition("build", id="dev"))
    plan = taken(tmp_path, raw, on_conflict="rename")
    came = FlowSession.objects.get(pk=plan.renamed[origin.pk])
    assert came.published.number == 2
    assert_consistent(came.pk)


def test_export_leaves_no_trace_and_packs_the_same(tmp_path):
    new_session("build")
    one, two = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"
    write_file(one, [bundle()])
    write_file(two, [bundle()])
    assert one.read_bytes() == two.read_bytes()
    assert gzip.decompress(one.read_bytes()) == bundle()
    assert all(line == canonical(json.loads(line)) for line in bundle().decode().splitlines())
    with pytest.raises(ZeroDivisionError):
        write_file(one, (b"x" for _ in [1 / 0]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl.gz", "b.jsonl.gz"]


def test_status_entry_comes_with_its_session(tmp_path):
    origin = worked_on()
    entry = StatusEntry.objects.get(session=origin).as_dict()
    raw = bundle()
    emptied()
    taken(tmp_path, raw, keep_owners=True)
    assert StatusEntry.objects.get(session=origin.pk).as_dict() == entry
