"""Setting up, in processes of their own, on a database of their own."""

import json
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from sessions_app.actors import local_actor
from sessions_app.exceptions import Busy, FlowError
from sessions_app.models import SchemaStamp, WorkflowDefinition
from sessions_app.publishing import retire
from vcflow_site import conf, provision, stamp
from vcflow_site.bootstrap import ensure_ready
from vcflow_site.provision import DatabaseNewer, DatabaseOutdated, State

BUNDLED = ["design", "dev", "docs", "research"]


def run(environ, *words):
    return subprocess.run(
        [sys.executable, "-m", "vcflow_site", *words],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        umask=0,  # modes are asked for, not left to chance
    )


def init(environ):
    done = run(environ, "init", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["data"]


def diagnostic(done):
    return json.loads(done.stderr.splitlines()[-1])


def database(environ):
    return Path(environ["VCFLOW_HOME"]) / "db.sqlite3"


def test_first_command_sets_everything_up_and_says_so(command_environ):
    done = run(command_environ, "flow", "list")
    assert done.returncode == 0, done.stderr
    assert "Setting up the database" in done.stderr
    for workflow in BUNDLED:
        assert workflow in done.stdout
    again = run(command_environ, "flow", "list")
    assert (again.returncode, again.stdout, again.stderr) == (0, done.stdout, "")


def test_first_commands_at_once_all_work(command_environ):
    command = [sys.executable, "-m", "vcflow_site", "flow", "list", "--json"]
    racers = [
        subprocess.Popen(command, env=command_environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    answers = [racer.communicate(timeout=120) for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 4, answers
    assert len({out for out, _err in answers}) == 1
    assert sum("Setting up" in err for _out, err in answers) == 1


def test_init_says_what_it_made_and_what_was_there(command_environ):
    first, second = init(command_environ), init(command_environ)
    assert (first["found"], first["admin"], first["admin_created"]) == ("empty", "admin", True)
    assert (second["found"], second["admin"], second["admin_created"]) == ("current", "admin", False)
    assert first["login_link"].startswith("http://127.0.0.1:8000/login/")
    text = run(command_environ, "init", "--port", "8123").stdout
    assert "http://127.0.0.1:8123/login/" in text
    assert text.count("was there already") == 2


@pytest.mark.sqlite
def test_database_and_its_companions_are_private(command_environ):
    Path(command_environ["VCFLOW_HOME"]).mkdir(mode=0o755)
    init(command_environ)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in database(command_environ).parent.glob("*.sql*")}
    assert set(modes.values()) == {0o600}, modes


@pytest.mark.sqlite
def test_older_database_is_refused_until_init_brings_it_up_to_date(ready_environ):
    with sqlite3.connect(database(ready_environ)) as old:
        old.execute("UPDATE schema_stamp SET digest = 'older'")
        old.execute("DELETE FROM django_migrations WHERE app = 'admin' AND name LIKE '0003%'")

    refused = run(ready_environ, "flow", "list", "--json")
    assert refused.returncode == 1
    assert diagnostic(refused)["code"] == "database-outdated"
    assert "vc init" in diagnostic(refused)["fix"]

    told = run(ready_environ, "init")
    assert "brought up to date" in told.stdout
    copy = next(database(ready_environ).parent.glob("*.bak"))
    assert str(copy) in told.stderr
    with sqlite3.connect(copy) as before:
        assert before.execute("SELECT digest FROM schema_stamp").fetchone() == ("older",)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert run(ready_environ, "flow", "list").returncode == 0


@pytest.mark.sqlite
def test_killed_set_up_is_finished_by_the_next_command(ready_environ):
    with sqlite3.connect(database(ready_environ)) as killed:
        killed.execute("DELETE FROM schema_stamp")
        killed.execute("DELETE FROM workflow_versions WHERE workflow_id = 'docs'")
        killed.execute("DELETE FROM workflow_definitions WHERE id = 'docs'")
        killed.execute("DELETE FROM django_migrations WHERE app = 'admin' AND name LIKE '0003%'")
    done = run(ready_environ, "flow", "list")
    assert done.returncode == 0
    assert "Finishing the set-up" in done.stderr
    assert "Workflows to start from: docs." in done.stderr


@pytest.mark.sqlite
def test_database_with_a_torn_history_is_refused(ready_environ):
    with sqlite3.connect(database(ready_environ)) as torn:
        torn.execute("UPDATE schema_stamp SET digest = 'older'")
        torn.execute("DELETE FROM django_migrations WHERE app = 'auth' AND name LIKE '0012%'")
    refused = run(ready_environ, "init", "--json")
    assert refused.returncode == 1
    assert diagnostic(refused)["code"] == "storage"
    assert "auth.0012" in diagnostic(refused)["message"]


@pytest.mark.sqlite
def test_other_programs_database_is_refused(command_environ):
    database(command_environ).parent.mkdir()
    with sqlite3.connect(database(command_environ)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    refused = run(command_environ, "init", "--json")
    assert refused.returncode == 1
    assert diagnostic(refused)["code"] == "database-newer"


@pytest.mark.sqlite
def test_file_that_is_no_database_is_refused(command_environ):
    database(command_environ).parent.mkdir()
    database(command_environ).write_bytes(b"not a database" * 100)
    refused = run(command_environ, "flow", "list", "--json")
    assert refused.returncode == 1
    assert diagnostic(refused)["code"] == "storage"


def test_home_that_is_a_file_is_refused(command_environ):
    Path(command_environ["VCFLOW_HOME"]).write_text("")
    refused = run(command_environ, "flow", "list", "--json")
    assert refused.returncode == 2
    assert diagnostic(refused)["setting"] == "VCFLOW_HOME"


@pytest.mark.sqlite
@pytest.mark.django_db
def test_home_that_can_not_be_written_is_named(settings):
    settings.VCFLOW_HOME = Path("/proc")
    with pytest.raises(FlowError, match="The data folder /proc can't be used"):
        provision.complete(pytest.fail)


@pytest.mark.django_db
def test_server_or_memory_has_no_file_to_copy():
    assert provision.back_up() is None


def test_unwritable_log_is_a_warning_in_the_form_that_was_asked_for(ready_environ):
    logs = Path(ready_environ["VCFLOW_HOME"]) / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.write_text("a file where the folder should be")
    done = run(ready_environ, "flow", "session", "create", "dev", "--json")
    assert done.returncode == 0
    assert diagnostic(done)["code"] == "log-unwritable"
    done = run(ready_environ, "flow", "session", "create", "dev")
    assert done.stderr.startswith("Warning [log-unwritable]: ")


@pytest.mark.django_db
def test_ready_database_costs_one_query(django_assert_num_queries):
    stamp.mark_complete()
    with django_assert_num_queries(1):
        ensure_ready(pytest.fail)


@pytest.mark.django_db
def test_interrupted_set_up_is_finished():
    provision.publish_bundled()
    WorkflowDefinition.objects.get(pk="docs").delete()
    SchemaStamp.objects.all().delete()
    said = []
    ensure_ready(said.append)
    assert "docs" in said[-1]
    assert "dev" not in said[-1]
    assert stamp.is_complete()
    assert sorted(WorkflowDefinition.objects.values_list("pk", flat=True)) == BUNDLED


@pytest.mark.django_db
def test_set_up_interrupted_between_migrations_is_told_from_an_old_database():
    MigrationRecorder(connection).record_unapplied("admin", "0003_logentry_add_action_flag_choices")
    assert provision.find_state() is State.OUTDATED
    SchemaStamp.objects.all().delete()
    assert provision.find_state() is State.UNFINISHED


@pytest.mark.django_db
def test_bundled_workflow_that_was_changed_or_retired_stays():
    provision.publish_bundled()
    retire(local_actor(), "docs")
    assert provision.publish_bundled() == []
    assert WorkflowDefinition.objects.get(pk="docs").retired_at


@pytest.mark.django_db
def test_newer_database_is_refused():
    MigrationRecorder(connection).record_applied("sessions_app", "0999_from_the_future")
    SchemaStamp.objects.update(digest="newer")
    with pytest.raises(DatabaseNewer) as caught:
        ensure_ready(pytest.fail)
    assert caught.value.details["migrations"] == ["sessions_app.0999_from_the_future"]


@pytest.mark.django_db
def test_migrations_that_a_removed_app_left_behind_do_no_harm():
    MigrationRecorder(connection).record_applied("some_plugin", "0001_initial")
    assert provision.find_state() is State.CURRENT


@pytest.mark.django_db
def test_outdated_database_is_refused_in_process():
    MigrationRecorder(connection).record_unapplied("sessions_app", "0005_savepoints")
    SchemaStamp.objects.update(digest="older")
    with pytest.raises(DatabaseOutdated):
        ensure_ready(pytest.fail)


@pytest.mark.django_db
def test_locked_database_is_busy_not_missing(monkeypatch):
    locked = OperationalError("database is locked")
    locked.__cause__ = sqlite3.OperationalError("database is locked")
    locked.__cause__.sqlite_errorcode = sqlite3.SQLITE_BUSY
    monkeypatch.setattr(stamp, "read", lambda: (_ for _ in ()).throw(locked))
    with pytest.raises(Busy):
        stamp.is_complete()


@pytest.mark.django_db
def test_stamp_follows_the_migrations_that_were_applied():
    stamp.mark_migrated(using="default")
    digest, version = stamp.read()
    stamp.mark_complete()
    assert (stamp.read()[0], version) == (digest, "")
    MigrationRecorder(connection).record_unapplied("stages_app", "0001_initial")
    stamp.mark_migrated(using="default")
    assert stamp.read()[0] != digest


def test_stamp_covers_every_app_of_ours_that_has_tables():
    ours = [config for config in apps.get_app_configs() if Path(config.path).parent == conf.CHECKOUT]
    assert {config.label for config in ours if list(config.get_models())} == set(stamp.OUR_APPS)


@pytest.mark.django_db
def test_first_admin_is_an_account_without_password_that_is_found_again():
    admin, is_new = provision.first_admin()
    assert is_new
    assert admin.is_superuser
    assert not admin.has_usable_password()
    assert provision.first_admin() == (admin, False)


@pytest.mark.django_db
def test_first_admin_leaves_others_of_that_name_alone():
    get_user_model().objects.create_user("admin")
    get_user_model().objects.create_superuser("admin-2", is_active=False)
    admin, is_new = provision.first_admin()
    assert (admin.username, is_new) == ("admin-3", True)
    assert not get_user_model().objects.get(username="admin").is_superuser
