"""The file of a backup: each byte of it counts, nothing is left of what fails, old ones go.  No database is needed."""

import errno
import hashlib
import io
import json
import os
import random
import stat
import tarfile
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.utils import timezone

from sessions_app import language
from sessions_app.exceptions import Conflict, FlowError, NotFound, StorageFull
from tests.cli.conftest import play
from vcflow_site.backups import archive, layout, making, manifest
from vcflow_site.backups.errors import BackupDamaged, BackupUnfit, unusable_folder
from vcflow_site.backups.layout import Member, Writer
from vcflow_site.backups.manifest import Content, Heads, Manifest, Table
from vcflow_site.data_folder import ConfigError

HEADS = b'{"id": "a"}\n'
DATA = random.Random(1).randbytes(3000) + bytes(5000)
CONTENT = Content(
    ("sessions_app.0001_initial",),
    {"flow_sessions": Table(1, ("id",), 7), "session_events": Table(2)},
    Heads(1, hashlib.sha256(HEADS).hexdigest()),
)


def copy(writer: Writer, _folder: Path) -> Content:
    for name, data in ((archive.HEADS, HEADS), ("database.sqlite3.gz", DATA)):
        with writer.member(name) as packer:
            packer.write(data)
    return CONTENT


@pytest.fixture
def folder(tmp_path, settings):
    settings.VCFLOW_BACKUP_FOLDER = tmp_path / "backups"
    return settings.VCFLOW_BACKUP_FOLDER


def made(**options):
    return making.create(copy=copy, **options).path


def checked(path):
    with archive.opened(path) as opened:
        opened.check()
        return b"".join(opened.read("database.sqlite3.gz")), opened.manifest


def code(path):
    with pytest.raises(FlowError) as caught:
        checked(path)
    return caught.value.code


def written_by_hand(path, members, parts):
    """A file that says ``members`` of itself and holds ``parts``, signed as it should be."""
    room = manifest.write(Manifest("9.9", "sqlite", "hand", datetime(2026, 1, 1, tzinfo=UTC), CONTENT, tuple(members)))
    with path.open("wb") as file:
        file.write(layout.header(layout.MANIFEST, layout.ROOM) + room)
        for name, data in parts:
            file.write(layout.header(name, len(data)) + data + bytes(layout.filled(len(data))))
        file.write(layout.END)
    return path


def parts_of(path):
    with archive.opened(path) as opened, path.open("rb") as file:
        places = layout.places(file, list(opened.manifest.members))
        return opened.manifest.members, [
            (one.name, b"".join(layout.packed(file, places[one.name], one))) for one in opened.manifest.members
        ]


def test_backup_is_private_and_reads_as_it_was_written(folder, settings):
    path = made()
    data, read = checked(path)
    assert data == DATA
    assert (read.content, read.kind, read.is_authentic) == (CONTENT, "hand", True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == [path]
    assert settings.SECRET_KEY.encode() not in path.read_bytes()
    with tarfile.open(path) as tar:  # anybody's tar can look into it
        assert tar.getnames() == ["manifest.json", archive.HEADS, "database.sqlite3.gz"]
        assert json.load(tar.extractfile("manifest.json"))["format"] == 1


def test_every_byte_that_is_flipped_is_noticed(folder):
    path = made()
    size, start = path.stat().st_size, layout.BLOCK + layout.ROOM
    chance = random.Random(2)
    places = [*range(0, 700, 7), *range(start, size, 11), *(chance.randrange(size) for _ in range(100))]
    unnoticed = []
    with path.open("r+b", buffering=0) as file:
        for place in places:
            byte = os.pread(file.fileno(), 1, place)
            os.pwrite(file.fileno(), bytes([byte[0] ^ 1 << chance.randrange(8)]), place)
            try:
                checked(path)
                unnoticed.append(place)
            except FlowError as error:
                assert error.code in ("backup-damaged", "not-a-backup", "backup-unfit")  # noqa: PT017
            os.pwrite(file.fileno(), byte, place)
    assert unnoticed == []
    assert checked(path)[0] == DATA


def test_cut_and_lengthened_files_are_refused(folder):
    path = made()
    whole = path.read_bytes()
    for length in (0, 100, 512, 5000, layout.BLOCK + layout.ROOM, len(whole) - 1024, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert code(path) in ("backup-damaged", "not-a-backup")
    path.write_bytes(whole + b"\0")
    assert code(path) == "backup-damaged"
    path.write_bytes(b"SQLite format 3\0" * 100)
    assert code(path) == "not-a-backup"


def test_members_that_are_missing_others_or_too_many_are_refused(folder, tmp_path):
    members, parts = parts_of(made())
    heads, data = members
    path = tmp_path / "x.backup"
    assert checked(written_by_hand(path, members, parts))[0] == DATA
    assert code(written_by_hand(path, members, parts[:1])) == "backup-damaged"
    assert code(written_by_hand(path, members, [*parts, ("../x", b"x")])) == "backup-damaged"
    assert code(written_by_hand(path, members, [parts[1], parts[0]])) == "backup-damaged"
    assert code(written_by_hand(path, [heads, heads], [parts[0], parts[0]])) == "backup-damaged"
    assert code(written_by_hand(path, [data], [parts[1]])) == "backup-damaged"
    for wrong in (
        data._replace(size=1 << 61),
        data._replace(size=-1),
        data._replace(raw_size=1 << 61),
        data._replace(raw_size=len(DATA) + 1),
        data._replace(raw_size=len(DATA) - 1),
        data._replace(sha256="0" * 64),
    ):
        assert code(written_by_hand(path, [heads, wrong], parts)) == "backup-damaged"


def test_bytes_behind_the_end_of_a_member_are_refused(folder, tmp_path):
    (heads, _data), parts = parts_of(made())
    packed = parts[1][1] + parts[1][1]
    twice = Member("database.sqlite3.gz", len(packed), hashlib.sha256(packed).hexdigest(), 2 * len(DATA))
    path = written_by_hand(tmp_path / "x.backup", [heads, twice], [parts[0], (twice.name, packed)])
    assert code(path) == "backup-damaged"


def test_manifest_that_somebody_changed_shows(folder, settings):
    path = made()
    raw = path.read_bytes()
    place = slice(layout.BLOCK, layout.BLOCK + layout.ROOM)
    data = json.loads(raw[place])

    def with_manifest(data):
        room = manifest._canonical(data).ljust(layout.ROOM)
        path.write_bytes(raw[: place.start] + room + raw[place.stop :])
        return path

    data["created_at"] = "2020-01-01T00:00:00+00:00"
    assert code(with_manifest(data)) == "backup-damaged"
    body = {name: value for name, value in data.items() if name not in ("key", "hmac", "sha256")}
    forged = {**body, **manifest._seals(body), "hmac": "0" * 64}
    with pytest.raises(BackupDamaged, match="not signed with this installation's key"):
        checked(with_manifest(forged))
    assert code(with_manifest({**data, "format": 2})) == "backup-unfit"
    assert code(with_manifest([])) == "backup-damaged"
    path.write_bytes(raw)
    settings.SECRET_KEY = "another key, of another machine, that is just as long"
    assert checked(path)[1].is_authentic is None


def test_large_data_takes_little_memory(folder, tmp_path):
    size, block = 40_000_000, random.Random(3).randbytes(1 << 18) + bytes(1 << 19)

    def large(writer, _folder):
        with writer.member(archive.HEADS) as packer:
            packer.write(HEADS)
        with writer.member("database.sqlite3.gz") as packer:
            for _time in range(size // len(block)):
                packer.write(block)
        return CONTENT

    tracemalloc.start()
    path = making.create(copy=large).path
    with archive.opened(path) as opened:
        opened.check()
        assert sum(map(len, opened.read("database.sqlite3.gz"))) == size // len(block) * len(block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 10_000_000
    assert peak < 6_000_000


def test_full_disk_leaves_nothing_behind(folder, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    made()
    before = sorted(folder.iterdir())
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        made()
    assert sorted(folder.iterdir()) == before
    monkeypatch.setattr(making, "_copy_now", lambda *_where: full(0))
    monkeypatch.setattr("vcflow_site.backups.cli.stamp.is_complete", lambda: True)
    refused = play("flow", "backup", "create", "--json")
    assert (refused.status, json.loads(refused.err.splitlines()[-1])["code"]) == (8, "disk-full")
    assert sorted(folder.iterdir()) == before


def test_no_room_to_unpack_is_said_before(folder, monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=10))
    with archive.opened(made()) as opened, pytest.raises(StorageFull):
        opened.unpack("database.sqlite3.gz", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_output_is_a_folder_or_a_new_file(folder, tmp_path):
    assert made(target=str(tmp_path)).parent == tmp_path
    path = made(target=str(tmp_path / "mine.backup"))
    assert path == tmp_path / "mine.backup"
    with pytest.raises(Conflict) as taken:
        made(target=str(path))
    assert taken.value.code == "file-exists"
    with pytest.raises(NotFound):
        made(target=str(tmp_path / "nowhere" / "x.backup"))
    assert archive.find(str(path)) == path
    assert archive.find(made().name).parent == folder
    with pytest.raises(NotFound):
        archive.find("absent.backup")


def test_list_shows_the_newest_first_and_says_what_is_broken(folder, monkeypatch):
    begun = timezone.now()
    for hours, name in enumerate(("a", "b", "c")):
        monkeypatch.setattr(timezone, "now", lambda hours=hours: begun + timedelta(hours=hours))
        made().rename(folder / f"{name}.backup")
    (folder / "c.backup").write_bytes((folder / "c.backup").read_bytes()[:-1])
    found = making.list_backups(folder)
    assert [backup.path.stem for backup in found if backup.manifest] == ["b", "a"]
    broken = next(backup for backup in found if not backup.manifest)
    assert "damaged" in broken.problem
    assert making.list_backups(folder / "nowhere") == []
    told = play("flow", "backup", "list", "--json")
    assert [row["sessions"] for row in told.data if not row["problem"]] == [1, 1]
    text = play("flow", "backup", "list").out
    assert "❌ c.backup" in text
    assert "Total: 3 backups" in text


def test_folder_that_can_not_be_used_is_named_with_its_setting(folder, monkeypatch):
    assert "Make one: vc flow backup create" in play("flow", "backup", "list").out
    folder.write_text("a file")
    with pytest.raises(ConfigError, match=f"The backups' folder {folder} can't be used") as caught:
        made()
    assert (caught.value.details["setting"], "VCFLOW_BACKUP_FOLDER" in caught.value.fix) == (
        "VCFLOW_BACKUP_FOLDER",
        True,
    )
    refused = play("flow", "backup", "list", "--json")
    assert (refused.status, refused.diagnostic["setting"]) == (2, "VCFLOW_BACKUP_FOLDER")
    language.activate("zh")
    assert "无法使用备份文件夹" in play("flow", "backup", "list").err
    for number, code in ((errno.ENOSPC, "disk-full"), (errno.EACCES, "read-only")):
        error = unusable_folder(folder, OSError(number, "reason"))
        assert error.code == code
        assert "VCFLOW_BACKUP_FOLDER" in error.fix


def test_only_scheduled_backups_are_pruned(folder):
    kept = made()
    scheduled = [made(kind="schedule") for _ in range(4)]
    for age, path in enumerate(scheduled):
        path.rename(folder / f"{age}.backup")
    gone = making.prune(folder, 1)
    assert len(gone) == 3
    assert kept.exists()
    assert [backup.manifest.kind for backup in making.list_backups(folder)].count("schedule") == 1


def test_drafts_of_killed_processes_are_removed(folder):
    made()
    old, new = folder / f"{making._DRAFTS}old", folder / f"{making._DRAFTS}new"
    for draft in (old, new):
        draft.mkdir()
        (draft / "draft").write_text("x")
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    made()
    assert not old.exists()
    assert new.exists()


def test_manifest_has_room_for_many_tables_and_says_when_there_is_none(folder):
    many = {f"plugin_table_{n}": Table(1, tuple(f"column_{c}" for c in range(15)), 1) for n in range(200)}
    crowded = Content((), {f"t{n}": Table(1, ("x" * 200,)) for n in range(1000)}, CONTENT.heads)
    with pytest.raises(BackupUnfit):
        manifest.write(Manifest("1", "sqlite", "hand", timezone.now(), crowded, ()))
    assert len(
        manifest.write(Manifest("1", "sqlite", "hand", timezone.now(), Content((), many, CONTENT.heads), ()))
    ) == (layout.ROOM)


def test_file_that_is_no_tar_at_all_is_told_apart(tmp_path):
    assert layout.read_manifest(io.BytesIO(b"x" * 2000)) is None
