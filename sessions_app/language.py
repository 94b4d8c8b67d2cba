"""The language that people are answered in: Chinese (``zh-hans``) or English (``en``).

Imports no Django, so that ``vc --help`` starts in milliseconds.  Message ids are
the English texts; the catalogue is ``locale/zh_Hans/LC_MESSAGES/django.po``, which
Django reads too (for templates and models).
"""

from __future__ import annotations

import gettext as stdlib_gettext
import os
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache

DEFAULT = "zh-hans"
SUPPORTED = ("zh-hans", "en")
LOCALE_DIR = os.path.join(os.path.dirname(__file__), "locale")

LocalText = str | Mapping[str, str]
"""A text, or the same text in several languages: ``{"zh-hans": …, "en": …}``."""

_active: ContextVar[str | None] = ContextVar("vcflow_language", default=None)


def normalise(tag: str) -> str | None:
    """The supported language that a tag such as ``zh_CN.UTF-8`` or ``en-GB`` means, if any."""
    primary = tag.replace("_", "-").split(".")[0].split("-")[0].lower()
    return {"zh": "zh-hans", "en": "en"}.get(primary)


def detect(environ: Mapping[str, str]) -> str:
    """``VCFLOW_LANG``, else the locale, else :data:`DEFAULT`."""
    for variable in ("VCFLOW_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(variable)
        if value:
            return normalise(value) or DEFAULT
    return DEFAULT


def activate(language: str | None) -> None:
    """Answer in ``language`` from here on (in this thread or task); ``None`` detects it anew."""
    _active.set(language)


def current() -> str:
    """The language in force."""
    return _active.get() or detect(os.environ)


@cache
def _catalogue(language: str) -> stdlib_gettext.NullTranslations:
    if language == "en":
        return stdlib_gettext.NullTranslations()
    return stdlib_gettext.translation("django", LOCALE_DIR, languages=["zh_Hans"], fallback=True)


def gettext(message: str) -> str:
    """The message in the current language."""
    return _catalogue(current()).gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The message in the current language, in the form that ``count`` asks for."""
    return _catalogue(current()).ngettext(singular, plural, count)


def everywhere(message: str) -> set[str]:
    """The message in every language."""
    return {_catalogue(language).gettext(message) for language in SUPPORTED}


def noop(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


def localised(text: LocalText) -> str:
    """One language of a text: the current one, else the default, else any."""
    if isinstance(text, str):
        return text
    return text.get(current()) or text.get(DEFAULT) or next(iter(text.values()), "")


def variants(text: LocalText) -> tuple[str, ...]:
    """Every language of a text, for matching what a person typed."""
    return (text,) if isinstance(text, str) else tuple(text.values())
