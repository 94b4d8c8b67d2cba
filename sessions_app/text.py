"""The one door for text and JSON that people and programs hand in: clean, or refused.

Refused everywhere: NUL and the other control characters (newline and tab are
allowed in texts of several lines), lone surrogates, and what exceeds the limits.
Kept: right-to-left marks, which :func:`visible` makes visible where text is shown.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.secret_signs import mask_text

NAME_LENGTH = 200
TAG_LENGTH = 50
TEXT_LENGTH = 20_000
JSON_BYTES = 256 * 1024
JSON_DEPTH = 32
JSON_KEYS = 10_000

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_MULTILINE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def clean_name(value: object, what: str, *, limit: int = NAME_LENGTH) -> str:
    """A text of one line, stripped and NFC-normalised: 1 to ``limit`` characters."""
    text = _clean(value, what, _CONTROL, limit).strip()
    if not text:
        raise InvalidInput(_("The {what} is empty.").format(what=what), fix=_("Give it at least one character."))
    return text


def clean_text(value: object, what: str, *, limit: int = TEXT_LENGTH) -> str:
    """A text of several lines (may be empty), stripped and NFC-normalised; lines end in a newline alone."""
    return _clean(value, what, _CONTROL_MULTILINE, limit).strip()


def _clean(value: object, what: str, forbidden: re.Pattern[str], limit: int) -> str:
    if not isinstance(value, str):
        raise InvalidInput(
            _("The {what} must be a text, not {kind}.").format(what=what, kind=type(value).__name__),
            fix=_("Give it as a text."),
        )
    value = value.replace("\r\n", "\n")
    found = forbidden.search(value)
    if found:
        raise InvalidInput(
            _("The {what} has a character that is not allowed: U+{code:04X} at position {position}.").format(
                what=what, code=ord(found.group()), position=found.start() + 1
            ),
            fix=_("Remove it."),
        )
    text = unicodedata.normalize("NFC", value)
    if len(text) > limit:
        raise InvalidInput(
            _("The {what} has {length} characters; {limit} is the most.").format(
                what=what, length=len(text), limit=limit
            ),
            fix=_("Shorten it."),
        )
    return text


def is_reference(value: object) -> bool:
    """Whether a value could be the id or name of something stored: a text without what :func:`clean_name` refuses."""
    return isinstance(value, str) and not _CONTROL.search(value)


def clean_json_object(value: object, what: str) -> dict[str, Any]:
    """A JSON object within the limits of size, depth and number of keys, its texts checked."""
    if not isinstance(value, Mapping):
        raise InvalidInput(
            _("The {what} must be a JSON object.").format(what=what), fix=_('Give it as {"key": value}.')
        )
    counter = [0]
    cleaned = _clean_json(dict(value), what, 1, counter)
    size = len(dump_json(cleaned, what).encode())
    if size > JSON_BYTES:
        raise InvalidInput(
            _("The {what} has {size} bytes; {limit} is the most.").format(what=what, size=size, limit=JSON_BYTES),
            fix=_("Keep large things in files and put their paths here."),
        )
    assert isinstance(cleaned, dict)
    return cleaned


def clean_tags(value: object) -> list[str]:
    """The tags, each a short text; different secrets look alike, so repetitions stay until they are unmasked."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidInput(_("The tags must be a list."), fix=_("Give them as a list of texts."))
    return [clean_name(tag, _("tag"), limit=TAG_LENGTH) for tag in value]


def merge_objects(before: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """``before`` with the keys of ``patch``; null removes a key."""
    return {key: value for key, value in {**before, **patch}.items() if value is not None}


def _clean_json(value: Any, what: str, depth: int, counter: list[int]) -> Any:
    if depth > JSON_DEPTH:
        raise InvalidInput(
            _("The {what} is nested more than {limit} deep.").format(what=what, limit=JSON_DEPTH),
            fix=_("Make it flatter."),
        )
    if isinstance(value, str):
        return _clean(value, what, _CONTROL_MULTILINE, JSON_BYTES)
    if isinstance(value, dict):
        counter[0] += len(value)
        _check_count(counter[0], what)
        return _clean_entries(value, what, depth, counter)
    if isinstance(value, list | tuple):
        counter[0] += len(value)
        _check_count(counter[0], what)
        return [_clean_json(item, what, depth + 1, counter) for item in value]
    if isinstance(value, float) and value.is_integer():
        # PostgreSQL gives 1e22 back as a whole number; the event's hash needs one form everywhere.
        return int(value)
    return value


def _clean_entries(found: Mapping[Any, Any], what: str, depth: int, counter: list[int]) -> dict[str, Any]:
    key_what = _("key in {what}").format(what=what)
    cleaned: dict[str, Any] = {}
    for given, item in found.items():
        key = clean_name(given, key_what)
        if key in cleaned:
            raise InvalidInput(
                _("The {what} has two keys that are the same: {key}.").format(what=what, key=visible(mask_text(key))),
                fix=_("Keep one of them; spaces around a key and how its accents are encoded make no difference."),
            )
        cleaned[key] = _clean_json(item, what, depth + 1, counter)
    return cleaned


def _check_count(count: int, what: str) -> None:
    if count > JSON_KEYS:
        raise InvalidInput(
            _("The {what} has more than {limit} entries.").format(what=what, limit=JSON_KEYS),
            fix=_("Keep large things in files and put their paths here."),
        )


def dump_json(value: Any, what: str) -> str:
    """JSON text of ``value``; what JSON can't say (NaN, sets, objects) is refused."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise InvalidInput(
            _("The {what} has a number that JSON can't say (NaN, infinity, or one with too many digits).").format(
                what=what
            ),
            fix=_("Give it as a text."),
        ) from error
    except TypeError as error:
        raise InvalidInput(
            _("The {what} can't be written as JSON: {error}.").format(what=what, error=error),
            fix=_("Use texts, numbers, true, false, null, lists and objects."),
        ) from error


def slug(text: str, limit: int = 40) -> str:
    """The ASCII letters and digits of ``text``, lower-case, joined by hyphens; may be empty.

    Underscores stay: ``test_preparation`` is its own slug.
    """
    words = re.findall(r"[a-z0-9_]+", unicodedata.normalize("NFKC", text).lower())
    joined = "-".join(word.strip("_") for word in words if word.strip("_"))
    if len(joined) <= limit:
        return joined
    return joined[: limit + 1].rsplit("-", 1)[0][:limit].strip("-")


def visible(text: str) -> str:
    """``text`` on one line and safe to print: controls and right-to-left marks as ``\\x1b``, ``\\u202e``."""
    return _INVISIBLE.sub(lambda found: found.group().encode("unicode_escape", "surrogatepass").decode(), text)
