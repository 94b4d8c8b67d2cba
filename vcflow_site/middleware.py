"""What every request passes through."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

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
