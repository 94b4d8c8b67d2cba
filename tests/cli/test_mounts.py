"""The one tree under ``manage.py``, and Django's ``call_command``."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from tests.cli.conftest import Run
from vcflow_site.cli import MANAGE_FLOW, MANAGE_FLOW_SESSION, manage
from vcflow_site.management.commands import flow, flow_session


def test_hints_follow_the_way_it_was_called(run: Run, session_id: str) -> None:
    out = run("pause", mount=MANAGE_FLOW_SESSION).out
    assert f"python manage.py flow session resume {session_id}" in out


@pytest.mark.parametrize(
    ("words", "prog"),
    [(["session", "list"], "python manage.py flow session list"), (["list"], "python manage.py flow list")],
)
def test_usage_follows_the_way_it_was_called(run: Run, words: list[str], prog: str) -> None:
    assert run(*words, "--help", mount=MANAGE_FLOW).out.startswith(f"usage: {prog}")


def test_refusals_offer_commands_by_the_name_that_was_used(run: Run) -> None:
    commands = run("show", "none", "--json", mount=MANAGE_FLOW_SESSION).diagnostic["commands"]
    assert commands == ["python manage.py flow session list --all"]


def test_call_command_answers_through_its_stdout(run: Run, session_id: str) -> None:
    out = io.StringIO()
    call_command("flow_session", "list", "--json", stdout=out)
    assert [row["id"] for row in json.loads(out.getvalue())["data"]] == [session_id]
    call_command("flow", "session", "show", session_id, stdout=out)
    assert session_id in out.getvalue()


def test_call_command_raises_what_goes_wrong(run: Run) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("flow_session", "show", "none")
    assert refused.value.returncode == 3
    with pytest.raises(CommandError) as misused:
        call_command("flow", "sesion")
    assert misused.value.returncode == 2


def test_call_command_gives_help() -> None:
    out = io.StringIO()
    call_command("flow", "session", "--help", stdout=out)
    assert out.getvalue().startswith("usage: python manage.py flow session")


@pytest.mark.parametrize(
    ("command", "argv", "status"),
    [
        (flow.Command(), ["manage.py", "flow", "session", "--help"], 0),
        (flow_session.Command(), ["manage.py", "flow_session", "none"], 2),
        (flow.Command(), ["manage.py", "flow", "validate", "--settings", "s", "--pythonpath=p", "none.yaml"], 3),
        (flow.Command(), ["manage.py", "flow", "--settings=s", "item", "--help"], 0),
    ],
)
def test_manage_py_ends_with_the_same_statuses(command: BaseCommand, argv: list[str], status: int) -> None:
    with pytest.raises(SystemExit) as ended:
        command.run_from_argv(argv)
    assert ended.value.code == status


def test_manage_py_help_is_the_trees(capsys: pytest.CaptureFixture[str]) -> None:
    assert manage(["manage.py", "help", "flow"]) == 0
    assert capsys.readouterr().out.startswith("usage: python manage.py flow")
