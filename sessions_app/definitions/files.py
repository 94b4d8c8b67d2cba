"""A file on disk → its text, or a plain reason why not; and which reader its name asks for."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sessions_app.definitions.schema import Problem, Reading
from sessions_app.exceptions import InvalidInput, NotFound, StorageFailed
from sessions_app.language import gettext as _
from sessions_app.text import visible

MAX_BYTES = 1024 * 1024
MAX_RULE_BYTES = 256 * 1024
"""Of Markdown: a rule file has a few kB, and what is larger takes long to take apart."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

# The longer marks first: UTF-32's begins as UTF-16's does.
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}

Reader = Callable[[str, str], list[Reading]]


def read_file(path: str | os.PathLike[str]) -> list[Reading]:
    """The workflows of a file: one reading each, or one without a definition.

    A file that can't be read at all, or is of another kind, raises a ``FlowError``.
    """
    file = os.fspath(path)
    _check_regular(file)
    limit = _limit(file)
    with _telling(file), open(file, "rb") as stream:
        raw = stream.read(limit + 1)
    return read_bytes(raw, file)


def read_bytes(raw: bytes, file: str) -> list[Reading]:
    """The same for what a file of that name holds, wherever it came from."""
    return read_text(_decoded(raw, file), file)


def read_text(text: str, file: str) -> list[Reading]:
    """The same for a text that has the name of a file, which decides how it is read."""
    reader = _reader(file)
    found = _CONTROL.search(text)
    if found:
        message = _("The file has a character that is not allowed: U+{code:04X}.").format(code=ord(found.group()))
        line = text.count("\n", 0, found.start()) + 1
        return [Reading(file, errors=[Problem("control-character", message, line, fix=_("Remove it."))])]
    return reader(text, file)


def _limit(file: str) -> int:
    return MAX_RULE_BYTES if _reader(file) is _read_rules else MAX_BYTES


def _decoded(raw: bytes, file: str) -> str:
    limit, shown = _limit(file), visible(file)
    if len(raw) > limit:
        message = _("'{file}' is larger than {limit} bytes.").format(file=shown, limit=limit)
        raise InvalidInput(message, fix=_("A workflow is a small text file; is this the right one?"), file=file)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        message = _("'{file}' is no UTF-8 text (byte {position}).").format(file=shown, position=error.start + 1)
        fix = _("Save it as UTF-8, for instance with: iconv -f {encoding} -t utf-8 FILE > NEW")
        raise InvalidInput(message, fix=fix.format(encoding=_likely_encoding(raw)), file=file) from error
    if not text.strip("\ufeff \t\r\n"):
        message = _("'{file}' is empty.").format(file=shown)
        raise InvalidInput(message, fix=_("Write a workflow into it, or give another file."), file=file)
    return text


def _likely_encoding(raw: bytes) -> str:
    """What its byte order mark says; without one, what Chinese texts were written in before UTF-8."""
    return next((name for mark, name in _BYTE_ORDER_MARKS.items() if raw.startswith(mark)), "gb18030")


def _check_regular(file: str) -> None:
    """Before anything is opened: opening a pipe would wait for ever."""
    with _telling(file):
        mode = os.stat(file).st_mode
    if not stat.S_ISREG(mode):
        kind = _("a folder") if stat.S_ISDIR(mode) else _("no regular file")
        message = _("'{file}' is {kind}.").format(file=visible(file), kind=kind)
        raise InvalidInput(message, fix=_("Give a file with a workflow."), file=file)


@contextmanager
def _telling(file: str) -> Iterator[None]:
    shown = visible(file)
    try:
        yield
    except FileNotFoundError as error:
        message = _("There is no file '{file}'.").format(file=shown)
        raise NotFound(message, fix=_("Check the path."), file=file) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = _("'{file}' can't be read: {reason}.").format(file=shown, reason=reason)
        raise StorageFailed(message, fix=_("Check the path and its permissions."), file=file) from error


def _reader(file: str) -> Reader:
    extension = os.path.splitext(file)[1].lower()
    if extension in _READERS:
        return _READERS[extension]
    message = _("'{file}' is of a kind that vcflow doesn't read.").format(file=visible(file))
    fix = _("Give a file that ends in one of: {kinds}.").format(kinds=", ".join(_READERS))
    raise InvalidInput(message, fix=fix, file=file)


# Each reader brings a parser along that takes long to import; a command needs one of them at most.
def _read_rules(text: str, file: str) -> list[Reading]:
    from sessions_app.definitions import rules

    return [rules.read(text, file)]


def _read_yaml(text: str, file: str) -> list[Reading]:
    from sessions_app.definitions import native, yaml_source

    return [native.read(yaml_source.parse(text), file)]


def _read_json(text: str, file: str) -> list[Reading]:
    from sessions_app.definitions import json_predecessor, json_source, native

    document = json_source.parse(text)
    if isinstance(document.data, dict) and "vcflow" in document.data:
        return [native.read(document, file)]
    return json_predecessor.read(document, file)


_READERS: dict[str, Reader] = {
    ".md": _read_rules,
    ".mdc": _read_rules,
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
    ".json": _read_json,
}
