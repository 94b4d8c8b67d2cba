"""What a session's page follows: the session's version, told as it moves, or when it is asked for.

Only numbers are told; the page then asks for itself anew, with the rights that its reader has then.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from asgiref.sync import sync_to_async
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, close_old_connections, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from sessions_app.actors import Actor
from sessions_app.admin.pages import Pages
from sessions_app.admin.parts import DOOR, actor_of
from sessions_app.models import FlowSession
from sessions_app.text import is_reference

POLL = 1.0
"""Seconds between two looks at the database."""
ALIVE = 15.0
"""Seconds of silence after which a connection is shown to be alive."""
RECHECK = 60.0
"""Seconds after which it is asked anew whether the reader may still look."""
LONGEST = 600.0
"""Seconds that a connection lasts; the browser opens the next."""
MOST_OPEN = 10
"""Connections that a person may hold open at a process; further pages ask instead."""

_open: Counter[int] = Counter()
"""How many connections are open, by the primary key of who looks; the event loop alone writes it."""

_LOOKS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="vcflow-live")
"""The threads in which all connections look, so that each needs no connection to the database of its own."""


class LiveSessions(Pages):
    """Stands before ``ModelAdmin``: the addresses by which a session's page learns that the session moved."""

    def live_urls(self) -> list[URLPattern]:
        """The addresses."""
        around = self.admin_site.admin_view
        return [
            path("<path:object_id>/live/", around(require_safe(self.live)), name="live-session"),
            path("<path:object_id>/version/", around(require_safe(self.version)), name="version-of-session"),
        ]

    def version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The version, for pages that ask every few seconds."""
        self.admit(request)
        found = read_version(actor_of(request), unquote(object_id))
        return HttpResponse(status=404) if found is None else JsonResponse({"version": found})

    def live(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The versions as server-sent events; nothing where each would hold a worker (WSGI), or too many are open."""
        self.admit(request)
        actor, key = actor_of(request), unquote(object_id)
        if read_version(actor, key) is None:
            return HttpResponse(status=404)
        if not isinstance(request, ASGIRequest) or _open[actor.user.pk] >= MOST_OPEN:
            return HttpResponse(status=204)
        watch = Watch(actor, key, lambda: self._admitted_still(request))
        # Compression and proxies would keep single lines back.
        headers = {"Content-Encoding": "identity", "X-Accel-Buffering": "no"}
        return StreamingHttpResponse(watch.told(), content_type="text/event-stream", headers=headers)

    def _admitted_still(self, request: HttpRequest) -> Actor | None:
        """Who looks, as the database knows them now; None once they are signed out or may not look any more."""
        asking = HttpRequest()
        asking.session = type(request.session)(request.session.session_key)
        asking.user = user = get_user(asking)
        is_admitted = self.admin_site.has_permission(asking) and self.has_view_permission(asking)
        return Actor(user, DOOR) if is_admitted and user.is_authenticated else None


def read_version(actor: Actor, session_id: str) -> int | None:
    """The number of the session's last event; None when there is no such session for the actor."""
    if not is_reference(session_id):
        return None
    return FlowSession.objects.visible_to(actor).filter(pk=session_id).values_list("version", flat=True).first()


class Watch:
    """One open connection."""

    def __init__(self, actor: Actor, session_id: str, admitted: Callable[[], Actor | None]) -> None:
        self._actor = actor
        self._session_id = session_id
        self._admitted = admitted
        self._look = sync_to_async(self._looked, thread_sensitive=False, executor=_LOOKS)

    async def told(self) -> AsyncIterator[str]:
        """Lines of server-sent events, counted as open while they come; none where too many are."""
        reader = self._actor.user.pk
        if _open[reader] >= MOST_OPEN:
            return  # several began at the same moment; the next request is answered without a connection
        _open[reader] += 1
        try:
            async for line in self._lines():
                yield line
        finally:
            _open[reader] -= 1
            if not _open[reader]:
                del _open[reader]

    async def _lines(self) -> AsyncIterator[str]:
        """The version at once and whenever it moves, until there is nothing to see."""
        # The thread that answered the request waits until the end, and needs no connection to the database.
        await sync_to_async(connections.close_all)()
        last: int | None = None
        begun = checked = spoken = monotonic()
        while (now := monotonic()) - begun < LONGEST:
            is_due = now - checked >= RECHECK
            checked = now if is_due else checked
            version = await self._look(is_due)
            if version is None:
                return
            if version != last:
                last, spoken = version, now
                yield f"event: changed\ndata: {json.dumps({'version': version})}\n\n"
            elif now - spoken >= ALIVE:
                spoken = now
                yield ": still here\n\n"
            await asyncio.sleep(POLL)

    def _looked(self, is_due: bool) -> int | None:
        """The version; None ends the connection."""
        try:
            actor = self._admitted() if is_due else self._actor
            if actor is None:
                return None
            self._actor = actor
            return read_version(actor, self._session_id)
        except DatabaseError:
            return None  # the browser asks anew, and the answer to that says what is wrong
        finally:
            close_old_connections()
