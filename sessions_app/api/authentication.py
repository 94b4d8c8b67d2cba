"""Who calls the API: somebody with a token, or somebody signed in with a browser."""

from __future__ import annotations

import re
from datetime import timedelta
from hmac import compare_digest

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.crypto import hash_token
from rest_framework import authentication
from rest_framework.authentication import get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.request import Request

from sessions_app import storage
from sessions_app.actors import Actor, Grant
from sessions_app.exceptions import NotAllowed
from sessions_app.language import gettext as _
from sessions_app.models import ApiToken

DOOR = "api"
USE_NOTED_EVERY = timedelta(minutes=1)

# Anything else was never handed out: neither the hash nor the database is troubled with it.
_TOKEN = re.compile(rb"vcf_[0-9a-f]{64,128}")


class Refused(AuthenticationFailed):
    """The credentials that were given don't count; ``fix`` says what would."""

    def __init__(self, message: str, *, fix: str, code: str) -> None:
        super().__init__(message, code=code)
        self.code = code
        self.message = message
        self.fix = fix


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc]  # knox has no types
    """``Authorization: Bearer vcf_…``; ``request.auth`` becomes the :class:`ApiToken`.

    Unlike knox's own it looks for the whole hash, in one query, and deletes nothing.
    """

    def authenticate(self, request: Request) -> tuple[object, ApiToken] | None:
        """The token's user and the token; None when the header speaks of no token."""
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:
            raise _invalid()
        return self.authenticate_credentials(words[1])

    def authenticate_credentials(self, token: bytes) -> tuple[object, ApiToken]:
        """The same for the token itself; raises :class:`Refused`."""
        if not _TOKEN.fullmatch(token):
            raise _invalid()
        digest = hash_token(token.decode("ascii"))
        with storage.translated():
            row = ApiToken.objects.filter(pk=digest).select_related("user", "team").first()
            if row is None or not compare_digest(digest, row.digest):
                raise _invalid()
            _refuse_ended(row)
            _note_use(row)
        return row.user, row

    def authenticate_header(self, request: Request) -> str:
        """What a 401 answer asks for."""
        return "Bearer"


def _invalid() -> Refused:
    return Refused(
        _("The token is not known."),
        fix=_("Send 'Authorization: Bearer <token>' with a token that 'vc token create' gave you."),
        code="invalid-token",
    )


def _refuse_ended(row: ApiToken) -> None:
    if row.state == "revoked":
        raise Refused(
            _("The token {id} was revoked.").format(id=row.token_key), fix=_("Make a new one."), code="token-revoked"
        )
    if row.state == "expired":
        raise Refused(
            _("The token {id} has expired.").format(id=row.token_key), fix=_("Make a new one."), code="token-expired"
        )
    if not row.user.is_active:
        raise Refused(
            _("The user {user} is disabled.").format(user=row.user.get_username()),
            fix=_("Ask an administrator to enable the account."),
            code="invalid-token",
        )


def _note_use(row: ApiToken) -> None:
    """At most once a minute, whatever the number of processes."""
    now = timezone.now()
    if row.last_used_at is not None and row.last_used_at > now - USE_NOTED_EVERY:
        return
    is_due = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
    ApiToken.objects.filter(is_due, pk=row.pk).update(last_used_at=now)
    row.last_used_at = now


class SessionAuthentication(authentication.SessionAuthentication):
    """Somebody signed in with a browser; what changes something needs the CSRF token."""

    def enforce_csrf(self, request: Request) -> None:
        """Raise NotAllowed where Django's own check refuses."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied as refusal:
            raise NotAllowed(
                _("The request doesn't carry the CSRF token that belongs to the sign-in."),
                fix=_("Send the cookie's value in the header X-CSRFToken, or use a token."),
                code="csrf",
            ) from refusal


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the base registers it
    """How the API's description names tokens."""

    target_class = TokenAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """The scheme as OpenAPI writes it."""
        return {"type": "http", "scheme": "bearer", "description": "A token made with `vc token create`."}


class CookieScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the base registers it
    """How the API's description names browsers' sign-ins."""

    target_class = SessionAuthentication
    name = "cookie"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """The scheme as OpenAPI writes it."""
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


def actor_of(request: Request) -> Actor:
    """Who asks: the same object each time, so that what is known of their rights is loaded once."""
    known: Actor | None = request.__dict__.get("flow_actor")
    if known is None:
        known = _actor(request)
        request.__dict__["flow_actor"] = known
    return known


def _actor(request: Request) -> Actor:
    if not request.user.is_authenticated:
        raise NotAuthenticated
    if not isinstance(request.auth, ApiToken):
        return Actor(request.user, DOOR)
    token = request.auth
    return Actor(request.user, DOOR, submitted_by=f"token:{token.name}", grant=grant_of(token))


def grant_of(token: ApiToken) -> Grant:
    """What the token allows at most."""
    return Grant(token.name, frozenset(token.scopes), token.team_id, token.workflow_id, token.expiry, token.digest)
