"""YAML text → :class:`Document`: the plain part of YAML 1.2, read event by event.

Anchors, aliases, merge keys and tags are refused where they stand, so nothing is ever
expanded or constructed.  ``yes``, ``on``, ``012`` and dates stay texts.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from sessions_app.definitions.positions import Document, Refused, TreeBuilder, build
from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.text import visible

# libyaml's parser is ten times as fast; PyYAML may come without it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_CONSTANTS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,299})")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")

_HINTS = (
    ("mapping values are not allowed", noop("Put a text that contains ': ' in quotes, and check the indentation.")),
    ("cannot start any token", noop("Put a text that begins with a special character in quotes.")),
    ("found unexpected end of stream", noop("Close the quote that begins here.")),
    ("escape", noop("Use single quotes: in double quotes a backslash begins an escape.")),
    ("did not find expected", noop("Check the indentation here and in the lines above, and the brackets and quotes.")),
)


def parse(text: str) -> Document:
    """The data with its lines; a syntax error is a problem of the document."""
    return build(lambda builder: _feed(builder, text))


def _feed(builder: TreeBuilder, text: str) -> None:
    documents = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                _check_single(builder, documents, event)
            _feed_event(builder, event)
    except yaml.YAMLError as error:
        raise Refused(_syntax_problem(error, text)) from error


def _check_single(builder: TreeBuilder, documents: int, event: yaml.Event) -> None:
    if documents > 1:
        message = _("The file holds several YAML documents.")
        fix = _("Keep one workflow in a file; remove the '---' line.")
        raise Refused(builder.problem("several-documents", message, _line(event), fix))


def _feed_event(builder: TreeBuilder, event: yaml.Event) -> None:
    if isinstance(event, yaml.NodeEvent):
        _check_plain(builder, event)
    if isinstance(event, yaml.CollectionStartEvent):
        _feed_collection(builder, event)
    elif isinstance(event, yaml.CollectionEndEvent):
        builder.close()
    elif isinstance(event, yaml.ScalarEvent):
        _feed_scalar(builder, event)
    elif isinstance(event, yaml.AliasEvent):
        _feed_alias(builder, event)


def _check_plain(builder: TreeBuilder, event: yaml.NodeEvent) -> None:
    if event.anchor is not None:
        message = _("Anchors and aliases are not allowed: '{name}'.").format(name=visible(event.anchor))
        builder.report("yaml-alias", message, _line(event), _("Write the value out where it is needed."))
    tag = getattr(event, "tag", None)
    if tag is not None:
        message = _("Tags are not allowed: '{tag}'.").format(tag=visible(tag))
        builder.report("yaml-tag", message, _line(event), _("Remove the tag; put a text in quotes."))


def _feed_collection(builder: TreeBuilder, event: yaml.CollectionStartEvent) -> None:
    if builder.wants_key:
        message = _("A key must be a text, not a list or mapping.")
        raise Refused(builder.problem("key", message, _line(event), _("Put a text that has brackets in quotes.")))
    builder.open({} if isinstance(event, yaml.MappingStartEvent) else [], _line(event))


def _feed_scalar(builder: TreeBuilder, event: yaml.ScalarEvent) -> None:
    if not builder.wants_key:
        builder.scalar(_resolve(event), _line(event))
        return
    if event.value == "<<" and event.implicit[0]:
        message = _("Merge keys ('<<') are not allowed.")
        builder.report("yaml-merge", message, _line(event), _("Write the keys out where they are needed."))
    builder.key(event.value, _line(event))


def _feed_alias(builder: TreeBuilder, event: yaml.AliasEvent) -> None:
    if builder.wants_key:
        builder.key(f"*{event.anchor}", _line(event))
    else:
        builder.scalar(None, _line(event))


def _resolve(event: yaml.ScalarEvent) -> object:
    return resolve(event.value) if event.implicit[0] else event.value


def resolve(value: str) -> object:
    """What an unquoted scalar means: null, true, false, a number, else the text itself."""
    if value in _CONSTANTS:
        return _CONSTANTS[value]
    if _INTEGER.fullmatch(value):
        return int(value)
    if _FLOAT.fullmatch(value) and math.isfinite(float(value)):
        return float(value)
    return value


def _line(event: yaml.Event) -> int:
    assert event.start_mark is not None
    return int(event.start_mark.line) + 1


def _syntax_problem(error: yaml.YAMLError, text: str) -> Problem:
    mark = _mark(error)
    if mark is None:
        return Problem("syntax", _("This is no valid YAML: {what}.").format(what=error), fix=_hint("", ""))
    what = getattr(error, "problem", "")
    message = _("This is no valid YAML: {what} (column {column}).").format(what=what, column=mark.column + 1)
    here = text.split("\n")[mark.line][mark.column :] if mark.line <= text.count("\n") else ""
    return Problem("syntax", message, mark.line + 1, fix=_hint(str(error), here))


def _mark(error: yaml.YAMLError) -> Any:
    """Where to look: a quote that is never closed is found at the end of the file, but it began elsewhere."""
    unclosed = getattr(error, "problem", None) == "found unexpected end of stream"
    return getattr(error, "context_mark" if unclosed else "problem_mark", None)


def _hint(error: str, here: str) -> str:
    if here.startswith("\t"):
        return _("Indent with spaces, not with tabs.")
    mend = next((mend for fragment, mend in _HINTS if fragment in error), noop("Check this line and the one above it."))
    return _(mend)
