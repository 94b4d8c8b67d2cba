"""The command tree as data: groups of commands, their arguments, and who handles them.

Imports nothing, so that ``--help`` and completion start in milliseconds.  Every
``about`` is a message id, translated where it is shown.
"""

from __future__ import annotations


class Argument:
    """A positional argument or an option; ``options`` are argparse's own words.

    ``complete`` is the dotted path of a function that lists the values a shell may offer.
    """

    __slots__ = ("about", "complete", "flags", "options")

    def __init__(self, *flags: str, about: str, complete: str = "", **options: object) -> None:
        self.flags = flags
        self.about = about
        self.complete = complete
        self.options = options


class Command:
    """Something to do: ``handler`` is the dotted path of a function that takes a ``Call``.

    ``needs`` is what has to be there before: a database that is ready, the settings alone, or nothing.
    """

    __slots__ = ("about", "arguments", "handler", "name", "needs")

    def __init__(self, name: str, about: str, handler: str, *arguments: Argument, needs: str = "database") -> None:
        self.name = name
        self.about = about
        self.handler = handler
        self.arguments = arguments
        self.needs = needs


class Group:
    """Commands and groups under one name."""

    __slots__ = ("about", "members", "name")

    def __init__(self, name: str, about: str, *members: Node) -> None:
        self.name = name
        self.about = about
        self.members = members

    def member(self, name: str) -> Node | None:
        """The command or group of that name, if it is here."""
        return next((member for member in self.members if member.name == name), None)


Node = Command | Group


def descend(root: Node, words: list[str]) -> tuple[list[Node], list[str]]:
    """The nodes below ``root`` that the first words name, and the words that are left."""
    path: list[Node] = []
    node = root
    for position, word in enumerate(words):
        below = node.member(word) if isinstance(node, Group) else None
        if below is None:
            return path, words[position:]
        path.append(below)
        node = below
    return path, []
