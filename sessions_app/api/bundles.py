"""``/sessions/{id}/bundle/``: a session with its whole history, as a file."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpResponseBase, StreamingHttpResponse
from rest_framework.request import Request

from sessions_app import access, lookup
from sessions_app.api.operations import Answer, operation
from sessions_app.api.selection import read_flag
from sessions_app.api.sessions import REVEAL, SESSION_ID, TAG
from sessions_app.api.views import ApiViewSet
from sessions_app.bundles.writing import Writer

MEDIA_TYPE = "application/jsonl"
_EXAMPLE = '{"format":1,"kind":"vcflow-bundle","secrets":"masked","vcflow":"0.1.0"}\n…\n'


class Bundles(ApiViewSet):
    """Sessions as bundles."""

    @operation(
        "getSessionBundle",
        "Export a session",
        "The session with its events, savepoints and the versions of its workflow, as JSON Lines that `vc flow import`"
        " takes; a token needs the scope `export`. It is whole if its last line has the kind `end`.",
        tag=TAG,
        parameters=[SESSION_ID, REVEAL],
        answer=Answer({"type": "string"}, "The bundle.", _EXAMPLE, media_type=MEDIA_TYPE),
        errors=[404],
    )
    def retrieve(self, request: Request, session_id: str) -> HttpResponseBase:
        """One session, line by line."""
        with_secrets = read_flag(request, "reveal")
        flow_session = lookup.get_session(self.actor, session_id)
        for right in ("export", "reveal") if with_secrets else ("export",):
            access.require(self.actor, right, flow_session)
        lines = Writer(self.actor, with_secrets=with_secrets).lines([flow_session.pk])
        return StreamingHttpResponse(
            _begun(lines),
            content_type=f"{MEDIA_TYPE}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{flow_session.pk}.jsonl"'},
        )


def _begun(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The lines; the first ones are made at once, so that what can't be answered is refused and not cut."""
    first = [next(lines, b"") for _number in range(4)]

    def rest() -> Iterator[bytes]:
        yield b"".join(first)
        yield from lines

    return rest()
