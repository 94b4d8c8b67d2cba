"""Every address of the site as the URLconf has it, and as the matrix writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver

_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)")


class Route(NamedTuple):
    """A path as a template, and the methods that its view set takes; None: whatever the view does."""

    path: str
    methods: tuple[str, ...] | None

    @property
    def door(self) -> str:
        if self.path.startswith("/api/v1/"):
            return "api"
        return "admin" if self.path.startswith("/admin/") else "site"


def routes() -> list[Route]:
    """All of them."""
    return [Route(path, methods) for path, methods in _below(get_resolver(), "/")]


def _below(resolver: Any, prefix: str) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    for pattern in resolver.url_patterns:
        path = prefix + _template(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _below(pattern, path)
        elif isinstance(pattern, URLPattern):
            actions = getattr(pattern.callback, "actions", None)
            yield path, tuple(sorted(name.upper() for name in actions if name != "head")) if actions else None


def _template(pattern: str) -> str:
    written = _GROUP.sub(r"{\1}", pattern) if pattern.startswith("^") or "(?P" in pattern else pattern
    return _CONVERTER.sub(r"{\1}", written.strip("^$"))
