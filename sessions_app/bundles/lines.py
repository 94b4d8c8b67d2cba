"""The lines of a bundle: canonical JSON, one object each, held to the published schema.

A line is exactly what :func:`sessions_app.canonical.canonical` writes, so that equal data are equal bytes and
no reader sees another thing than ours (a key twice, a number that databases round).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from sessions_app.canonical import canonical
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.text import visible

FORMAT = 1
KIND = "vcflow-bundle"
SCHEMA_FILE = Path(__file__).with_name("bundle.schema.json")

MOST_LINE = 16 * 1024 * 1024
"""Bytes of one line; what writes a bundle holds to it too."""

MOST_ENTRIES = 1_000_000
MOST_DEPTH = 48

_FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(?:[\"\\nt]|(.))", re.DOTALL)

Line = dict[str, Any]


class BundleRefused(InvalidInput):
    """A bundle is not what it should be; ``details`` have its file and line, and the session where it is one's."""

    code = "invalid-bundle"


def refused(message: str, **details: Any) -> BundleRefused:
    """The error to raise; what is in a bundle may be anybody's work, so it is made safe to be shown."""
    return BundleRefused(
        visible(message), fix=_("Nothing of it was imported: get the bundle again from where it was made."), **details
    )


def encoded(line: Line) -> bytes:
    """The line with its end; raises InvalidInput for one that no reader takes."""
    raw = canonical(line).encode() + b"\n"
    if len(raw) > MOST_LINE:
        raise InvalidInput(
            _("A session is too large for a bundle: one of its lines has {size} bytes, {limit} is the most.").format(
                size=len(raw), limit=MOST_LINE
            ),
            fix=_("Leave it out, or keep it by a backup."),
            code="bundle-too-large",
        )
    return raw


def decoded(raw: bytes) -> Line:
    """The line that the bytes (without their end) are; ValueError, in words for people, if they can't be one."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        _wrong(_("It is not UTF-8."))
    _refuse_text(text)
    line = _parsed(text)
    if not isinstance(line, dict):
        _wrong(_("It is no JSON object."))
    if canonical(line) != text:
        _wrong(_("It is not written in the canonical form (sorted keys, each once, no spaces)."))
    _refuse_depth(line)
    _refuse_faults(line)
    return line


def _refuse_text(text: str) -> None:
    """The rules of the house for texts, on the whole line at once: canonical JSON escapes nothing else."""
    found = _FORBIDDEN.search(text)
    if not found and "\\" in text:
        found = next((match for match in _ESCAPED.finditer(text) if match.group(1)), None)
    if found:
        _wrong(_("It has a character that is not allowed, at position {position}.").format(position=found.start() + 1))
    if not unicodedata.is_normalized("NFC", text):
        _wrong(_("Its text is not in Unicode's normal form NFC."))
    if sum(map(text.count, "{[,")) > MOST_ENTRIES:
        _wrong(_("It has more than {limit} entries.").format(limit=MOST_ENTRIES))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_float=_double, parse_constant=_no_number)
    except RecursionError:
        _wrong(_("It is nested more than {limit} deep.").format(limit=MOST_DEPTH))
    except ValueError as error:
        _wrong(_("It is no JSON: {error}.").format(error=str(error)[:200]))


def _double(digits: str) -> float:
    """A fraction; PostgreSQL gives large doubles back as whole numbers and knows no -0.0, and hashes would break."""
    number = float(digits)
    if "e+" in repr(number) or repr(number) == "-0.0":
        raise ValueError(f"a number that not every database keeps: {digits[:40]}")
    return number


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse_depth(line: Line) -> None:
    level: list[Any] = [line]
    for _depth in range(MOST_DEPTH):
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    _wrong(_("It is nested more than {limit} deep.").format(limit=MOST_DEPTH))


def _refuse_faults(line: Line) -> None:
    fault = next(_validator(str(line.get("kind")))(line), None)
    if fault is not None:
        place = ".".join(str(part) for part in fault.absolute_path)[:200]
        told = fault.message if len(fault.message) <= 200 else f"{fault.message[:200]}…"
        _wrong(_("It is not what the schema asks for at {place}: {fault}.").format(place=place or "/", fault=told))


@cache
def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return found


@cache
def _validator_of(kind: str) -> Callable[[Line], Any]:
    # Imported late: it takes longer than everything else that `vc` starts with.
    from jsonschema import Draft202012Validator

    schema = _schemas()
    iter_errors: Callable[[Line], Any] = Draft202012Validator(
        {"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]}
    ).iter_errors
    return iter_errors


def _validator(kind: str) -> Callable[[Line], Any]:
    if kind not in _schemas()["x-kinds"]:
        _wrong(_("There is no kind of line {kind}.").format(kind=kind[:40]))
    return _validator_of(kind)


def _wrong(what: str) -> NoReturn:
    raise ValueError(what)
