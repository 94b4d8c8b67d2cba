"""``/tokens/``: the caller's tokens; an administrator sees and ends everybody's."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import tokens
from sessions_app.api.documents import array, nullable, obj, ref, register
from sessions_app.api.operations import CURSOR, LIMIT, Answer, operation, path_id, query
from sessions_app.api.pagination import Pages
from sessions_app.api.selection import read_flag
from sessions_app.api.session_schemas import NULLABLE_TIME, TIME, USERNAME
from sessions_app.api.views import ApiViewSet, page_body
from sessions_app.permissions import SCOPES

TAG = "tokens"
TOKEN_ID = path_id("token_id", "The token's public id: its first characters.", "vcf_3f9a1c7b2d4")
ALL: OpenApiParameter = query(
    "all", {"type": "boolean", "default": False}, "Everybody's tokens: for administrators alone."
)
_SCOPES = array({"type": "string", "enum": list(SCOPES)}, maxItems=len(SCOPES))

_TOKEN = {
    "id": {"type": "string", "description": "Its first characters, by which it is named; no secret."},
    "name": {"type": "string"},
    "user": {"type": "string", "description": "Whose it is."},
    "scopes": _SCOPES,
    "team": nullable("string", description="It reaches this team's sessions alone."),
    "workflow": nullable("string", description="It reaches this workflow's sessions alone."),
    "agent": {"type": "boolean"},
    "created_at": TIME,
    "expires_at": NULLABLE_TIME,
    "last_used_at": NULLABLE_TIME,
    "revoked_at": NULLABLE_TIME,
    "state": {"type": "string", "enum": ["active", "expired", "revoked"]},
}

_EXAMPLE: dict[str, Any] = {
    "id": "vcf_3f9a1c7b2d4",
    "name": "ci",
    "user": "mei",
    "scopes": ["read", "work"],
    "team": "platform",
    "workflow": None,
    "agent": False,
    "created_at": "2026-03-01T09:30:00Z",
    "expires_at": "2026-05-30T09:30:00Z",
    "last_used_at": None,
    "revoked_at": None,
    "state": "active",
}

register(
    {
        "Token": obj(_TOKEN),
        "TokenPage": obj({"results": array(ref("Token")), "next": nullable("string", format="uri")}),
        "MadeToken": obj({**_TOKEN, "token": {"type": "string", "description": "The token: shown this once."}}),
        "NewToken": obj(
            {
                "name": {"type": "string", "minLength": 1, "maxLength": tokens.NAME_LENGTH},
                "user": USERNAME,
                "scopes": {**_SCOPES, "minItems": 1},
                "team": {"type": "string", "minLength": 1, "maxLength": 150},
                "workflow": {"type": "string", "minLength": 1, "maxLength": 64},
                "agent": {"type": "boolean", "default": False, "description": "For a coding agent: 24 hours at most."},
                "expires_in": {
                    "type": "string",
                    "pattern": "^[0-9]{1,6}[mhdw]$",
                    "description": "Such as `12h` or `30d`; 90 days, for agents 24 hours, when left out.",
                },
            },
            required=("name",),
        ),
    }
)

PAGES = Pages({"created_at": "created"}, default="-created_at", key="token_key")


class Tokens(ApiViewSet):
    """Tokens for programs."""

    @operation(
        "listTokens",
        "List tokens",
        "The caller's tokens, newest first, those that ended too. With a token this needs the scope `admin`.",
        tag=TAG,
        parameters=[ALL, LIMIT, CURSOR],
        answer=Answer("TokenPage", "A page.", {"results": [_EXAMPLE], "next": None}),
    )
    def list(self, request: Request) -> Response:
        """One page."""
        found = tokens.list_tokens(self.actor, all_users=read_flag(request, "all"))
        page = PAGES.page(found, request)
        return Response(page_body([tokens.token_json(row) for row in page.rows], request, page.next_query))

    @operation(
        "createToken",
        "Make a token",
        "Only its hash is stored: the answer is the one place where it can be read. It can do no more than its user,"
        " and no more than the token that it is made with. For the same reason there is no `Idempotency-Key` here.",
        tag=TAG,
        body="NewToken",
        body_example={"name": "ci", "scopes": ["read", "work"], "team": "platform", "expires_in": "30d"},
        answer=Answer("MadeToken", "The new token.", {**_EXAMPLE, "token": "vcf_3f9a1c7b2d4…"}, status=201),
        is_change=True,
        is_keyed=False,
        errors=[404],
    )
    def create(self, request: Request) -> Response:
        """Make one."""
        given = dict(request.data)
        expires_in = given.pop("expires_in", None)
        lifetime = None if expires_in is None else tokens.parse_lifetime(expires_in)
        row, text = tokens.create_token(self.actor, given.pop("name"), lifetime=lifetime, **given)
        return Response({**tokens.token_json(row), "token": text}, status=201)

    @operation(
        "getToken",
        "Read a token",
        "What it may do, when it ends and when it was used last; never the token itself.",
        tag=TAG,
        parameters=[TOKEN_ID],
        answer=Answer("Token", "The token.", _EXAMPLE),
        errors=[404],
    )
    def retrieve(self, request: Request, token_id: str) -> Response:
        """Read one."""
        return Response(tokens.token_json(tokens.find_token(self.actor, token_id)))

    @operation(
        "revokeToken",
        "Revoke a token",
        "From now on it is refused; it stays in the list.",
        tag=TAG,
        parameters=[TOKEN_ID],
        answer=Answer("Token", "The token.", {**_EXAMPLE, "state": "revoked", "revoked_at": "2026-03-02T08:00:00Z"}),
        is_change=True,
        is_keyed=False,
        errors=[404],
    )
    def destroy(self, request: Request, token_id: str) -> Response:
        """End one."""
        row, _changed = tokens.revoke_token(self.actor, token_id)
        return Response(tokens.token_json(row))
