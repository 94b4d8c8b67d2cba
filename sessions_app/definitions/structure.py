"""Data against the published JSON Schema, with messages for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from sessions_app import text
from sessions_app.definitions.positions import Path
from sessions_app.definitions.problems import Report, label, near
from sessions_app.exceptions import InvalidInput
from sessions_app.language import SUPPORTED, noop
from sessions_app.language import gettext as _

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

SCHEMA_FILE = FilePath(__file__).with_name("workflow.schema.json")

_MOST_FAULTS = 1_000
_PARAGRAPHS = {"description", "exit_condition", "condition"}
_MAY_BE_EMPTY = {"type", "source_rule", *_PARAGRAPHS}
_KINDS = {
    "string": noop("a text"),
    "object": noop("a mapping"),
    "array": noop("a list"),
    "integer": noop("a whole number"),
    "boolean": noop("true or false"),
}


def sound_part(report: Report, data: dict[str, Any]) -> dict[str, Any]:
    """A copy of ``data`` without what has the wrong type, its texts cleaned; every fault is reported.

    Entries of lists keep their places: one that is left out becomes None.
    """
    unusable: set[Path] = set()
    faults = list(islice(_faults(data), _MOST_FAULTS + 1))
    for fault in faults:
        for path, code, message, fix in _explanations(fault):
            report.error(path, code, message, fix)
        if fault.rule in ("type", "required"):
            unusable.add(fault.path)
    if len(faults) > _MOST_FAULTS:
        return {}  # this is no workflow; looking further would only take time
    unusable.discard(())  # what is left of the whole is worth checking
    cleaned = _sound(report, data, (), unusable)
    assert isinstance(cleaned, dict)
    return cleaned


@dataclass(frozen=True, slots=True)
class _Fault:
    """One finding of the schema's: which rule, what it wanted, and the value that is otherwise."""

    rule: str
    wanted: Any
    value: Any
    schema: Any
    path: Path


def _faults(data: object) -> Iterator[_Fault]:
    for error in _validator().iter_errors(data):
        path = tuple(error.absolute_path)
        yield _Fault(str(error.validator), error.validator_value, error.instance, error.schema, path)


@cache
def _validator() -> Draft202012Validator:
    # Imported late: it takes longer than everything else that `vc` starts with.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def _sound(report: Report, value: object, path: Path, unusable: set[Path]) -> object:
    if path in unusable:
        return None
    if isinstance(value, dict):
        children = ((key, _sound(report, child, (*path, key), unusable)) for key, child in value.items())
        return {key: child for key, child in children if child is not None}
    if isinstance(value, list):
        return [_sound(report, child, (*path, place), unusable) for place, child in enumerate(value)]
    if isinstance(value, str):
        return _clean(report, value, path)
    return value


def _clean(report: Report, value: str, path: Path) -> str:
    what = next((part for part in reversed(path) if isinstance(part, str) and part not in SUPPORTED), "")
    if not value.strip() and what in _MAY_BE_EMPTY:
        return ""
    clean = text.clean_text if what in _PARAGRAPHS else text.clean_name
    try:
        return clean(value, what, limit=len(value))  # the schema has the limits
    except InvalidInput as error:
        if not report.has_error(path):
            report.error(path, "text", error.message, error.fix)
        return value


Explanation = tuple[Path, str, str, str]


def _explanations(fault: _Fault) -> Iterator[Explanation]:
    """Path, code, message and fix of each thing that is wrong."""
    if fault.rule == "required":
        yield from _missing(fault)
    elif fault.rule == "additionalProperties":
        yield from _unknown(fault)
    else:
        code, message, fix = _EXPLAIN[fault.rule](fault)
        yield fault.path, code, message, fix


def _missing(fault: _Fault) -> Iterator[Explanation]:
    for key in fault.wanted:
        if key not in fault.value:
            message = _("The key '{key}' is missing.").format(key=key)
            yield fault.path, "missing", message, _("Add '{key}: …'.").format(key=key)


def _unknown(fault: _Fault) -> Iterator[Explanation]:
    known = list(fault.schema["properties"])
    for key in fault.value:
        if key not in known:
            message = _("The key '{key}' is not known here.").format(key=label(key))
            otherwise = _("Remove it; known here are: {keys}.").format(keys=", ".join(known))
            yield (*fault.path, key), "unknown-key", message, near(key, known, otherwise)


def _type(fault: _Fault) -> tuple[str, str, str]:
    expected = fault.wanted if isinstance(fault.wanted, list) else [fault.wanted]
    kinds = _(" or ").join(_(_KINDS[kind]) for kind in expected)
    message = _("This must be {expected}, not {actual}.").format(expected=kinds, actual=_actual(fault.value))
    return "type", message, _type_fix(expected, fault.value)


def _actual(value: object) -> str:
    if value is None:
        return _("nothing")
    for kind, name in ((bool, "boolean"), (str, "string"), (dict, "object"), (list, "array")):
        if isinstance(value, kind):
            return _(_KINDS[name])
    return str(value)[:40]


def _type_fix(expected: list[str], value: object) -> str:
    if value is None:
        return _("Give it a value, or remove the key.")
    if "string" in expected and not isinstance(value, dict | list):
        return _('Put it in quotes: "{value}".').format(value=json.dumps(value)[:40])
    if "array" in expected:
        return _("Write it as a list, each entry on a line of its own after '- '.")
    return _("Write it as {expected}.").format(expected=_(_KINDS[expected[0]]))


def _length(fault: _Fault) -> tuple[str, str, str]:
    message = _("This has {count} characters; {limit} is the most.").format(count=len(fault.value), limit=fault.wanted)
    return "length", message, _("Shorten it.")


def _count(fault: _Fault) -> tuple[str, str, str]:
    message = _("This has {count} entries; {limit} is the most.").format(count=len(fault.value), limit=fault.wanted)
    return "count", message, _("Split it.")


def _empty(fault: _Fault) -> tuple[str, str, str]:
    return "empty", _("This is empty."), _("Give it a value, or remove it.")


def _range(fault: _Fault) -> tuple[str, str, str]:
    if fault.rule == "minimum":
        message = _("{value} is too small; {limit} is the least.")
    else:
        message = _("{value} is too large; {limit} is the most.")
    fix = _("Give a number within the limits.")
    return "range", message.format(value=str(fault.value)[:40], limit=fault.wanted), fix


def _pattern(fault: _Fault) -> tuple[str, str, str]:
    message = _("'{id}' can't be an id: ids have lower-case letters, digits, '-' and '_'.").format(
        id=label(fault.value)
    )
    suggestion = text.slug(fault.value, limit=64)
    fix = _("Write '{id}', and put the text for people into the name.").format(id=suggestion or "stage-1")
    return "id", message, fix


def _repeated(fault: _Fault) -> tuple[str, str, str]:
    return "repeated", _("An entry stands here twice."), _("Keep one of them.")


def _choice(fault: _Fault) -> tuple[str, str, str]:
    message = _("'{value}' isn't possible here.").format(value=label(str(fault.value)))
    return "choice", message, _("Write one of: {names}.").format(names=", ".join(map(str, fault.wanted)))


def _version(fault: _Fault) -> tuple[str, str, str]:
    message = _("This vcflow reads version 1 of the format, not {version}.").format(version=label(str(fault.value)))
    return "version", message, _("Write 'vcflow: 1'.")


_EXPLAIN: dict[str, Callable[[_Fault], tuple[str, str, str]]] = {
    "type": _type,
    "maxLength": _length,
    "maxItems": _count,
    "minLength": _empty,
    "minItems": _empty,
    "minProperties": _empty,
    "minimum": _range,
    "maximum": _range,
    "pattern": _pattern,
    "uniqueItems": _repeated,
    "const": _version,
    "enum": _choice,
}
