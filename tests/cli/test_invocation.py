"""Commands as they would be typed."""

import shlex

import pytest

from sessions_app.cli.remedies import remedies
from sessions_app.commands import Placeholder, command_line
from sessions_app.exceptions import FlowError, GuardUnmet, IllegalTransition, NotFound


@pytest.mark.parametrize("word", ["plain", "two words", "it's", "$HOME", "影响范围", "a&b", "", "*", "dev:coding", "~"])
def test_a_word_survives_the_shell(word: str) -> None:
    line = command_line("vc", "item", "add", word)
    assert shlex.split(line) == ["vc", "flow", "item", "add", word]


def test_chinese_needs_no_quotes_and_what_is_to_fill_in_does() -> None:
    assert command_line("vc", "run", "影响范围", "影响范围=<内容>") == "vc flow run 影响范围 '影响范围=<内容>'"


def test_a_placeholder_in_a_sentence_has_no_quotes() -> None:
    assert command_line("vc", "show", Placeholder("<ID>")) == "vc flow show <ID>"


def test_a_command_cannot_carry_escapes() -> None:
    assert "\x1b" not in command_line("vc", "show", "\x1b[2J")


@pytest.mark.parametrize(
    ("error", "commands"),
    [
        (FlowError("m"), []),
        (NotFound("m", kind="file"), []),
        (NotFound("m", kind="workflow"), ["vc flow list"]),
        (
            IllegalTransition("m", kind="session", session_id="x", allowed_actions=["resume", "fail"]),
            ["vc flow session resume x", "vc flow session fail x --reason '<reason>'"],
        ),
        (
            IllegalTransition("m", kind="stage", session_id="x", stage_id="s", allowed_actions=["start", "skip"]),
            ["vc flow stage start s --session x", "vc flow stage skip s --session x --reason '<reason>'"],
        ),
        (
            GuardUnmet(
                "m",
                code="stage-unfinished",
                session_id="x",
                stage_id="s",
                open_items=[],
                missing_deliverables=["report"],
            ),
            ["vc flow deliverable add 'report=<value>' --session x --stage s"],
        ),
    ],
)
def test_remedies_are_made_from_the_ids_of_the_error(error: FlowError, commands: list[str]) -> None:
    assert remedies(error, "vc") == commands
