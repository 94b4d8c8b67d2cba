"""What the shell may offer."""

import argparse

import pytest

from sessions_app.cli import completion as ground
from sessions_app.models import CurrentSession
from stages_app.cli import completion as stages
from tests.cli.conftest import Run
from vcflow_site import cli_completion
from vcflow_site.cli import VC


def test_ids_that_begin_so(run: Run, session_id: str) -> None:
    assert list(ground.session_ids("dev-u")) == [session_id]
    assert list(ground.session_ids("docs")) == []
    assert list(ground.workflow_ids("d")) == ["dev"]
    assert ground.session_states("PA") == ["PAUSED"]


def test_stages_of_the_active_session(run: Run, session_id: str) -> None:
    assert stages.stage_ids("s") == ["story"]
    run("flow", "session", "create", "dev")
    CurrentSession.objects.all().delete()
    assert stages.stage_ids("s") == []


def test_items_of_the_stage_at_hand(run: Run, session_id: str) -> None:
    assert list(stages.open_items("")) == []
    run("flow", "run", "dev:story", "--session", session_id)
    texts = {"1": "Write it", "2": "Polish it", "write": "Write it", "polish": "Polish it"}
    assert stages.open_items("") == texts
    run("flow", "item", "done", "write")
    assert list(stages.open_items("")) == ["2", "polish"]
    assert list(stages.done_items("w")) == ["write"]


def test_places_to_work(run: Run, session_id: str) -> None:
    assert list(stages.places("de")) == ["dev:story", "dev:coding", "dev:review"]
    run("flow", "retire", "dev")
    assert list(stages.places("de")) == []


@pytest.mark.parametrize("line", ["vc flow session show dev", "vc flow session show 'dev"])
def test_only_the_branch_at_the_cursor_is_built(
    run: Run, monkeypatch: pytest.MonkeyPatch, session_id: str, line: str
) -> None:
    asked: list[argparse.ArgumentParser] = []
    monkeypatch.setattr(cli_completion, "autocomplete", lambda parser, **_options: asked.append(parser))
    monkeypatch.setenv("COMP_LINE", line + " more")
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    cli_completion.complete(VC)
    (parser,) = asked
    args = parser.parse_args(["flow", "session", "show", session_id])
    assert args.session == session_id
    (session,) = [action for action in _leaf(parser, "flow", "session", "show")._actions if action.dest == "session"]
    assert list(session.completer("dev-u")) == [session_id]  # type: ignore[attr-defined]


def _leaf(parser: argparse.ArgumentParser, *words: str) -> argparse.ArgumentParser:
    for word in words:
        (commands,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        parser = commands.choices[word]
    return parser


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_names_the_program(run: Run, shell: str) -> None:
    assert "vc" in run("completion", shell).out
