"""Errors as ``application/problem+json`` (RFC 9457), with the codes of the command line.

``{"type", "title", "status", "code", "detail", "fix", "details"}``: ``detail`` is the sentence,
``fix`` the mend, ``details`` the ids that the error speaks of.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError, IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.views import set_rollback

from sessions_app import storage
from sessions_app.api.authentication import Refused
from sessions_app.api.rendering import PROBLEM_TYPE, dump
from sessions_app.exceptions import Conflict, FlowError, NotFound, StorageFailed, TooLarge
from sessions_app.language import gettext as _
from sessions_app.language import noop

RETRY_SECONDS = 1
"""After how long a busy database is worth asking again."""


_log = logging.getLogger("django.request")


def for_strangers(error: FlowError) -> FlowError:
    """``error`` without a database's own words, which may name servers and tables: they go to ``logs/errors.log``."""
    is_hurt_constraint = isinstance(error, Conflict) and isinstance(error.__cause__, IntegrityError)
    if not is_hurt_constraint and not isinstance(error, StorageFailed):
        return error
    _log.error("%s", error.message, exc_info=error)
    if is_hurt_constraint:
        return Conflict(error.message, fix=error.fix)
    fix = _("An administrator finds the details in logs/errors.log of the data folder.")
    return StorageFailed(_("The database can't be used."), fix=fix, code=error.code)


def problem(error: FlowError, status: int | None = None) -> dict[str, Any]:
    """The body for an error."""
    code = status or error.http_status
    return {
        "type": "about:blank",
        "title": HTTPStatus(code).phrase,
        "status": code,
        "code": error.code,
        "detail": error.message,
        "fix": error.fix,
        "details": error.details,
    }


def problem_response(
    error: FlowError, status: int | None = None, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """The whole answer for an error."""
    body = problem(error, status)
    answer = HttpResponse(dump(body), status=body["status"], content_type=PROBLEM_TYPE, headers=dict(headers or {}))
    if body["status"] == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers.setdefault("Retry-After", str(RETRY_SECONDS))
    return answer


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """What REST framework asks for each exception; None lets an unexpected one become a 500."""
    translated = _translate(error, context.get("request"))
    if translated is None:
        return None
    set_rollback()
    return problem_response(for_strangers(translated), _status(error), _headers(error))


def _translate(error: Exception, request: HttpRequest | None) -> FlowError | None:
    if isinstance(error, FlowError):
        return error
    if isinstance(error, DatabaseError):
        translated = storage.translate(error)
        translated.__cause__ = error
        return translated
    if isinstance(error, Http404):
        return NotFound(_("There is nothing at this address."), fix=_("See /api/docs/."))
    if isinstance(error, RequestDataTooBig):
        return TooLarge(_("The request is too large."), fix=_("Send less at once."))
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _framework_error(error, request)
    return None


_FRAMEWORK: dict[type[exceptions.APIException], tuple[str, str, str]] = {
    exceptions.NotAuthenticated: (
        "not-authenticated",
        noop("Nobody is signed in."),
        noop("Send a token: Authorization: Bearer <token>; 'vc token create' makes one."),
    ),
    exceptions.PermissionDenied: (
        "not-allowed",
        noop("This is not allowed."),
        noop("Ask somebody who may, or use another token."),
    ),
    exceptions.NotFound: ("not-found", noop("There is nothing at this address."), noop("See /api/docs/.")),
    exceptions.MethodNotAllowed: (
        "method-not-allowed",
        noop("This address doesn't take {method}."),
        noop("See /api/docs/."),
    ),
    exceptions.UnsupportedMediaType: (
        "unsupported-media-type",
        noop("The request's body must be JSON."),
        noop("Send it with Content-Type: application/json."),
    ),
    exceptions.Throttled: ("throttled", noop("There were too many requests."), noop("Wait, then try again.")),
}


def _framework_error(error: exceptions.APIException, request: HttpRequest | None) -> FlowError:
    if isinstance(error, Refused):
        return FlowError(error.message, fix=error.fix, code=error.code)
    for kind, (code, message, fix) in _FRAMEWORK.items():
        if isinstance(error, kind):
            method = request.method if request else ""
            return FlowError(_(message).format(method=method), fix=_(fix), code=code)
    return FlowError(str(error.detail), fix=_("See /api/docs/."), code=error.default_code.replace("_", "-"))


def _status(error: Exception) -> int | None:
    if isinstance(error, exceptions.APIException):
        return int(error.status_code)
    if isinstance(error, RequestDataTooBig):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if isinstance(error, Http404):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, PermissionDenied):
        return HTTPStatus.FORBIDDEN
    return None


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)  # type: ignore[attr-defined]  # REST framework sets it
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait) + 1)  # type: ignore[attr-defined]  # of Throttled
    return headers
