import json
import logging
import multiprocessing
import os
import re
import stat
from pathlib import Path

import pytest

from sessions_app import logfiles
from sessions_app.logfiles import SessionFileHandler


def logger_into(handler, name="workflow.session.operations"):
    logger = logging.Logger(name, logging.DEBUG)
    logger.addHandler(handler)
    return logger


@pytest.fixture
def handler(tmp_path):
    handler = SessionFileHandler(tmp_path / "logs")
    yield handler
    handler.close()


def test_record_goes_to_the_files_of_its_logger_and_its_session(handler, tmp_path):
    logger_into(handler).info("paused", extra={"session_id": "dev-x-7k3q"})
    logger_into(handler, "workflow.stage.integration").warning("late", extra={"session_id": "dev-x-7k3q"})

    logs = tmp_path / "logs" / "workflow"
    line = (logs / "session" / "operations.log").read_text()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO dev-x-7k3q paused\n", line)
    assert (logs / "session" / "dev-x-7k3q.log").read_text() == line
    assert {path.name for path in (logs / "stage").iterdir()} == {"integration.log", "dev-x-7k3q.log"}


def test_files_are_readable_by_their_owner_alone(handler, tmp_path):
    logger_into(handler).info("paused")
    file = tmp_path / "logs" / "workflow" / "session" / "operations.log"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_record_without_session_goes_to_the_logger_alone(handler, tmp_path):
    logger_into(handler).info("swept")
    folder = tmp_path / "logs" / "workflow" / "session"
    assert [path.name for path in folder.iterdir()] == ["operations.log"]
    assert " INFO - swept\n" in (folder / "operations.log").read_text()


@pytest.mark.parametrize("session_id", ["../../escape", "a/b", "..", "", "x" * 129, "a.b", None, "名"])
def test_unsafe_session_id_makes_no_file(handler, tmp_path, session_id):
    logger_into(handler).info("paused", extra={"session_id": session_id})
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in files if path.name != "None.log"] == ["operations.log"]


def test_hostile_message_stays_on_one_line(handler, tmp_path):
    logger_into(handler).info("renamed to %s", "a\n2026 INFO forged\x1b[2J\u202e")
    text = (tmp_path / "logs" / "workflow" / "session" / "operations.log").read_text()
    assert text.count("\n") == 1
    assert "\\n2026 INFO forged\\x1b[2J\\u202e" in text


def test_exception_is_written_with_its_traceback(handler, tmp_path):
    try:
        raise ValueError("broken")
    except ValueError:
        logger_into(handler).exception("failed")
    assert "ValueError: broken" in (tmp_path / "logs" / "workflow" / "session" / "operations.log").read_text()


def test_full_file_is_rotated_and_three_are_kept(tmp_path):
    handler = SessionFileHandler(tmp_path, max_bytes=200, kept=3)
    logger = logger_into(handler)
    for number in range(40):
        logger.info("event %02d", number)
    handler.close()
    folder = tmp_path / "workflow" / "session"
    assert {path.name for path in folder.iterdir()} == {"operations.log", *(f"operations.log.{n}" for n in (1, 2, 3))}
    assert all(path.stat().st_size <= 200 for path in folder.iterdir())
    assert "event 39" in (folder / "operations.log").read_text()


def test_record_larger_than_a_file_is_written_whole(tmp_path):
    handler = SessionFileHandler(tmp_path, max_bytes=100)
    logger_into(handler).info("x" * 500)
    handler.close()
    assert "x" * 500 in (tmp_path / "workflow" / "session" / "operations.log").read_text()


def test_file_rotated_away_by_another_process_is_opened_anew(handler, tmp_path):
    logger = logger_into(handler)
    logger.info("before")
    file = tmp_path / "logs" / "workflow" / "session" / "operations.log"
    os.replace(file, f"{file}.1")
    logger.info("after")
    assert "after" in file.read_text()
    assert "after" not in Path(f"{file}.1").read_text()


def test_open_files_are_few(handler, tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    for number in range(3 * logfiles.OPEN_FILES):
        logger_into(handler).info("paused", extra={"session_id": f"dev-{number}"})
    assert len(os.listdir("/proc/self/fd")) <= before + logfiles.OPEN_FILES
    assert len(list(tmp_path.rglob("dev-*.log"))) == 3 * logfiles.OPEN_FILES


def _write_many(folder, writer, count):
    handler = SessionFileHandler(folder, max_bytes=4000, kept=1000)
    logger = logger_into(handler)
    for number in range(count):
        logger.info("%d:%d", writer, number)
    handler.close()


def test_no_line_is_lost_or_torn_when_processes_rotate_at_once(tmp_path):
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_write_many, args=(tmp_path, writer, 300)) for writer in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    lines = [line for path in tmp_path.rglob("operations.log*") for line in path.read_text().splitlines()]
    assert {line.split()[-1] for line in lines} == {f"{w}:{n}" for w in range(4) for n in range(300)}
    assert len(lines) == 1200


def test_unwritable_folder_costs_one_warning_and_no_exception(tmp_path, capsys):
    (tmp_path / "logs").write_text("a file where the folder should be")
    handler = SessionFileHandler(tmp_path / "logs")
    for _ in range(3):
        logger_into(handler).info("paused", extra={"session_id": "dev-x"})
    handler.close()
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "[log-unwritable]" in shown
    assert str(tmp_path / "logs" / "workflow" / "session" / "operations.log") in shown


def test_full_disk_is_reported_to_the_chosen_place(handler, tmp_path):
    folder = tmp_path / "logs" / "workflow" / "session"
    folder.mkdir(parents=True)
    (folder / "operations.log").symlink_to("/dev/full")
    diagnostics = []
    handler.report = diagnostics.append
    logger_into(handler).info("paused", extra={"session_id": "dev-x"})
    assert json.loads(json.dumps(diagnostics))[0]["code"] == "log-unwritable"
    assert len(diagnostics) == 1
    assert "No space left" in diagnostics[0]["message"]
    assert (folder / "dev-x.log").exists()
