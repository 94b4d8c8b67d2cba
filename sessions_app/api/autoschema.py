"""How drf-spectacular reads the view sets.  A module of its own: see :mod:`sessions_app.api.negotiation`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

from sessions_app.api.documents import takes_nothing


class DeclaredSchema(AutoSchema):
    """Everything is declared with ``@operation``; nothing is guessed from a method's name."""

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False

    def _get_request_body(self, direction: Any = "request") -> Any:
        body = super()._get_request_body(direction)  # type: ignore[no-untyped-call]  # it has no types
        if body and not all(takes_nothing(kind["schema"]) for kind in body["content"].values()):
            body["required"] = True
        return body
