"""The schemas of requests and answers, by name: what the documentation says is what is checked.

Each floor registers its own; an operation's body is validated against the very schema that
``/api/schema/`` shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import noop

Schema = dict[str, Any]

SCHEMAS: dict[str, Schema] = {}
"""Every named schema: JSON Schema of 2020-12, as OpenAPI 3.1 has it."""

FAULTS = 50
"""How many things that are wrong are looked at, to name the one that tells most."""

_SIZES = ("maxItems", "maxProperties")

_KINDS = {
    "string": noop("a text"),
    "object": noop("an object"),
    "array": noop("a list"),
    "integer": noop("a whole number"),
    "number": noop("a number"),
    "boolean": noop("true or false"),
    "null": noop("null"),
}


def register(schemas: Mapping[str, Schema]) -> None:
    """Add named schemas; a name is given once."""
    for name, schema in schemas.items():
        if SCHEMAS.setdefault(name, schema) is not schema:
            raise ValueError(f"two schemas are called {name!r}")


def ref(name: str) -> Schema:
    """A reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: Schema, **more: Any) -> Schema:
    """A list of ``items``; its length is looked at before them."""
    return {"type": "array", **more, "items": items}


def obj(properties: Mapping[str, Schema], *, required: tuple[str, ...] | None = None, about: str = "") -> Schema:
    """An object with these properties and no others; all are required unless ``required`` names some."""
    needed = list(properties) if required is None else list(required)
    return {
        "type": "object",
        **({"description": about} if about else {}),
        "properties": dict(properties),
        **({"required": needed} if needed else {}),
        "additionalProperties": False,
    }


def nullable(kind: str, **more: Any) -> Schema:
    """A value of a kind, or null."""
    return {"type": [kind, "null"], **more}


def validator(name: str) -> Draft202012Validator:
    """What checks values against a named schema."""
    return _validator(name, len(SCHEMAS))


@cache
def _validator(name: str, _known: int) -> Draft202012Validator:
    return Draft202012Validator({"components": {"schemas": SCHEMAS}, **ref(name)})


def check(name: str, data: object) -> None:
    """Refuse what doesn't fit a request's schema; names the place and what is expected there."""
    error = best_match(_first(validator(name).iter_errors(data)))
    if error is not None:
        raise _refusal(error, SCHEMAS[name])


def takes_nothing(schema: Schema) -> bool:
    """Whether an empty object fits, so that a request may do without its body."""
    return validator(schema["$ref"].rpartition("/")[2]).is_valid({})


def _first(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """Some of the errors: to find all in a list of a million values would take minutes."""
    for error in islice(errors, FAULTS):
        yield error
        if error.validator in _SIZES:
            return


def _refusal(error: ValidationError, schema: Schema) -> InvalidInput:
    place = ".".join(str(part) for part in error.absolute_path)
    message, fix = _explain(error)
    where = _("In {place}: {message}").format(place=place, message=message) if place else message
    known = list(schema.get("properties", ()))
    otherwise = _("Known here: {names}.").format(names=", ".join(known)) if known else _("Send no body.")
    return InvalidInput(where, fix=fix or otherwise, **({"field": place} if place else {}))


def _explain(error: ValidationError) -> tuple[str, str]:
    """Message and fix; an empty fix means: list what is known."""
    wanted: Any = error.validator_value
    schema: Any = error.schema
    instance: Any = error.instance
    if error.validator == "type":
        kinds = _(" or ").join(_(_KINDS[kind]) for kind in ([wanted] if isinstance(wanted, str) else wanted))
        return _("this must be {kinds}.").format(kinds=kinds), _("Write it as {kinds}.").format(kinds=kinds)
    if error.validator == "required":
        missing = next(name for name in wanted if name not in instance)
        return _("the field {name} is missing.").format(name=missing), _("Add it.")
    if error.validator == "additionalProperties":
        unknown = [str(name) for name in instance if name not in schema.get("properties", {})]
        return _("these fields are not known: {names}.").format(names=", ".join(unknown)[:200]), ""
    if error.validator == "enum":
        choices = ", ".join(str(choice) for choice in wanted)
        return _("this is none of the values that are known."), _("Use one of: {names}.").format(names=choices)
    limit = str(wanted)[:80]
    return _("this breaks the rule {rule} ({limit}).").format(rule=error.validator, limit=limit), _(
        "See the description of the field at /api/docs/."
    )
