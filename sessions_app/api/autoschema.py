"""How drf-spectacular reads the view sets.  A module of its own: see :mod:`sessions_app.api.negotiation`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema


class DeclaredSchema(AutoSchema):
    """Everything is declared with ``@operation``; nothing is guessed from a method's name."""

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False
