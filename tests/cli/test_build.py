"""Command lines that are not understood, and help."""

import argparse
import inspect

import pytest

from sessions_app import language
from sessions_app.cli.build import ARGPARSE_MESSAGES, HelpShown, UsageError, parse, parser_for
from sessions_app.cli.terminal import Terminal
from sessions_app.cli.tree import Command, Group, Node, descend
from vcflow_site import __version__
from vcflow_site.cli import FLOW, VC, dispatch, resolve


def refusal(*words: str) -> UsageError:
    with pytest.raises(UsageError) as refused:
        parse(VC.root, "vc", list(words))
    assert refused.value.exit_status == 2
    return refused.value


def commands(node: Node = VC.root) -> list[Command]:
    if isinstance(node, Command):
        return [node]
    return [command for member in node.members for command in commands(member)]


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["flwo"], "'flow'"),
        (["flow", "sesion", "list"], "'session'"),
        (["flow", "session", "lst"], "'list'"),
        (["flow", "session", "list", "--stats", "x"], "'--status'"),
    ],
)
def test_unknown_words_are_answered_with_what_is_near(words: list[str], near: str) -> None:
    assert near in refusal(*words).fix


def test_a_word_that_is_like_nothing_points_to_help() -> None:
    assert refusal("flow", "zzz").fix == "See: vc flow --help"


@pytest.mark.parametrize("words", [[], ["flow"], ["flow", "item"]])
def test_a_missing_command_is_a_usage_error_that_lists_them(words: list[str]) -> None:
    assert refusal(*words).fix.startswith("Use one of: ")


@pytest.mark.parametrize(
    "words",
    [
        ["flow", "session", "create"],
        ["flow", "session", "list", "--limit", "many"],
        ["flow", "session", "logs", "--level", "loud"],
        ["flow", "session", "list", "--stat", "PAUSED"],
        ["flow", "visualize", "dev", "--format", "png"],
        ["flow", "session", "note", "a", "b", "c"],
    ],
)
def test_wrong_arguments_are_usage_errors(words: list[str]) -> None:
    refusal(*words)


def test_usage_errors_show_escapes_instead_of_obeying_them() -> None:
    assert "\x1b" not in refusal("flow", "\x1b[2J").message
    assert "\x1b" not in refusal("flow", "list", "--\x1b[2J").message


@pytest.mark.parametrize("words", [["--help"], ["flow", "-h"], ["flow", "session", "list", "--help"]])
def test_help_is_told_in_the_users_language(words: list[str]) -> None:
    language.activate("zh-hans")
    with pytest.raises(HelpShown) as shown:
        parse(VC.root, "vc", words)
    assert shown.value.text.startswith("用法: vc")
    assert "选项" in shown.value.text
    assert "options" not in shown.value.text


def test_help_breaks_long_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.cli.build._line_width", lambda: 50)
    with pytest.raises(HelpShown) as shown:
        parse(VC.root, "vc", ["flow", "session", "show", "--help"])
    assert max(map(len, shown.value.text.splitlines())) <= 50


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.handler)
def test_every_command_has_a_handler_and_arguments_that_argparse_takes(command: Command) -> None:
    assert callable(resolve(command.handler))
    assert parser_for(command, "vc").format_help()


def test_every_completer_exists() -> None:
    paths = {argument.complete for command in commands() for argument in command.arguments if argument.complete}
    assert paths
    assert all(callable(resolve(path)) for path in paths)


def test_names_are_unique_in_their_group() -> None:
    def check(group: Group) -> None:
        names = [member.name for member in group.members]
        assert len(names) == len(set(names))
        for member in group.members:
            if isinstance(member, Group):
                check(member)

    check(VC.root)


def test_descend_stops_at_the_first_word_that_names_nothing() -> None:
    path, rest = descend(FLOW, ["session", "show", "list", "--json"])
    assert [node.name for node in path] == ["session", "show"]
    assert rest == ["list", "--json"]


def test_the_messages_for_the_catalogue_are_those_of_argparse() -> None:
    source = inspect.getsource(argparse)
    assert [message for message in ARGPARSE_MESSAGES if message not in source] == []


@pytest.mark.parametrize("language_in_force", language.SUPPORTED)
def test_placeholders_that_were_not_filled_in_are_refused(language_in_force: str) -> None:
    language.activate(language_in_force)
    for words in (["deliverable", "add", "story=<value>"], ["session", "fail", "x", "--reason", "<原因>"]):
        refusal("flow", *words)


def test_version_is_told_without_django() -> None:
    with pytest.raises(HelpShown) as caught:
        dispatch(VC, ["--version"], Terminal.standard())
    assert caught.value.text == f"vcflow {__version__}\n"
