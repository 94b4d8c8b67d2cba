"""What is answered in place of a page: a problem below ``/api/``, elsewhere a page that says what to do next.

The pages need neither database nor session, which may be what is broken.
"""

from __future__ import annotations

import sys
from http import HTTPStatus

from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from sessions_app import language, storage
from sessions_app.api.problems import RETRY_SECONDS, problem_response
from sessions_app.exceptions import Busy, FlowError, InvalidInput, NotAllowed, NotFound, StorageFull, TooLarge
from sessions_app.language import gettext as _
from sessions_app.text import visible

API = "/api/"
LONGEST_NAME = 255
"""Of a host, as DNS has it."""


class UnknownHost(FlowError):
    """The server was asked by a name that isn't its own."""

    code = "unknown-host"
    exit_status = 2
    http_status = HTTPStatus.BAD_REQUEST


class FormRefused(FlowError):
    """A form came without the proof that a page of ours sent it."""

    code = "csrf"
    exit_status = 4
    http_status = HTTPStatus.FORBIDDEN


class MethodRefused(FlowError):
    """An address was asked by a method that it doesn't have."""

    code = "method-not-allowed"
    exit_status = 2
    http_status = HTTPStatus.METHOD_NOT_ALLOWED


def answer(request: HttpRequest, error: FlowError, status: int | None = None) -> HttpResponse:
    """The answer for an error, in the form that fits the address."""
    if request.path_info.startswith(API):
        return problem_response(error, status)
    page = {"error": error, "language": language.current()}
    response = HttpResponse(render_to_string("vcflow_site/error.html", page), status=status or error.http_status)
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """``handler400``: also what exceeds Django's own limits, and names that aren't the server's."""
    if isinstance(exception, DisallowedHost):
        return answer(request, _unknown_host(request))
    if isinstance(exception, RequestDataTooBig):
        return answer(request, too_large())
    if isinstance(exception, TooManyFieldsSent | TooManyFilesSent):
        message = _("The request has too many fields.")
        return answer(request, TooLarge(message, fix=_("Send less at once.")), HTTPStatus.BAD_REQUEST)
    message = _("The request can't be understood.")
    return answer(request, InvalidInput(message, fix=_("Go back, check what was entered, and try again.")))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """``handler403``"""
    fix = _("Sign in as somebody who may, or ask an administrator.")
    return answer(request, NotAllowed(_("This is not allowed."), fix=fix))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """``handler404``"""
    is_api = request.path_info.startswith(API)
    fix = _("See /api/docs/.") if is_api else _("Check the address, or begin at the front page.")
    return answer(request, NotFound(_("There is nothing at this address."), fix=fix))


def broken(request: HttpRequest) -> HttpResponse:
    """``handler500``: what is known to pass says so, of anything else only that it happened."""
    return answer(request, _known(sys.exception()) or _unexpected())


def method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    """A page of the admin was asked by another method than ``allowed``."""
    message = _("This address doesn't take {method}.").format(method=visible(request.method or ""))
    fix = _("Begin at the front page, and go by its links and buttons.")
    response = answer(request, MethodRefused(message, fix=fix))
    response["Allow"] = allowed
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """``CSRF_FAILURE_VIEW``"""
    message = _("The form was not taken: it is too old, or it was sent from another site.")
    fix = _("Allow cookies for this site, load the page with the form again, and send it once more.")
    return answer(request, FormRefused(message, fix=fix))


def too_large() -> TooLarge:
    """The error for a body over the limit."""
    return TooLarge(_("The request's body is too large: at most 1 MB is taken."), fix=_("Send less at once."))


def _unknown_host(request: HttpRequest) -> UnknownHost:
    host = visible(request.META.get("HTTP_HOST", "")[:LONGEST_NAME])
    message = _("This server doesn't answer to the name {host}.").format(host=host)
    return UnknownHost(message, fix=_("Its administrator adds the name to the setting VCFLOW_ALLOWED_HOSTS."))


def _known(exception: BaseException | None) -> FlowError | None:
    """The error to tell; a database's own words may name servers and tables, so they are left to the log."""
    error = storage.translate(exception) if isinstance(exception, DatabaseError) else exception
    if isinstance(error, Busy | StorageFull):
        return error
    return None


def _unexpected() -> FlowError:
    fix = _("An administrator finds the details in logs/errors.log of the data folder.")
    return FlowError(_("Something unexpected went wrong."), fix=fix, code="internal")
