"""How pages show times, states, people's texts and nested data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from sessions_app import durations, words
from sessions_app.masking import mask_text
from sessions_app.text import visible

register = template.Library()

NOTHING = "-"
_OPEN_DEPTH = 1
"""Down to which depth nested data is shown unfolded."""


@register.filter
def moment(time: datetime | None) -> str:
    """A time in the reader's zone to the minute; the exact one in its title."""
    return NOTHING if time is None else _time(time, timezone.localtime(time).strftime("%Y-%m-%d %H:%M"))


@register.filter
def ago(time: datetime | None) -> str:
    """How long ago a time was; the exact one in its title."""
    return NOTHING if time is None else _time(time, durations.ago(timezone.now() - time))


@register.filter
def span(length: float | timedelta | None) -> str:
    """A length of time, in seconds or as a ``timedelta``."""
    return NOTHING if length is None else durations.in_words(length)


@register.simple_tag
def state(status: str | None, kind: str = "session") -> str:
    """A state's sign and word; ``kind`` is ``session`` or ``stage``."""
    status = status or "PENDING"
    word = words.session_state(status) if kind == "session" else words.stage_state(status)
    return format_html(
        '<span class="vc-state vc-{}"><span aria-hidden="true">{}</span> {}</span>',
        status.lower(),
        words.LOOKS[status].sign,
        word,
    )


@register.simple_tag
def progress(percent: int) -> str:
    """A bar and its number."""
    return format_html(
        '<span class="vc-progress"><progress max="100" value="{0}" aria-label="{0}%"></progress> {0}%</span>', percent
    )


@register.filter
def told(text: object) -> str:
    """A text that people gave: right-to-left marks are made visible, well-known keys masked."""
    return format_html('<span class="told">{}</span>', visible(mask_text(str(text)))) if text else NOTHING


@register.filter
def plain(text: object) -> str:
    """The same for an attribute, which holds no tags."""
    return visible(mask_text(str(text)))


@register.filter
def tree(data: Any) -> str:
    """Nested JSON data, masked already, as lists that fold."""
    return _node(data, 0)


def _time(time: datetime, text: str) -> SafeString:
    exact = timezone.localtime(time).strftime("%Y-%m-%d %H:%M:%S %Z")
    return format_html('<time datetime="{}" title="{}">{}</time>', time.isoformat(), exact, text)


def _node(data: Any, depth: int) -> SafeString:
    if isinstance(data, Mapping) and data:
        return _branch("{}", ((key, value) for key, value in data.items()), len(data), depth)
    if isinstance(data, list | tuple) and data:
        return _branch("[]", enumerate(data), len(data), depth)
    return format_html('<span class="told vc-value">{}</span>', _leaf(data))


def _branch(brackets: str, entries: Iterable[tuple[Any, Any]], count: int, depth: int) -> SafeString:
    rows = format_html_join(
        "",
        "<li><span class='vc-key'>{}</span> {}</li>",
        ((visible(str(key)), _node(value, depth + 1)) for key, value in entries),
    )
    if depth == 0:
        return format_html('<ul class="vc-tree">{}</ul>', rows)
    is_open = mark_safe(" open") if depth <= _OPEN_DEPTH else ""
    return format_html(
        "<details{}><summary>{}{}{}</summary><ul>{}</ul></details>", is_open, brackets[0], count, brackets[1], rows
    )


def _leaf(data: Any) -> str:
    if isinstance(data, bool) or data is None:
        return {True: "true", False: "false", None: "null"}[data]
    return visible(str(data)) if data != "" else '""'
