"""What ended long ago goes into files, and comes back; whenever it is killed, nothing is lost."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from sessions_app import archiving, chores, lookup, retention
from sessions_app.actors import Actor, Grant, local_actor
from sessions_app.archiving import Order, archive_sessions
from sessions_app.bundles import importing
from sessions_app.bundles.importing import Options
from sessions_app.bundles.writing import Writer
from sessions_app.exceptions import NotFound
from sessions_app.idempotency import Idempotency
from sessions_app.models import FlowSession, IdempotencyKey, SessionEvent, Tombstone
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from status_bridge import subscriptions
from status_bridge.models import Conflict, ConflictKind
from tests.factories import assert_consistent, in_team, session_in, user

pytestmark = pytest.mark.django_db

NOW = timedelta(0)


def bytes_of(*ids):
    return b"".join(Writer(local_actor(), with_secrets=True).lines(sorted(ids)))


def brought_back(path, **options):
    chosen = Options(keep_owners=True, **options)
    plan = importing.check_bundle(str(path), chosen, lambda _count: None)
    importing.refuse_conflicts([plan])
    importing.take_in(local_actor(), plan, chosen, lambda _count: None)
    return plan


def aged(flow_session, days):
    FlowSession.objects.filter(pk=flow_session.pk).update(updated_at=timezone.now() - timedelta(days=days))


def test_ended_sessions_go_into_a_file_and_come_back(tmp_path):
    done, aborted, kept = session_in("COMPLETED"), session_in("ABORTED"), session_in("ACTIVE")
    FlowSessionManager().update_session(kept.pk, {"context": {"password": "hunter2"}})
    raw = bytes_of(done.pk, aborted.pk)
    archived = archive_sessions(Order(tmp_path / "old", NOW))
    assert archived.sessions == sorted([done.pk, aborted.pk])
    (file,) = map(Path, archived.files)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(FlowSession.objects.values_list("pk", flat=True)) == [kept.pk]
    stone = Tombstone.objects.get(pk=done.pk)
    assert (stone.archive, stone.last_seq, stone.chain_head) == (file.name, done.version, done.chain_head)
    assert archive_sessions(Order(tmp_path / "old", NOW)).files == []
    assert brought_back(file).sessions == {"returned": 2}
    assert bytes_of(done.pk, aborted.pk) == raw
    assert not Tombstone.objects.exists()
    assert_consistent(done.pk)
    FlowSessionManager().reopen_session(done.pk, reason="once more")
    assert_consistent(done.pk)


@pytest.mark.parametrize("is_taken", [False, True], ids=["free", "another's"])
def test_renamed_people_and_teams_go_and_come_back(is_taken, tmp_path):
    done = in_team(session_in("ACTIVE", "build"), "blue")
    user("mei", operates=["blue"])
    StageInstanceManager().assign_stage(done.pk, "build", "mei")
    FlowSessionManager().update_session(done.pk, {"owner": "mei"})
    FlowSessionManager().abort_session(done.pk)
    get_user_model().objects.filter(username="mei").update(username="mei-lin")
    Group.objects.filter(name="blue").update(name="green")
    if is_taken:
        user("mei", operates=["blue"])
    raw = bytes_of(done.pk)
    archived = archive_sessions(Order(tmp_path, NOW))
    assert (archived.sessions, archived.left) == ([done.pk], {})
    assert brought_back(archived.files[0]).sessions == {"returned": 1}
    assert bytes_of(done.pk) == raw
    came = FlowSession.objects.get(pk=done.pk)
    assert (came.owner.username, came.team.name) == ("mei-lin", "green")


def test_archived_session_is_not_found_with_the_way_back(tmp_path, settings):
    settings.VCFLOW_ARCHIVE_FOLDER = tmp_path
    done = session_in("COMPLETED")
    boss, root = user("boss"), user("root")
    get_user_model().objects.filter(pk=root.pk).update(is_superuser=True)
    root.refresh_from_db()
    (path,) = archive_sessions(Order(tmp_path, NOW)).files
    bound = Grant("t", frozenset({"read"}), workflow_id="other")
    for who, told in (
        (local_actor(), path),
        (Actor(root, "api"), Path(path).name),
        (Actor(boss, "api"), None),
        (Actor(root, "api", grant=bound), None),
    ):
        for find in (lookup.find_session, lookup.get_session):
            with pytest.raises(NotFound) as refused:
                find(who, done.pk)
            assert refused.value.message == f"There is no session {done.pk}."
            assert (f"vc flow import {told} --keep-owners" in refused.value.fix) == (told is not None)
            assert (refused.value.details.get("archive") is None) == (told is None)
            assert told or "rchive" not in refused.value.fix


def test_what_has_not_ended_long_enough_stays(tmp_path):
    young, old = session_in("COMPLETED"), session_in("COMPLETED")
    aged(old, 100)
    trial = archive_sessions(Order(tmp_path, timedelta(days=90)), dry_run=True)
    assert (trial.sessions, trial.files, trial.left) == ([old.pk], [], {})
    assert FlowSession.objects.count() == 2
    assert archive_sessions(Order(tmp_path, timedelta(days=90), "other")).sessions == []
    assert young.pk not in archive_sessions(Order(tmp_path, timedelta(days=90), "dev")).sessions


def test_what_others_need_stays_with_the_reason(tmp_path):
    forked, waits, disputed = session_in("COMPLETED"), session_in("ACTIVE"), session_in("COMPLETED")
    kept = SavepointManager().create_savepoint(forked.pk)
    fork = SavepointManager().fork_savepoint(kept.pk)
    FlowSessionManager().reopen_session(fork.pk, reason="on")
    hook, _secret = subscriptions.create(
        local_actor(), name="board", url="https://board.example.com/", reach="all", events=["session.aborted"]
    )
    FlowSessionManager().abort_session(waits.pk)
    Conflict.objects.create(
        subscription=hook, session=disputed, field="name", kind=ConflictKind.REFUSED, found_at=timezone.now()
    )
    trial = archive_sessions(Order(tmp_path, NOW), dry_run=True)
    assert set(trial.left) == {forked.pk, waits.pk, disputed.pk}
    assert len(set(trial.left.values())) == 3
    assert archive_sessions(Order(tmp_path, NOW)).sessions == []
    assert list(tmp_path.iterdir()) == []


def test_damaged_session_stays_and_keeps_no_other_one(tmp_path):
    damaged, whole = session_in("COMPLETED"), session_in("COMPLETED")
    SessionEvent.objects.filter(session=damaged, seq=1).update(reason="forged")
    archived = archive_sessions(Order(tmp_path, NOW))
    assert archived.sessions == [whole.pk]
    assert list(archived.left) == [damaged.pk]
    assert FlowSession.objects.filter(pk=damaged.pk).exists()


class Killed(BaseException):
    """As SIGKILL: nothing catches it."""


@pytest.mark.parametrize("place", ["write_file", "_read_back", "_let_go", "second"])
def test_killed_anywhere_nothing_is_lost(place, tmp_path, monkeypatch):
    ended = sorted([session_in("COMPLETED").pk, session_in("ABORTED").pk])
    raw = bytes_of(*ended)
    real, calls = archiving._let_go, []

    def dies(*args, **_kwargs):
        calls.append(args)
        if place == "second" and len(calls) == 1:
            return real(*args)
        raise Killed

    monkeypatch.setattr(archiving, "_let_go" if place == "second" else place, dies)
    with pytest.raises(Killed):
        archive_sessions(Order(tmp_path, NOW))
    here = set(FlowSession.objects.values_list("pk", flat=True))
    stones = dict(Tombstone.objects.values_list("pk", "archive"))
    assert here | stones.keys() == set(ended)
    assert all((tmp_path / file).exists() for file in stones.values())
    monkeypatch.undo()
    archive_sessions(Order(tmp_path, NOW))
    assert not FlowSession.objects.exists()
    for file in sorted(set(Tombstone.objects.values_list("archive", flat=True))):
        brought_back(tmp_path / file, on_conflict="skip")
    assert bytes_of(*ended) == raw


def test_session_that_goes_on_meanwhile_stays(tmp_path, monkeypatch):
    ended = session_in("COMPLETED")
    real = archiving._read_back

    def slow(path):
        FlowSessionManager().note_session(ended.pk, "still read")
        return real(path)

    monkeypatch.setattr(archiving, "_read_back", slow)
    archived = archive_sessions(Order(tmp_path, NOW))
    assert (archived.sessions, list(archived.left)) == ([], [ended.pk])
    assert FlowSession.objects.filter(pk=ended.pk).exists()


def test_what_a_killed_process_left_is_removed(tmp_path):
    draft = tmp_path / ".vcflow-archive-x.jsonl.gz.abc.part"
    draft.write_bytes(b"half")
    archive_sessions(Order(tmp_path, NOW))
    assert draft.exists()
    os.utime(draft, (0, 0))
    archive_sessions(Order(tmp_path, NOW))
    assert not draft.exists()


def test_worker_archives_where_it_is_switched_on_and_forgets_old_keys(tmp_path, settings):
    ended = session_in("COMPLETED")
    aged(ended, 40)
    idempotency = [Idempotency(key, "f" * 64, lambda _result, outcome: {"version": outcome.version}) for key in "ab"]
    for each in idempotency:
        FlowSessionManager(idempotency=each).note_session(ended.pk, "x")
    aged(ended, 40)
    IdempotencyKey.objects.filter(key="a").update(created_at=timezone.now() - timedelta(days=31))
    settings.VCFLOW_ARCHIVE_FOLDER, settings.VCFLOW_ARCHIVE_AFTER = tmp_path, 0
    retention.work()
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["b"]
    assert FlowSession.objects.filter(pk=ended.pk).exists()
    settings.VCFLOW_ARCHIVE_AFTER = 30
    assert "retention" in chores._chores
    retention.work()
    assert not FlowSession.objects.filter(pk=ended.pk).exists()
