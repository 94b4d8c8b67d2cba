"""Commands of ``flow`` as they would be typed, for every door that says what to do next.  Imports no Django."""

from __future__ import annotations

import re
import shlex

from sessions_app.text import visible


class Placeholder(str):
    """A word such as ``<ID>`` in a command that stands in a sentence: not quoted, for nobody pastes it."""

    __slots__ = ()


def _quoted(word: str) -> str:
    """``word`` as a shell takes it; letters of any script, which shlex would quote, need no quotes."""
    if isinstance(word, Placeholder) or re.fullmatch(r"[\w@%+=:,./-]+", word):
        return word
    return shlex.quote(word)


def command_line(program: str, *words: str) -> str:
    """A command of ``flow`` as it would be typed.

    ``<reason>`` and the like, which the reader fills in, are quoted as well: a shell would take them for redirections.
    """
    return visible(" ".join([program, "flow", *map(_quoted, words)]))
