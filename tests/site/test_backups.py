"""Backups through the command line, on the engine under test: made, verified, put back, refused."""

import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from django.utils import timezone

from sessions_app.models import ChoreRun
from tests.site.test_provision import database, diagnostic, run
from vcflow_site import __version__
from vcflow_site.backups import archive, layout, making, manifest, schedule

WRITERS = 4


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A data folder on SQLite with one session and one backup, to be copied."""
    home = tmp_path_factory.mktemp("installed") / "home"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VCFLOW_", "DJANGO_"))}
    environ = {**kept, "VCFLOW_HOME": str(home), "VCFLOW_LANG": "en"}
    vc(environ, "flow", "session", "create", "dev", "--name", "first")
    vc(environ, "flow", "backup", "create")
    return home


@pytest.fixture
def environ(command_environ, request):
    """An installation with the session «first» and a backup of it."""
    if is_sqlite(command_environ):
        shutil.copytree(request.getfixturevalue("installed"), command_environ["VCFLOW_HOME"])
    else:
        vc(command_environ, "flow", "session", "create", "dev", "--name", "first")
        vc(command_environ, "flow", "backup", "create")
    return command_environ


def first_backup(environ):
    """The path of the backup that was there first."""
    (path,) = (Path(environ["VCFLOW_HOME"]) / "backups").glob("*.backup")
    return path


def vc(environ, *words, status=0):
    """What a command says: its data, or of a refusal its diagnostic."""
    done = run(environ, *words, "--json")
    assert done.returncode == status, done.stderr + done.stdout
    return diagnostic(done) if status else json.loads(done.stdout)["data"]


def names(environ):
    return sorted(row["name"] for row in vc(environ, "flow", "session", "list", "--all"))


def is_sqlite(environ):
    return "VCFLOW_DATABASE_URL" not in environ


@contextmanager
def rows_of(environ):
    """A connection to the database of the commands; commits at its end."""
    if is_sqlite(environ):
        with closing(sqlite3.connect(database(environ))) as opened, opened:
            yield opened
    else:
        with psycopg.connect(environ["VCFLOW_DATABASE_URL"]) as opened:
            yield opened


@contextmanager
def elsewhere(environ, tmp_path):
    """The environment of another installation, of which there is nothing yet."""
    other = {**environ, "VCFLOW_HOME": str(tmp_path / "other")}
    if is_sqlite(environ):
        yield other
        return
    server, name = environ["VCFLOW_DATABASE_URL"].rpartition("/")[0], f"vcflow_test_{secrets.token_hex(6)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield {**other, "VCFLOW_DATABASE_URL": f"{server}/{name}"}
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def scratch_database_of_a_killed_one(environ):
    """On PostgreSQL one is there that was left long ago; asks whether it still is."""
    if is_sqlite(environ):
        yield lambda: False
        return
    name = f"vcflow_verify_1000000000_{secrets.token_hex(6)}"
    with psycopg.connect(environ["VCFLOW_DATABASE_URL"], autocommit=True) as opened:
        opened.execute(f"CREATE DATABASE {name}")
        try:
            yield lambda: opened.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        finally:
            opened.execute(f"DROP DATABASE IF EXISTS {name}")


def resigned(path, target, environ, **changes):
    """A copy of a backup that says something else of itself, signed with no key of anybody's."""
    raw = path.read_bytes()
    data = json.loads(raw[layout.BLOCK : layout.BLOCK + layout.ROOM])
    body = {name: value for name, value in data.items() if name not in ("key", "hmac", "sha256")} | changes
    room = manifest._canonical({**body, **manifest._seals(body)}).ljust(layout.ROOM)
    target.write_bytes(raw[: layout.BLOCK] + room + raw[layout.BLOCK + layout.ROOM :])
    return str(target)


def test_backup_is_made_verified_and_put_back(environ, tmp_path):
    path = first_backup(environ)
    (made,) = vc(environ, "flow", "backup", "list")
    assert (made["file"], made["sessions"], made["kind"]) == (str(path), 1, "hand")
    assert made["vcflow"] == __version__
    key = (Path(environ["VCFLOW_HOME"]) / "secret_key").read_bytes()
    assert key not in path.read_bytes()

    with scratch_database_of_a_killed_one(environ) as is_there:
        verified = vc(environ, "flow", "backup", "verify", path.name)
        assert not is_there()
    assert (verified["schema"], verified["authentic"]) == ("current", True)

    vc(environ, "flow", "session", "create", "docs", "--name", "second")
    refused = vc(environ, "flow", "backup", "restore", path.name, status=7)
    assert (refused["code"], refused["sessions"]) == ("guard-unmet", 2)
    with rows_of(environ) as opened:
        now = timezone.now().isoformat()
        opened.execute(
            "INSERT INTO workers (id, host, pid, engine, started_at, seen_at, delivered)"
            f" VALUES ('w', 'here', 1, 'embedded', '{now}', '{now}', 0)"
        )
    refused = vc(environ, "flow", "backup", "restore", path.name, "--force", status=5)
    assert (refused["code"], refused["workers"]) == ("database-in-use", ["here 1"])
    assert names(environ) == ["first", "second"]
    with rows_of(environ) as opened:
        opened.execute("DELETE FROM workers")

    assert not (path.parent / "restored.json").exists()
    restored = vc(environ, "flow", "backup", "restore", str(path), "--force")
    assert names(environ) == ["first"]
    assert json.loads((path.parent / "restored.json").read_text())["file"] == path.name
    again = vc(environ, "flow", "session", "create", "dev", "--name", "third")
    assert again["version"] == 1
    vc(environ, "flow", "backup", "restore", restored["kept"], "--force")
    assert names(environ) == ["first", "second"]
    listed = vc(environ, "flow", "backup", "list")
    assert [row["kind"] for row in listed] == ["restore", "restore", "hand"]
    assert not list(path.parent.glob(".*"))


def test_backup_that_does_not_fit_is_refused_and_nothing_happens(environ, tmp_path, settings):
    path = first_backup(environ)
    settings.SECRET_KEY = "of nobody, but as long as such a key has to be, at least"
    data = json.loads(path.read_bytes()[layout.BLOCK : layout.BLOCK + layout.ROOM])
    ours, theirs = ("sqlite", "postgresql") if is_sqlite(environ) else ("postgresql", "sqlite")
    wrong = tmp_path / "wrong.backup"

    other = resigned(path, wrong, environ, engine=theirs)
    assert data["engine"] == ours
    assert vc(environ, "flow", "backup", "restore", other, "--force", status=2)["code"] == "other-engine"

    later = resigned(path, wrong, environ, migrations=[*data["migrations"], "sessions_app.0999_later"], vcflow="99.0")
    refused = vc(environ, "flow", "backup", "restore", later, "--force", status=5)
    assert refused["code"] == "backup-unfit"
    assert "99.0" in refused["message"]

    tables = {**data["tables"], "flow_sessions": {**data["tables"]["flow_sessions"], "rows": 2}}
    false = resigned(path, wrong, environ, tables=tables)
    refused = vc(environ, "flow", "backup", "verify", false, status=1)
    assert "flow_sessions has 1 rows instead of 2" in refused["message"]

    raw = bytearray(path.read_bytes())
    raw[-3000] ^= 1
    wrong.write_bytes(raw)
    assert vc(environ, "flow", "backup", "restore", str(wrong), "--force", status=1)["code"] == "backup-damaged"
    assert vc(environ, "flow", "backup", "restore", "absent", status=3)["code"] == "not-found"
    assert names(environ) == ["first"]
    assert len(vc(environ, "flow", "backup", "list")) == 1


def test_backup_in_which_the_doctor_finds_something_is_put_back_by_force_alone(environ):
    with rows_of(environ) as opened:
        opened.execute("UPDATE session_events SET reason = 'somebody else says'")
    path = vc(environ, "flow", "backup", "create")["file"]
    assert vc(environ, "flow", "backup", "verify", path, status=1)["code"] == "backup-ailing"
    (warning,) = vc(environ, "flow", "backup", "restore", path, "--force")["warnings"]
    assert "was not well" in warning


def test_backup_of_an_older_schema_is_brought_up_to_date_in_a_new_place(environ, tmp_path):
    with rows_of(environ) as opened:
        opened.execute("UPDATE schema_stamp SET digest = 'older'")
        opened.execute("DELETE FROM django_migrations WHERE app = 'admin' AND name LIKE '0003%'")
    made = vc(environ, "flow", "backup", "create")
    assert vc(environ, "flow", "list", status=1)["code"] == "database-outdated"
    with elsewhere(environ, tmp_path) as other:
        done = run(other, "flow", "backup", "restore", made["file"], "--json")
        assert done.returncode == 0, done.stderr
        data = json.loads(done.stdout)["data"]
        assert (data["kept"], data["authentic"]) == (None, None)
        assert "authenticity not checked" in data["warnings"][0]
        assert names(other) == ["first"]
    restored = vc(environ, "flow", "backup", "restore", made["file"], "--force")
    assert restored["kept"]
    assert names(environ) == ["first"]


def test_backups_beside_writers_are_sound(environ, tmp_path):
    with ExitStack() as stack:
        command = [sys.executable, "-m", "tests.reliability.writer"]
        writers = [
            stack.enter_context(
                subprocess.Popen([*command, str(seed), "50"], env=environ, stdout=subprocess.PIPE, text=True)
            )
            for seed in range(WRITERS)
        ]
        for writer in writers:
            stack.callback(writer.kill)
        made = []
        until = time.monotonic() + 30
        while (not made or made[-1]["events"] < 20) and time.monotonic() < until:
            made.append(vc(environ, "flow", "backup", "create"))
        made.append(vc(environ, "flow", "backup", "create"))
        assert all(writer.poll() is None for writer in writers)
        for writer in writers:
            writer.terminate()
        assert sum(int(writer.communicate(timeout=60)[0]) for writer in writers) >= made[-1]["events"] / 4
    assert made[-1]["events"] >= made[-2]["events"] >= 20
    for backup in made[-2:]:
        assert vc(environ, "flow", "backup", "verify", backup["file"])["events"] == backup["events"]


@pytest.mark.sqlite
def test_database_that_is_open_elsewhere_is_not_replaced(environ):
    path = str(first_backup(environ))
    with closing(sqlite3.connect(database(environ))) as server:
        server.execute("SELECT count(*) FROM flow_sessions").fetchone()
        refused = vc(environ, "flow", "backup", "restore", path, "--force", status=5)
        assert refused["code"] == "database-in-use"
        assert server.execute("SELECT count(*) FROM flow_sessions").fetchone() == (1,)
    assert names(environ) == ["first"]


@pytest.mark.sqlite
def test_restore_is_not_undone_by_a_wal_that_was_left(environ):
    path = str(first_backup(environ))
    vc(environ, "flow", "session", "create", "dev", "--name", "second")
    file = database(environ)
    wal = file.with_name(file.name + "-wal")
    assert wal.stat().st_size > 0  # commands leave it to the next one
    stale = wal.read_bytes()
    vc(environ, "flow", "backup", "restore", path, "--force")
    assert names(environ) == ["first"]
    file.write_bytes(b"no database" * 100)
    wal.unlink(missing_ok=True)
    assert vc(environ, "flow", "backup", "restore", path, status=7)["code"] == "guard-unmet"
    done = vc(environ, "flow", "backup", "restore", path, "--force")
    assert names(environ) == ["first"]
    assert Path(done["kept"]).read_bytes() == b"no database" * 100
    file.unlink()
    wal.write_bytes(stale)  # it holds every page of what was
    vc(environ, "flow", "backup", "restore", path)
    assert names(environ) == ["first"]


@pytest.mark.sqlite
def test_numbers_of_events_go_on_after_a_restore(environ):
    path = str(first_backup(environ))
    for _time in range(3):
        vc(environ, "flow", "session", "note", "more")
    vc(environ, "flow", "backup", "restore", path, "--force")
    vc(environ, "flow", "session", "note", "after")
    with rows_of(environ) as opened:
        assert opened.execute("SELECT id FROM session_events ORDER BY id").fetchall() == [(1,), (5,)]


@pytest.mark.sqlite
def test_who_waited_for_the_replaced_database_writes_nothing_into_it(environ, tmp_path):
    from vcflow_site.backups import sqlite_copy

    file, new = database(environ), tmp_path / "new"
    shutil.copy(file, new)
    with sqlite_copy.alone(file):
        waiting = sqlite3.connect(file, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            waiting.execute("SELECT 1 FROM sqlite_master")
        sqlite_copy.put_in_place(new, file, poison=True)
    with closing(waiting), pytest.raises(sqlite3.DatabaseError):
        waiting.execute("CREATE TABLE lost (id)")


def test_others_than_administrators_make_no_backups(environ):
    vc(environ, "init")
    with rows_of(environ) as opened:
        fields = "password, is_superuser, is_staff, is_active, first_name, last_name, email, date_joined"
        opened.execute(
            f"INSERT INTO auth_user (username, {fields}) SELECT 'mei', '', false, false, true, '', '', '', date_joined"
            " FROM auth_user WHERE username = 'admin'"
        )
    assert vc(environ, "flow", "backup", "create", "--as", "mei", status=4)["code"] == "not-allowed"
    path = vc(environ, "flow", "backup", "create", "--as", "admin")["file"]
    assert vc(environ, "flow", "backup", "restore", path, "--as", "mei", status=4)["code"] == "not-allowed"
    vc(environ, "flow", "backup", "restore", path, "--as", "admin", status=7)  # it would lose a session


@pytest.mark.django_db
def test_schedule_makes_prunes_and_tells_what_is_the_matter(settings, tmp_path, monkeypatch):
    settings.VCFLOW_BACKUP_FOLDER, settings.VCFLOW_BACKUP_EVERY, settings.VCFLOW_BACKUP_KEEP = tmp_path, 0, 1
    assert schedule.every() is None
    assert schedule.trouble([]) == ""
    settings.VCFLOW_BACKUP_EVERY = 6
    assert schedule.every().total_seconds() == 6 * 3600
    assert "is a worker running?" in schedule.trouble([])

    def copy(writer, _folder):
        with writer.member(archive.HEADS):
            return manifest.Content((), {}, manifest.Heads(0, ""))

    monkeypatch.setattr(making, "_copy_now", copy)
    schedule.work()
    schedule.work()
    (kept,) = making.list_backups(tmp_path)
    assert kept.manifest.kind == "schedule"
    assert schedule.trouble([kept]) == ""
    ChoreRun.objects.create(name=schedule.NAME, due_at=timezone.now(), error="StorageFull: the disk is full")
    assert "the disk is full" in schedule.trouble([kept])
