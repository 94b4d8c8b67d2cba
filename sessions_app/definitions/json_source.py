"""JSON text → :class:`Document`: strictly JSON, without duplicate keys, NaN or deep nesting."""

from __future__ import annotations

import json
import math
import re

from sessions_app.definitions.positions import Document, TreeBuilder, build
from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s{}\[\],:"]+|\n')
_DIGITS = 300


def parse(text: str) -> Document:
    """The data with its lines; a syntax error is a problem of the document."""
    text = text.removeprefix("\ufeff")
    try:
        json.loads(text, parse_int=_integer)
    except json.JSONDecodeError as error:
        return Document(problems=[_syntax_problem(error)])
    except RecursionError:
        pass  # the builder refuses it below, with the line
    return build(lambda builder: _feed(builder, text))


def _feed(builder: TreeBuilder, text: str) -> None:
    """Only for valid JSON: it looks at values alone, not at commas and colons."""
    line = 1
    for match in _PIECE.finditer(text):
        piece = match.group()
        if piece == "\n":
            line += 1
        elif piece in "{[":
            builder.open({} if piece == "{" else [], line)
        elif piece in "}]":
            builder.close()
        elif builder.wants_key:
            builder.key(json.loads(piece), line)
        else:
            _feed_scalar(builder, piece, line)


def _feed_scalar(builder: TreeBuilder, piece: str, line: int) -> None:
    value = json.loads(piece, parse_int=_integer)
    if isinstance(value, float) and not math.isfinite(value):
        message = _("'{piece}' is no number that JSON has.").format(piece=piece[:20])
        builder.report("number", message, line, _("Write a smaller number, or a text in quotes."))
    builder.scalar(value, line)


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= _DIGITS else math.inf


def _syntax_problem(error: json.JSONDecodeError) -> Problem:
    message = _("This is no valid JSON: {what} (column {column}).").format(what=error.msg, column=error.colno)
    return Problem("syntax", message, error.lineno, fix=_fix(error))


def _fix(error: json.JSONDecodeError) -> str:
    if error.doc[: error.pos].rstrip().endswith(","):
        return _("Remove the comma before the closing bracket, or write what follows it in double quotes.")
    if error.msg.startswith("Invalid control character"):
        return _("Write a line break inside a text as \\n and a tab as \\t.")
    if error.msg.startswith("Extra data"):
        return _("A file holds one JSON value; put several workflows into a list.")
    return _("Look at this place and just before it: a quote, comma or bracket is missing or too much.")
