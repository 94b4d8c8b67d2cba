"""What a request may be at most; the rest is refused before anything reads it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from sessions_app.exceptions import FlowError, InvalidInput, TooLarge
from sessions_app.language import gettext as _
from vcflow_site.error_pages import answer, too_large
from vcflow_site.middleware import Respond

MAX_QUERY = 8 * 1024
"""Bytes of the query string."""

URI_TOO_LONG = 414


def keep_within_limits(get_response: Respond) -> Respond:
    """Refuse a body or a query that is too large, and a NUL in an address, which no database takes."""

    def respond(request: HttpRequest) -> HttpResponse:
        refusal = _body_refusal(request)
        if refusal is not None:
            return answer(request, refusal)
        query = request.META.get("QUERY_STRING", "")
        if len(query) > MAX_QUERY:
            return answer(request, _too_long(), URI_TOO_LONG)
        if "\0" in request.path_info or "\0" in query or "%00" in query:
            return answer(request, _has_nul())
        return get_response(request)

    return respond


def _body_refusal(request: HttpRequest) -> FlowError | None:
    length, limit = request.META.get("CONTENT_LENGTH") or "0", settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if not (length.isascii() and length.isdecimal()):
        return InvalidInput(_("The header Content-Length is no number."), fix=_("Give the body's length in bytes."))
    # int() refuses thousands of digits.
    if len(length) > len(str(limit)) or int(length) > limit:
        return too_large()
    return None


def _too_long() -> FlowError:
    message = _("The address is too long: its query has at most {limit} bytes.").format(limit=MAX_QUERY)
    return TooLarge(message, fix=_("Ask for less at once."))


def _has_nul() -> FlowError:
    return InvalidInput(_("The address has a NUL character in it."), fix=_("Take it out."))
