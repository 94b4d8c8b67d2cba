"""What may reach a terminal, and how."""

import io
import json
import sys
from datetime import UTC, datetime

import pytest

from sessions_app.cli.terminal import Terminal, dump
from tests.cli.conftest import Stream

ERROR = {"severity": "error", "code": "conflict", "message": "It is paused.", "fix": "Resume it."}


def terminal(*, tty: bool = False, typed: str = "", **environ: str) -> Terminal:
    return Terminal(Stream(tty=tty), Stream(tty=tty), Stream(typed, tty=tty), environ)


def test_document_is_one_readable_json_object() -> None:
    place = terminal()
    place.document({"name": "用户", "at": datetime(2023, 6, 15, 2, 30, tzinfo=UTC)})
    text = place.out.getvalue()
    assert "用户" in text
    assert json.loads(text) == {"schema_version": 1, "data": {"name": "用户", "at": "2023-06-15T02:30:00Z"}}


@pytest.mark.parametrize("character", ["\x1b", "\x9b", "\x7f", "\u202e", "\u2028", "\x00"])
def test_dump_lets_no_control_through_and_loses_nothing(character: str) -> None:
    text = dump({"name": f"a{character}b"})
    assert character not in text
    assert json.loads(text) == {"name": f"a{character}b"}


def test_diagnose_tells_people_in_words() -> None:
    place = terminal()
    place.diagnose({**ERROR, "commands": ["vc flow session resume x"]}, as_json=False)
    assert place.err.getvalue() == (
        "Error [conflict]: It is paused.\n  Fix: Resume it.\n    vc flow session resume x\n"
    )


def test_diagnose_tells_programs_in_json() -> None:
    place = terminal(tty=True)
    place.diagnose(ERROR, as_json=True)
    assert json.loads(place.err.getvalue()) == ERROR


def test_diagnose_shows_escapes_instead_of_obeying_them() -> None:
    place = terminal()
    place.diagnose({**ERROR, "message": "\x1b[2J\nError: forged"}, as_json=False)
    assert place.err.getvalue().splitlines()[0] == r"Error [conflict]: \x1b[2J\nError: forged"


@pytest.mark.parametrize(
    ("tty", "environ", "coloured"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colour_only_where_it_is_wanted(tty: bool, environ: dict[str, str], coloured: bool) -> None:
    place = terminal(tty=tty, **environ)
    place.diagnose({"severity": "warning", "code": "", "message": "m"}, as_json=False)
    assert place.err.getvalue() == ("\x1b[33mWarning\x1b[0m: m\n" if coloured else "Warning: m\n")


def test_ask_writes_beside_the_output() -> None:
    place = terminal(tty=True, typed=" yes \n")
    assert place.ask("Sure? ") == "yes"
    assert place.err.getvalue() == "Sure? "
    assert place.out.getvalue() == ""


def test_ask_without_an_answer_ends_the_line() -> None:
    place = terminal(tty=True)
    assert place.ask("Sure? ") == ""
    assert place.err.getvalue() == "Sure? \n"


def test_interactive_needs_both_ends() -> None:
    assert terminal(tty=True).interactive
    assert not terminal().interactive
    assert not Terminal(Stream(tty=True), Stream(tty=True), None).interactive


@pytest.mark.parametrize(("tty", "columns", "width"), [(False, "80", None), (True, "66", 66)])
def test_width_is_the_terminals(tty: bool, columns: str, width: int | None) -> None:
    assert terminal(tty=tty, COLUMNS=columns).width == width


def test_standard_streams_write_what_their_encoding_lacks_as_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    place = Terminal.standard()
    place.lines(["用"])
    place.out.flush()
    assert raw.getvalue() == rb"\u7528" + b"\n"


def test_closed_standard_stream_swallows_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    place = Terminal.standard()
    place.lines(["lost"])
    place.out.close()
