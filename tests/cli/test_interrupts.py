"""SIGTERM and SIGHUP end long commands as Ctrl-C does: nothing that passes stays."""

import gzip
import os
import signal
from contextlib import suppress

import pytest

from sessions_app.bundles.files import write_file
from sessions_app.cli import transfer
from sessions_app.cli.interrupts import heed, orderly_end
from tests.cli.conftest import play
from tests.factories import new_session
from vcflow_site import stamp
from vcflow_site.backups import making

ENDS = (signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _as_started():
    """The signals end the process, whatever started the tests."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in ENDS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDS)
def test_first_signal_unwinds_and_later_ones_do_not_disturb_it(number):
    @orderly_end()
    def work():
        try:
            signal.raise_signal(number)
        finally:
            for each in ENDS:
                signal.raise_signal(each)

    with pytest.raises(KeyboardInterrupt) as caught:
        work()
    assert caught.value.args == (128 + number,)
    assert [signal.getsignal(each) for each in ENDS] == [signal.SIG_DFL] * 2


def test_signal_that_was_swallowed_is_heeded_at_the_next_word():
    @orderly_end()
    def work():
        with suppress(KeyboardInterrupt):  # as Python does in finalisers
            signal.raise_signal(signal.SIGTERM)
        heed()

    with pytest.raises(KeyboardInterrupt) as caught:
        work()
    assert caught.value.args == (143,)
    heed()


def test_who_wants_a_signal_otherwise_keeps_it():
    heard = []
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    with orderly_end():
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGTERM)
    assert heard == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.django_db
def test_export_that_is_ended_leaves_no_file(run, tmp_path, monkeypatch):
    new_session()
    monkeypatch.setattr(transfer, "progress", lambda *_said: lambda _count: signal.raise_signal(signal.SIGTERM))
    ended = play("flow", "export", "--sessions", "-o", str(tmp_path / "x.jsonl.gz"))
    assert (ended.status, list(tmp_path.iterdir())) == (143, [])


def test_backup_that_is_ended_leaves_no_draft(tmp_path, settings, monkeypatch):
    settings.VCFLOW_BACKUP_FOLDER = tmp_path
    monkeypatch.setattr(stamp, "is_complete", lambda: True)
    monkeypatch.setattr(making, "_copy_now", lambda _writer, _folder: signal.raise_signal(signal.SIGHUP))
    ended = play("flow", "backup", "create")
    assert (ended.status, list(tmp_path.iterdir())) == (129, [])


def test_what_killed_exports_left_goes_with_the_next_one(tmp_path):
    left = tmp_path / ".a.jsonl.gz.0123456789ab.part"
    young, others = tmp_path / ".b.jsonl.0123456789ab.part", tmp_path / ".film.mkv.part"
    for path in (left, young, others):
        path.write_bytes(b"half")
    for path in (left, others):
        os.utime(path, (0, 0))
    write_file(tmp_path / "c.jsonl.gz", [b"whole"])
    assert not left.exists()
    assert young.exists()
    assert others.exists()
    assert gzip.decompress((tmp_path / "c.jsonl.gz").read_bytes()) == b"whole"


@pytest.mark.parametrize("name", ["nowhere/x.jsonl", "taken.jsonl"])
def test_errors_of_writing_name_the_file_that_was_given(tmp_path, name):
    (tmp_path / "taken.jsonl").mkdir()
    with pytest.raises(OSError) as caught:
        write_file(tmp_path / name, [b"x"])
    assert (caught.value.filename, caught.value.filename2) == (str(tmp_path / name), None)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.jsonl"]
