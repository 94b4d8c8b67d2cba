"""Pictures of workflows and sessions as answers."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from sessions_app import drawing
from sessions_app.api.operations import Answer, query
from sessions_app.api.selection import read_choice
from sessions_app.definitions.schema import Definition

_DRAW = {"mermaid": drawing.mermaid, "text": drawing.text, "svg": drawing.svg}
_TEXT, _SVG = "text/plain", "image/svg+xml"
_STYLE_HASH = b64encode(hashlib.sha256(drawing.STYLE.encode()).digest()).decode()
_SVG_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"
_PICTURE = {"type": "string"}

AS = query("as", {"type": "string", "enum": list(_DRAW), "default": "mermaid"}, "In which form.")
ANSWER = Answer(_PICTURE, "The picture, as Mermaid source, text or SVG.", "flowchart TD\n...", media_type=_TEXT)
OTHER_ANSWERS = [Answer(_PICTURE, ANSWER.about, "<svg>...</svg>", media_type=_SVG)]


def picture(request: Request, definition: Definition, states: Mapping[str, Any]) -> HttpResponse:
    """The definition drawn as the request asks for, with the states of its stages."""
    form = read_choice(request, "as", _DRAW, "mermaid")
    media_type = _SVG if form == "svg" else _TEXT
    answer = HttpResponse(_DRAW[form](definition, states), content_type=f"{media_type}; charset=utf-8")
    if form == "svg":  # opened by itself it may use its own style sheet, and nothing else
        answer["Content-Security-Policy"] = _SVG_POLICY
    return answer
