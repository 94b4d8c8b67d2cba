"""JSON in and out.

Answers are written by orjson; what it can't say (a whole number of more than 64 bits)
is left to the standard library.  PostgreSQL gives 1e308 back as 309 digits, so it is stored as
a whole number and made short again here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any

import orjson
from django.core.serializers.json import DjangoJSONEncoder
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _

JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(rb"\x7f|\xc2[\x80-\x9f]")
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_NON_STR_KEYS


def dump(data: Any) -> bytes:
    """``data`` as JSON in UTF-8; times in UTC, as ISO 8601 with a Z."""
    try:
        body = orjson.dumps(data, option=_OPTIONS, default=_plain)
    except TypeError:
        text = json.dumps(data, cls=_Encoder, ensure_ascii=False, separators=(",", ":"))
        text = json.dumps(json.loads(text, parse_int=_shortened), ensure_ascii=False, separators=(",", ":"))
        body = _SURROGATE.sub("\ufffd", text).encode()
    # JSON leaves DEL and the controls above it as they are; terminals obey them.
    return _CONTROL.sub(_escaped, body) if b"\x7f" in body or b"\xc2" in body else body


def _shortened(digits: str) -> int | float:
    """A whole number; as a double if it has more than 64 bits and a double says exactly the same."""
    number, double = int(digits), float(digits)
    return double if abs(number) >= 2**64 and double == number else number


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(found.group().decode())


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        return json.loads(orjson.dumps(o, option=_OPTIONS)) if isinstance(o, datetime) else _plain(o)


class JSONRenderer(BaseRenderer):
    """Every answer but the errors."""

    media_type = JSON_TYPE
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else dump(data)


class JSONParser(BaseParser):
    """A JSON object; what no answer could carry (NaN, lone surrogates, endless nesting) is refused here."""

    media_type = JSON_TYPE

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        return parse_object(stream.read())


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a request carries; nothing is an empty one."""
    if not body.strip():
        return {}
    try:
        text = body.decode()
        data = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeated)
    except RecursionError:
        raise _unreadable(_("it is nested too deeply")) from None
    except ValueError as error:
        raise _unreadable(str(error)) from error
    if not isinstance(data, dict):
        raise _unreadable(_("it is no object"))
    if "\\u" in text and _SURROGATE.search(json.dumps(data, ensure_ascii=False)):
        raise _unreadable(_("it has half of a surrogate pair"))
    return data


def _refuse_constant(name: str) -> Any:
    raise ValueError(_("{name} is no JSON value").format(name=name))


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in pairs:
        if key in data:
            raise ValueError(_("the key {key} stands there twice").format(key=json.dumps(key)[:60]))
        data[key] = value
    return data


def _unreadable(reason: str) -> InvalidInput:
    return InvalidInput(
        _("The request's body can't be read as JSON: {reason}.").format(reason=reason),
        fix=_('Send a JSON object, such as {"reason": "…"}.'),
        code="invalid-json",
    )
