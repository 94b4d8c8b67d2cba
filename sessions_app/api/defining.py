"""How a change of workflows is asked for and answered: it belongs to no session, so no manager does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework.response import Response

from sessions_app.api.conditions import idempotency_key
from sessions_app.api.views import ApiViewSet
from sessions_app.change import Outcome
from sessions_app.idempotency import AlreadyAnswered, Idempotency

Do = Callable[[Idempotency], Any]
Represent = Callable[[Any], Mapping[str, Any]]


class DefiningViewSet(ApiViewSet):
    """A view set that changes workflows."""

    def define(self, do: Do, represent: Represent) -> tuple[dict[str, Any], dict[str, str]]:
        """Do it once; body and headers of the answer, which is built and kept inside the transaction."""
        built: dict[str, Any] = {}

        def answer(result: Any, _outcome: Outcome) -> dict[str, Any]:
            built.update(represent(result))
            return built

        try:
            do(Idempotency(idempotency_key(self.request), self._fingerprint(), answer))
        except AlreadyAnswered as again:
            return again.answer, {"Idempotency-Replayed": "true"}
        return built, {}

    def changed(self, do: Do, represent: Represent) -> Response:
        """The answer with the workflow as ``represent`` makes it."""
        body, headers = self.define(do, represent)
        return Response(body, headers=headers)
