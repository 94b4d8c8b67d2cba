"""Every cell of the matrix for the command line's ``--as``."""

from __future__ import annotations

from pathlib import Path

import pytest

from sessions_app.actors import local_actor
from sessions_app.bundles.writing import Writer
from sessions_app.models import SessionEvent
from tests.access import matrix
from tests.access.api_requests import FILE
from tests.access.commands import CALLS, Call
from tests.access.matrix import Row
from tests.access.test_api import last_event
from tests.access.world import PEOPLE, Names, World, filled, renamed, stored, taken_back, unknown
from tests.cli.conftest import Result, play

pytestmark = pytest.mark.django_db

ROWS = matrix.of_door("cli")
NO_JSON = ("vc completion",)
CODES = {"2": {"usage"}, "3": {"not-found"}, "4": {"not-allowed"}}


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "fresh.yaml"
    path.write_text(FILE)
    return str(path)


@pytest.fixture
def bundle(world: World, tmp_path: Path) -> str:
    """A file with one session, which is here too."""
    path = tmp_path / "one.jsonl"
    session_id = world.names_for("local", "idle")["session_id"]
    path.write_bytes(b"".join(Writer(local_actor(), with_secrets=True).lines([session_id])))
    return str(path)


def call(row: Row, role: str, names: Names) -> Result:
    words = [*row.request.removeprefix("vc ").split(), *filled(CALLS[row.key].words, names)]
    who = [] if role == "local" else ["--as", names["username"]]
    as_json = [] if row.request in NO_JSON else ["--json"]
    return play(*words, *who, *as_json)


def code_of(result: Result) -> str:
    """The error's code, from JSON or from the sentence for people."""
    return str(result.diagnostic["code"]) if result.err.startswith("{") else result.err.split("]")[0].split("[")[1]


def whole(result: Result) -> str:
    return f"{result.status}\n{result.out}\n{result.err}"


def why_not_done(result: Result, wanted: Call, names: Names, before: int) -> str:
    if result.status:
        return whole(result)
    if wanted.shows and filled(wanted.shows, names) not in result.out:
        return f"doesn't show {filled(wanted.shows, names)}: {result.out[:300]}"
    if wanted.done and not wanted.done(names):
        return "was not done"
    new = SessionEvent.objects.filter(pk__gt=before)
    if wanted.does and wanted.does not in new.values_list("type", flat=True):
        return f"wrote no event {wanted.does}"
    if set(new.values_list("actor", "door")) - {(names["username"], "cli")}:
        return "was done in another's name"
    return ""


def why_not_refused(world: World, row: Row, role: str, names: Names) -> str:
    outcome, result = row.cells[role], call(row, role, names)
    if outcome == "empty":
        leaked = [key for key in world.session_ids() if key in result.out]
        return whole(result) if result.status or leaked else ""
    if result.status != int(outcome) or code_of(result) not in CODES[outcome]:
        return whole(result)
    if outcome == "3":
        others = unknown(names)
        other = renamed(whole(call(row, role, others)), names, others)
        return "" if other == whole(result) else f"unlike an unknown one:\n{whole(result)}\n---\n{other}"
    return ""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_cells_of_commands_are_true(world: World, file: str, bundle: str, row: Row) -> None:
    wrong, before, wanted = [], stored(), CALLS[row.key]
    for role in row.roles(*matrix.OUTCOMES["cli"]):
        names = {**world.names_for(role, wanted.scene), "file": file, "bundle": bundle}
        if row.cells[role] != "0":
            problem = why_not_refused(world, row, role, names)
        else:
            with taken_back():
                start = last_event()
                problem = why_not_done(call(row, role, names), wanted, names, start)
        if problem:
            wrong.append(f"{role} should end with {row.cells[role]}: {problem}")
    after = stored()
    assert wrong == []
    assert after == before


@pytest.mark.parametrize("reference", ["Plan idle", "dev-plan-idle", "dev-plan-idle-"])
def test_stranger_finds_no_session_by_its_name_or_a_beginning_of_its_id(world: World, reference: str) -> None:
    names = world.names_for("stranger", "idle")
    others = reference.replace("idle", "id13")
    hidden, absent = (
        play("flow", "session", "pause", words, "--as", names["username"]) for words in (reference, others)
    )
    assert hidden.status == 3
    assert whole(hidden) == whole(absent).replace(others, reference)
    assert play("flow", "session", "pause", reference, "--as", PEOPLE["operator"]).status == 0
