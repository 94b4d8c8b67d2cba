"""The doctor: finds what was tampered with or went wrong, and mends what follows from something else."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from sessions_app.actors import local_actor
from sessions_app.checkups import Check
from sessions_app.cli.table import display_width
from sessions_app.exceptions import FlowError
from sessions_app.models import ChoreRun, CurrentSession, FlowSession, IdempotencyKey, SessionEvent, WorkflowVersion
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from status_bridge.models import Delivery, Lane, StatusEntry
from tests.factories import assert_consistent, event_types, events_of, in_team, user
from tests.reliability.tampering import TAMPERINGS, examined, sql, tampered, two_sessions
from tests.status_bridge.lanes_at_work import subscribe
from vcflow_site.backups import content, making, since
from vcflow_site.backups.archive import HEADS
from vcflow_site.backups.manifest import Content
from vcflow_site.doctor import against, command, running
from vcflow_site.doctor import schema as schema_checks
from vcflow_site.doctor.running import Round

pytestmark = pytest.mark.django_db


def heads_alone(writer, _folder):
    """A backup of the heads, which needs no database of its own."""
    with writer.member(HEADS) as packer:
        heads = content.write_heads(
            packer, FlowSession.objects.order_by("pk").values_list("pk", "version", "chain_head")
        )
    return Content((), {}, heads)


def backup(tmp_path):
    return making.create(str(tmp_path / "before.backup"), copy=heads_alone).path


def fixed():
    return Round(local_actor("cli"), lambda _message: None, fix=True).look(None, None)


def codes(report):
    return [finding.code for finding in report.findings]


@pytest.fixture(autouse=True)
def _schema(request, monkeypatch):
    """The schema takes longer to look at than all else: it is asked by those tests that speak of it."""
    if "schema" not in request.fixturenames:
        monkeypatch.setattr("vcflow_site.doctor.schema.CHECKS", ())


@pytest.fixture
def schema():
    """All of the schema is looked at."""


@pytest.fixture
def names():
    return two_sessions()


def test_what_nobody_tampered_with_is_well(names, schema, tmp_path):
    report = examined(backup(tmp_path))
    assert (report.findings, report.count, report.fixed) == ([], 0, [])
    looked_at = {tally.name: tally.checked for tally in report.tallies.values()}
    assert (looked_at["log"], looked_at["replay"], looked_at["backup"]) == (2, 2, 2)
    assert min(looked_at["schema"], looked_at["constraints"], looked_at["references"]) > 10


def test_every_tampering_is_noticed(names, tmp_path):
    made = backup(tmp_path)
    for tampering in TAMPERINGS:
        with tampered(tampering, *names):
            report = examined(made, names)
        found = {finding.code: finding for finding in report.findings}
        assert tampering.codes & found.keys(), tampering.name
        assert all(finding.message and finding.fix for finding in found.values())
        alone = [finding.code for finding in report.findings if finding.check != "backup"]
        assert bool(alone) != tampering.needs_backup, (tampering.name, alone)
    assert not examined(made).findings


def test_first_bad_event_is_named_and_the_rest_counted(names):
    sql("UPDATE session_events SET hash = 'x' WHERE session_id = %s AND seq > 2", names[0])
    (finding,) = [each for each in examined().findings if each.code == "event-forged"]
    count = len(events_of(names[0]))
    assert (finding.session_id, finding.seq, finding.more) == (names[0], 3, count - 3)


def test_deleted_session_is_known_by_its_tombstone(names, tmp_path):
    made = backup(tmp_path)
    FlowSessionManager().delete_session(names[1])
    assert examined(made).findings == []


def renamed(session_id):
    """Owner, assignee and team have other names now than in the session's events."""
    in_team(FlowSession.objects.get(pk=session_id), "blue")
    user("mei", operates=["blue"])
    StageInstanceManager().assign_stage(session_id, "test", "mei")
    FlowSessionManager().update_session(session_id, {"owner": "mei"})
    sql("UPDATE auth_user SET username = 'renamed' WHERE username = 'mei'")
    sql("UPDATE auth_group SET name = 'green' WHERE name = 'blue'")


def test_renamed_users_and_teams_are_no_faults(names):
    renamed(names[0])
    SavepointManager().create_savepoint(names[0])
    assert examined().findings == []


def test_name_that_another_has_now_is_only_warned_of(names):
    renamed(names[0])
    SavepointManager().create_savepoint(names[0])
    user("mei", operates=["blue"])
    (finding,) = fixed().findings
    assert (finding.code, finding.severity, finding.mend, finding.more) == ("name-differs", "warning", None, 2)
    assert "session update" in finding.fix
    sql("UPDATE stage_instances SET name = 'forged' WHERE session_id = %s", names[0])
    report = fixed()
    assert (codes(report), len(report.fixed)) == (["name-differs"], 1)
    assert StageInstance.objects.get(session=names[0], stage_id="test").assignee.username == "renamed"


def test_owner_who_is_another_is_warned_of(names):
    sql("UPDATE flow_sessions SET owner_id = %s WHERE id = %s", user("mallory").pk, names[0])
    (finding,) = examined().findings
    assert (finding.code, "session.owner" in finding.message) == ("name-differs", True)
    assert "name-differs" in codes(fixed())


def test_warnings_push_no_error_out(names, monkeypatch):
    monkeypatch.setattr(running, "MOST", 1)
    sql("UPDATE flow_sessions SET owner_id = %s", user("mallory").pk)
    sql("UPDATE flow_sessions SET name = 'forged' WHERE id = %s", names[1])
    report = examined()
    assert (codes(report)[0], report.tally("replay").errors, report.tally("names").errors) == ("state-differs", 1, 0)
    assert report.count > 2


def test_signs_tell_errors_from_warnings_and_stand_in_columns(names):
    sql("UPDATE flow_sessions SET owner_id = %s, name = 'forged' WHERE id = %s", user("mallory").pk, names[0])
    report = examined()
    lines = list(command._lines(report, against.Anchor(None)))
    signs = {line.split()[1]: line.split()[0] for line in lines[: len(report.tallies)]}
    assert (signs["replay"], signs["names"], signs["log"]) == ("❌", "⚠️", "✅")
    assert len({display_width(line.partition("looked")[0]) for line in lines[: len(report.tallies)]}) == 1
    with pytest.raises(FlowError):
        command._refuse(report)
    sql("UPDATE flow_sessions SET name = 'Login' WHERE id = %s", names[0])
    warned = examined(sessions=[names[0]])
    assert codes(warned) == ["name-differs"]
    command._refuse(warned)


def test_fix_makes_the_session_what_its_events_say(names):
    session_id = names[0]
    before = examined().count
    sql("UPDATE flow_sessions SET status = 'FAILED', stage_states = '{}' WHERE id = %s", session_id)
    sql("UPDATE stage_instances SET name = 'forged' WHERE session_id = %s", session_id)
    found = set(codes(examined()))
    assert {"state-differs", "stage-states", "entry-differs"} <= found
    report = fixed()
    assert (report.count, before) == (0, 0)
    assert session_id in report.fixed[0]
    assert event_types(session_id)[-1] == "session.mended"
    assert FlowSession.objects.get(pk=session_id).status == "ACTIVE"
    assert StageInstance.objects.get(session_id=session_id).name == ""
    assert_consistent(session_id)
    assert (examined().count, fixed().fixed) == (0, [])


def test_fix_notes_stages_states_anew(names):
    sql("""UPDATE flow_sessions SET stage_states = '{"build": "FAILED"}' WHERE id = %s""", names[0])
    assert codes(examined())[0] == "stage-states"
    assert fixed().count == 0
    assert_consistent(names[0])


def test_fix_makes_a_removed_attempt_again(names):
    sql("DELETE FROM stage_items")
    sql("DELETE FROM stage_instances")
    assert fixed().count == 0
    assert_consistent(names[0])


def test_fix_makes_an_attempt_again_whose_items_were_left(names, monkeypatch):
    references = Check("references", "", schema_checks.check_references)
    monkeypatch.setattr("vcflow_site.doctor.schema.CHECKS", [references])
    sql("DELETE FROM stage_instances")
    assert "orphan" in codes(examined())
    report = fixed()
    assert (report.count, report.findings) == (0, [])
    assert_consistent(names[0])


def test_fix_keeps_secrets_where_events_hide_them(names):
    FlowSessionManager().update_session(names[0], {"context": {"password": "hunter2"}})
    sql("UPDATE flow_sessions SET name = 'forged' WHERE id = %s", names[0])
    assert fixed().count == 0
    stored = FlowSession.objects.get(pk=names[0])
    assert (stored.name, stored.context) == ("Login", {"branch": "main", "password": "hunter2"})


def test_fix_does_not_invent_secrets(names):
    FlowSessionManager().update_session(names[0], {"context": {"password": "hunter2"}})
    sql("UPDATE flow_sessions SET context = '{}' WHERE id = %s", names[0])
    report = fixed()
    assert codes(report) == ["state-differs"]
    assert FlowSession.objects.get(pk=names[0]).context == {}


def test_fix_leaves_a_log_that_is_not_whole_alone(names):
    sql("UPDATE session_events SET reason = 'x' WHERE session_id = %s AND seq = 2", names[0])
    sql("""UPDATE flow_sessions SET stage_states = '{}' WHERE id = %s""", names[0])
    count = SessionEvent.objects.count()
    assert {"event-forged", "stage-states"} <= set(codes(fixed()))
    assert SessionEvent.objects.count() == count


def test_entries_are_written_anew(names):
    StatusEntry.objects.filter(session_id=names[0]).delete()
    StatusEntry.objects.filter(session_id=names[1]).update(progress=77)
    assert sorted(codes(examined())) == ["entry-differs", "entry-missing"]
    report = fixed()
    assert (report.count, len(report.fixed)) == (0, 2)
    assert_consistent(names[0])


def test_entry_takes_nothing_over_from_a_forged_row(names):
    wrong = timezone.now() - timedelta(days=99)
    FlowSession.objects.filter(pk=names[0]).update(created_at=wrong)
    assert sorted(codes(fixed())) == ["entry-differs", "row-differs"]
    sql("UPDATE stage_instances SET name = 'forged' WHERE session_id = %s", names[0])
    assert "state-differs" in codes(fixed())
    assert StatusEntry.objects.get(session_id=names[0]).created_at != wrong


def test_what_waits_in_vain_is_woken(names):
    hook = subscribe()
    FlowSessionManager().note_session(names[0], "told")
    assert examined().count == 0
    Lane.objects.update(due_at=None)
    assert codes(examined()) == ["lane-asleep"]
    assert fixed().count == 0
    Lane.objects.update(lease_until=timezone.now() + timedelta(days=3), lease_token="x")
    assert codes(examined()) == ["lane-leased"]
    assert fixed().count == 0
    Lane.objects.all().delete()
    assert codes(examined()) == ["lane-missing"]
    assert fixed().count == 0
    assert Lane.objects.get(subscription=hook.pk).due_at
    assert Delivery.objects.count() == 1


def test_session_that_messages_speak_of_and_that_is_gone_is_missed(names):
    hook = subscribe()
    Lane.objects.create(subscription=hook, session_id="dev-gone-1234")
    (finding,) = examined().findings
    assert (finding.code, finding.session_id) == ("session-vanished", "dev-gone-1234")


def test_tables_beside_the_sessions_are_looked_at(names):
    sql("UPDATE workflow_versions SET digest = %s WHERE workflow_id = 'dev'", "0" * 64)
    sql("UPDATE workflow_definitions SET latest_version = 7 WHERE id = 'dev2'")
    now = timezone.now()
    ChoreRun.objects.create(name="backup", due_at=now, error="OSError: no room")
    IdempotencyKey.objects.create(user=user("lin"), key="k", fingerprint="f", created_at=now)
    assert codes(examined()) == ["version-changed", "version-missing", "chore-failed", "answer-missing"]
    assert WorkflowVersion.objects.count() == 2


def test_current_session_that_has_ended_is_forgotten(names):
    FlowSessionManager().abort_session(names[0])
    CurrentSession.objects.update_or_create(user=user("lin"), defaults={"session_id": names[0]})
    assert codes(examined()) == ["current-ended"]
    assert fixed().count == 0
    assert not CurrentSession.objects.filter(session=names[0]).exists()


def test_missing_index_is_found(names, schema):
    with transaction.atomic():
        sql("DROP INDEX session_updated")
        assert codes(examined()) == ["constraint-missing"]
        transaction.set_rollback(True)
    assert examined().count == 0


def test_some_sessions_alone_are_looked_at(names):
    sql("UPDATE flow_sessions SET name = 'forged'")
    look = Round(local_actor("cli"), lambda _message: None).look([names[1]], None)
    assert {finding.session_id for finding in look.findings} == {names[1]}
    assert {tally.checked for tally in look.tallies.values()} == {1}


def test_backups_from_since_the_last_restore_count(tmp_path, settings):
    folder = settings.VCFLOW_BACKUP_FOLDER = tmp_path / "backups"
    assert against.newest_backup() == (None, (), ())
    assert since.note(tmp_path / "x.backup") == ""
    made = making.create(copy=heads_alone).path
    assert against.newest_backup().path == made
    (folder / "broken.backup").write_bytes(b"no backup")
    anchor = against.newest_backup()
    assert (anchor.path, "can't be read" in anchor.warnings[0]) == (made, True)
    (folder / "broken.backup").unlink()
    kept = making.create(copy=heads_alone, kind="restore").path
    assert against.newest_backup().path == kept  # that restore never came to its end
    assert since.note(made) == ""
    path, warnings, (note,) = against.newest_backup()
    assert (path, warnings, f"before {made.name} was restored" in note and note.endswith(": 2")) == (None, (), True)
    after = making.create(copy=heads_alone).path
    assert against.newest_backup() == (after, (), ())
    (folder / since.NOTE).write_text("{}")
    assert (against.newest_backup().path, len(against.newest_backup().warnings)) == (after, 1)
    (folder / since.NOTE).unlink()
    (folder / since.NOTE).mkdir()
    assert "could not be noted" in since.note(made)


def test_backups_of_another_key_are_not_believed(tmp_path, settings):
    settings.VCFLOW_BACKUP_FOLDER = tmp_path / "backups"
    own_key = settings.SECRET_KEY
    own = making.create(copy=heads_alone).path
    settings.SECRET_KEY = "x" * 60
    foreign = making.create(copy=heads_alone).path
    settings.SECRET_KEY = own_key
    path, (warning,), _notes = against.newest_backup()
    assert (path, "another key" in warning and warning.endswith(": 1")) == (own, True)
    assert against.named_backup(own.name) == (own, (), ())
    (warning,) = against.named_backup(foreign.name).warnings
    assert "authenticity not checked" in warning
