"""What every request passes through."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from sessions_app import language

Respond = Callable[[HttpRequest], HttpResponse]


def speak_the_requests_language(get_response: Respond) -> Respond:
    """Let vcflow's own texts follow the language that Django chose for the request."""

    def respond(request: HttpRequest) -> HttpResponse:
        language.activate(translation.get_language())
        try:
            return get_response(request)
        finally:
            language.activate(None)

    return respond


ZONE_COOKIE = "vcflow_zone"
"""In which the browser names its time zone, such as ``Europe/Berlin``."""

_API = "/api/"


def keep_the_readers_time(get_response: Respond) -> Respond:
    """Show pages in the reader's time zone; the API tells times with their offset as ever."""

    def respond(request: HttpRequest) -> HttpResponse:
        zone = None if request.path_info.startswith(_API) else _zone(request.COOKIES.get(ZONE_COOKIE, ""))
        if zone is None:
            return get_response(request)
        with timezone.override(zone):
            return get_response(request)

    return respond


def _zone(name: str) -> ZoneInfo | None:
    """The zone of that name; None for what is none, for anybody can send any cookie."""
    name = unquote(name)
    return ZoneInfo(name) if name in _known_zones() else None


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())
