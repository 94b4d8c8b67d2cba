"""From the command tree to argparse, in the user's language, and only as much as the command line names."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable

from sessions_app.cli.tree import Argument, Command, Group, Node, descend
from sessions_app.exceptions import FlowError
from sessions_app.language import everywhere, ngettext, noop
from sessions_app.language import gettext as _

TYPE_CHECKING = False  # as in sessions_app.exceptions
if TYPE_CHECKING:
    from typing import NoReturn

ARGPARSE_MESSAGES = (
    noop("usage: "),
    noop("options"),
    noop("positional arguments"),
    noop("argument %(argument_name)s: %(message)s"),
    noop("the following arguments are required: %s"),
    noop("unrecognized arguments: %s"),
    noop("invalid choice: %(value)r (choose from %(choices)s)"),
    noop("expected one argument"),
    noop("expected at least one argument"),
    noop("ignored explicit argument %r"),
)
"""What argparse itself may say here; named so that the catalogue has it."""

# argparse looks its own texts up by these two names, with the process's locale; ours follow VCFLOW_LANG.
setattr(argparse, "_", _)  # noqa: B010 - the stubs don't know the name
setattr(argparse, "ngettext", ngettext)  # noqa: B010 - likewise

MAX_WIDTH = 110
FILE_ARGUMENTS = ("files", "output")

PLACEHOLDERS = (
    noop("<value>"),
    noop("<reason>"),
    noop("<text>"),
    noop("<file>"),
    noop("<workflow>"),
)
"""What suggested commands leave to the reader."""

Completer = Callable[..., Iterable[str]]


class UsageError(FlowError):
    """The command line is not understood."""

    code = "usage"
    exit_status = 2
    http_status = 400


class HelpShown(Exception):
    """Help was asked for; ``text`` is it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Help(argparse.HelpFormatter):
    """Lists commands without a placeholder above them, in lines as wide as the terminal's."""

    def __init__(self, prog: str) -> None:
        # Left to itself, argparse imports shutil for the width, and with it three compressors.
        super().__init__(prog, width=min(_line_width(), MAX_WIDTH) - 2)

    def _split_lines(self, text: str, width: int) -> list[str]:
        # In place of textwrap, whose patterns alone take 4 ms to compile.
        lines: list[str] = []
        for word in text.split():
            if lines and len(lines[-1]) + len(word) < width:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        return lines

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in self._split_lines(text, width - len(indent)))

    def _format_action(self, action: argparse.Action) -> str:
        if isinstance(action, argparse._SubParsersAction):
            return "".join(map(self._format_action, action._get_subactions()))
        return super()._format_action(action)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises instead of printing and ending the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(_shown(message), fix=_("See: {command}").format(command=f"{self.prog} --help"))

    def print_help(self, file: object = None) -> NoReturn:
        raise HelpShown(self.format_help())


def _line_width() -> int:
    try:
        return os.get_terminal_size().columns
    except OSError:  # the output is no terminal
        return 80


def parser_for(
    root: Node, prog: str, path: Iterable[Node] = (), *, complete: Callable[[str], Completer] | None = None
) -> Parser:
    """A parser for ``root``; only the nodes on ``path`` below it get their arguments.

    ``complete`` turns the dotted path of a completer into the function (for the shell's completion).
    """
    parser = _new_parser(prog=prog, description=_(root.about))
    _fill(parser, root, list(path), complete)
    return parser


def _new_parser(**options: object) -> Parser:
    parser = Parser(allow_abbrev=False, add_help=False, formatter_class=Help, **options)  # type: ignore[arg-type]  # argparse's own keywords
    parser.add_argument("-h", "--help", action="help", help=_("show this help"))
    return parser


def _fill(parser: Parser, node: Node, path: list[Node], complete: Callable[[str], Completer] | None) -> None:
    if isinstance(node, Command):
        parser.set_defaults(command=node)
        for argument in node.arguments:
            _add_argument(parser, argument, complete)
        return
    commands = parser.add_subparsers(title=_("commands"), metavar=_("<command>"), parser_class=Parser)
    for member in node.members:
        below = commands.add_parser(member.name, help=_(member.about), add_help=False)
        if path and member is path[0]:
            _fill(below, member, path[1:], complete)


def _add_argument(parser: Parser, argument: Argument, complete: Callable[[str], Completer] | None) -> None:
    options = {name: _(str(value)) if name == "metavar" else value for name, value in argument.options.items()}
    action = parser.add_argument(*argument.flags, help=_(argument.about), **options)  # type: ignore[arg-type]  # argparse's own keywords
    if complete and argument.complete:
        action.completer = complete(argument.complete)  # type: ignore[attr-defined]  # read by argcomplete


def parse(root: Group, prog: str, words: list[str]) -> argparse.Namespace:
    """What the command line says; its ``command`` is the :class:`Command` it names.

    Raises UsageError for what is not understood, HelpShown when help is asked for.
    """
    path, rest = descend(root, words)
    node = path[-1] if path else root
    here = " ".join([prog, *(step.name for step in path)])
    if isinstance(node, Group):
        _group_only(node, here, rest)
    parser = parser_for(node, here)
    found, unknown = parser.parse_known_args(rest)
    if unknown:
        _unrecognized(parser, unknown)
    _refuse_undecodable(found)
    _refuse_unfilled(found)
    return found


def _refuse_undecodable(args: argparse.Namespace) -> None:
    """Bytes that are no text can't be stored or looked for; only file names may have them."""
    values = [value for name, value in vars(args).items() if name not in FILE_ARGUMENTS]
    for value in values:
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and any("\ud800" <= c <= "\udfff" for c in text):
                raise UsageError(
                    _("{text} is no UTF-8 text.").format(text=_shown(text)), fix=_("Check the terminal's encoding.")
                )


def _refuse_unfilled(args: argparse.Namespace) -> None:
    """A suggested command that was pasted as it stands would pass ``<value>`` off as an answer."""
    unfilled = {word for placeholder in PLACEHOLDERS for word in everywhere(placeholder)}
    for value in vars(args).values():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and text.rpartition("=")[2] in unfilled:
                raise UsageError(
                    _("{text} stands for something that you have to fill in.").format(text=_shown(text)),
                    fix=_("Put your own words in its place."),
                )


def _group_only(group: Group, prog: str, rest: list[str]) -> NoReturn:
    parser = parser_for(group, prog)
    if not rest:
        raise UsageError(
            _("A command is missing after {prog}.").format(prog=f"'{prog}'"),
            fix=_("Use one of: {commands}.").format(commands=", ".join(member.name for member in group.members)),
        )
    if rest[0] in ("-h", "--help"):
        parser.print_help()
    raise UsageError(
        _("{prog} has no command {name}.").format(prog=f"'{prog}'", name=f"'{_shown(rest[0])}'"),
        fix=_near(rest[0], [member.name for member in group.members], f"{prog} --help"),
    )


def _unrecognized(parser: Parser, unknown: list[str]) -> NoReturn:
    options = [flag for action in parser._actions for flag in action.option_strings]
    word = next((word for word in unknown if word.startswith("-")), "")
    raise UsageError(
        _("unrecognized arguments: %s") % _shown(" ".join(unknown)),
        fix=_near(word, options, f"{parser.prog} --help"),
    )


def _near(word: str, known: list[str], help_command: str) -> str:
    # Only a mistyped word needs it.
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1)
    if near:
        return _("Did you mean '{near}'? See: {command}").format(near=near[0], command=help_command)
    return _("See: {command}").format(command=help_command)


def _shown(text: str) -> str:
    # It brings JSON and Unicode's tables along, which `vc --help` need not load.
    from sessions_app.text import visible

    return visible(text)
