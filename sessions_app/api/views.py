"""What every view set of the API shares: the actor, and the one way in which a change is asked for and answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar

from django.utils.cache import patch_vary_headers
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from sessions_app.access import require_scope
from sessions_app.actors import Actor
from sessions_app.api.authentication import actor_of
from sessions_app.api.conditions import etag, expected_versions, idempotency_key, lease_token
from sessions_app.api.throttling import refuse_strangers_flood
from sessions_app.change import Outcome
from sessions_app.idempotency import AlreadyAnswered, Idempotency, fingerprint
from sessions_app.permissions import READ
from sessions_app.services import Manager

AnyManager = TypeVar("AnyManager", bound=Manager)
Represent = Callable[[Any], Mapping[str, Any]]

SAFE_METHODS = ("GET", "HEAD")


class ApiViewSet(ViewSet):
    """A view set whose requests have an actor; a token needs the scope ``read`` for every reading one."""

    @cached_property
    def actor(self) -> Actor:
        """Who asks."""
        return actor_of(self.request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        try:
            super().initial(request, *args, **kwargs)
        except (AuthenticationFailed, NotAuthenticated):  # REST framework would count only those it lets in
            refuse_strangers_flood(request)
            raise
        if request.method in SAFE_METHODS:
            require_scope(self.actor, READ)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """No cache keeps what is one caller's to see."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers["Cache-Control"] = "private, no-store"
        patch_vary_headers(answer, ["Authorization", "Cookie"])
        return answer

    def change(
        self,
        manager_class: type[AnyManager],
        verb: Callable[[AnyManager], Any],
        represent: Represent,
        *,
        status: int = 200,
    ) -> Response:
        """Do ``verb`` and answer with its result, the session's new version and what else was said.

        The answer is built before the commit, and stored with it under the idempotency key.
        """
        built: dict[str, Any] = {}

        def answer(result: Any, outcome: Outcome) -> dict[str, Any]:
            said = {"version": outcome.version, "warnings": outcome.warnings}
            built.update({"changed": outcome.changed, **represent(result), **said})
            return built

        key = idempotency_key(self.request)
        idempotency = Idempotency(key, self._fingerprint(), answer)
        manager = manager_class(
            self.actor,
            idempotency=idempotency,
            expected_versions=expected_versions(self.request),
            lease=lease_token(self.request),
        )
        try:
            result = verb(manager)
        except AlreadyAnswered as again:
            return _respond(again.answer, status, {"Idempotency-Replayed": "true"})
        return _respond(built or answer(result, manager.outcome), status, {})

    def _fingerprint(self) -> str:
        return fingerprint([self.request.method, self.request.get_full_path(), self.request.data])


def _respond(body: Mapping[str, Any], status: int, headers: dict[str, str]) -> Response:
    return Response(body, status=status, headers={**headers, "ETag": etag(body["version"])})


def page_body(rows: list[Any], request: Request, next_query: str | None) -> dict[str, Any]:
    """``{"results": […], "next": address or null}``"""
    address = request.build_absolute_uri(f"{request.path}?{next_query}") if next_query else None
    return {"results": rows, "next": address}
