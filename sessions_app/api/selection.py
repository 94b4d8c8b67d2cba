"""``fields=``: only some of the keys; and the refusal of query parameters that nobody knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rest_framework.request import Request

from sessions_app.api.documents import SCHEMAS
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _


def selected_fields(request: Request, schema: str) -> frozenset[str] | None:
    """The keys that ``fields`` names, which the schema has; None for all."""
    given = request.query_params.get("fields")
    if given is None:
        return None
    names = {name.strip() for name in given.split(",") if name.strip()}
    known = SCHEMAS[schema]["properties"]
    unknown = sorted(names - set(known))
    if unknown or not names:
        raise InvalidInput(
            _("These fields are not known: {names}.").format(names=", ".join(unknown)[:200])
            if unknown
            else _("The parameter fields is empty."),
            fix=_("Known here: {names}.").format(names=", ".join(known)),
            field="fields",
        )
    return frozenset(names)


def slim(data: Mapping[str, Any], fields: frozenset[str] | None) -> dict[str, Any]:
    """Only the keys asked for."""
    return dict(data) if fields is None else {key: value for key, value in data.items() if key in fields}


def read_choice(request: Request, name: str, choices: Collection[str], default: str) -> str:
    """The value of a parameter that has a few."""
    value = request.query_params.get(name) or default
    if value in choices:
        return value
    raise InvalidInput(
        _("The parameter {name} can't be {value}.").format(name=name, value=value[:80]),
        fix=_("Use one of: {names}.").format(names=", ".join(choices)),
        field=name,
    )


def read_flag(request: Request, name: str) -> bool:
    """The value of a parameter that is true or false; false when it is missing."""
    return read_choice(request, name, ("true", "false"), "false") == "true"


def read_number(request: Request, name: str) -> int | None:
    """The value of a parameter that counts from 1; None when it is missing."""
    value = request.query_params.get(name)
    if value is None:
        return None
    if value.isascii() and value.isdecimal() and len(value) < 10 and int(value) >= 1:
        return int(value)
    raise InvalidInput(
        _("The parameter {name} can't be {value}.").format(name=name, value=value[:80]),
        fix=_("Give a whole number, 1 or more, or leave it out."),
        field=name,
    )


def refuse_unknown_parameters(request: Request, known: Collection[str]) -> None:
    """A misspelt filter must not show everything."""
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        raise InvalidInput(
            _("These query parameters are not known: {names}.").format(names=", ".join(unknown)[:200]),
            fix=_("Known here: {names}.").format(names=", ".join(sorted(known)) or "-"),
            field=unknown[0][:80],
        )


def refuse_unclear_parameters(request: Request, repeatable: Collection[str]) -> None:
    """A parameter that is given twice means one thing at most, and one without a value must not mean everything."""
    for name, values in request.query_params.lists():
        refuse_blank(name, values)
        if len(values) > 1 and name not in repeatable:
            raise InvalidInput(
                _("The parameter {name} stands there {count} times.").format(name=name, count=len(values)),
                fix=_("Give it once."),
                field=name,
            )


def refuse_long_parameters(request: Request, longest: Mapping[str, int]) -> None:
    """A text is at most as long as its parameter was declared."""
    for name, most in longest.items():
        if len(request.query_params.get(name, "")) > most:
            raise InvalidInput(
                _("The parameter {name} has more than {most} characters.").format(name=name, most=most),
                fix=_("Shorten it."),
                field=name,
            )


def refuse_blank(name: str, values: Sequence[str]) -> None:
    """Refuse a parameter that has no value, or has a blank one among others."""
    if not values or not all(value.strip() for value in values):
        raise InvalidInput(
            _("The parameter {name} has no value.").format(name=name),
            fix=_("Give it one, or leave the parameter out."),
            field=name,
        )
