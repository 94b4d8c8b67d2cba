"""``/savepoints/`` and a session's ``/savepoints/``: kept states, looked at, compared, put back, gone on from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.access import require_scope
from sessions_app.api import savepoint_schemas as told
from sessions_app.api.filters import refuse_bad_values
from sessions_app.api.operations import CURSOR, LIMIT, Answer, operation, path_id, query
from sessions_app.api.pagination import Pages
from sessions_app.api.seen import session_seen
from sessions_app.api.selection import read_flag
from sessions_app.api.sessions import REVEAL, SESSION_ID
from sessions_app.api.views import ApiViewSet, page_body
from sessions_app.models import FlowSession, Savepoint
from sessions_app.models.savepoints import SavepointKind
from sessions_app.permissions import READ
from sessions_app.representation import savepoint_detail_json, savepoint_json
from sessions_app.revealing import reveal
from sessions_app.savepoints import SavepointManager, state_of

TAG = "savepoints"
SAVEPOINT_ID = path_id("savepoint_id", "The savepoint's whole id.", "dev-user-auth-7k3q@7")
KIND = query("kind", {"type": "string", "enum": SavepointKind.values}, "Taken so.")
OF_ALL, OF_ONE = Pages({"created_at": "created_at"}, default="-created_at"), Pages({"seq": "seq"}, default="-seq")


class SavepointFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Which savepoints a list shows."""

    session = django_filters.CharFilter(field_name="session_id", max_length=200)
    kind = django_filters.ChoiceFilter(choices=SavepointKind.choices)

    class Meta:
        model = Savepoint
        fields: list[str] = []


class Savepoints(ApiViewSet):
    """States of sessions that were kept."""

    @operation(
        "listSavepoints",
        "List savepoints",
        "The savepoints of all sessions that the caller may see, newest first, by pages; without their states.",
        tag=TAG,
        parameters=[
            query("session", {"type": "string", "minLength": 1, "maxLength": 200}, "Of the session with this id."),
            KIND,
            LIMIT,
            CURSOR,
        ],
        answer=Answer("SavepointPage", "A page.", told.PAGE),
    )
    def list(self, request: Request) -> Response:
        """One page."""
        return self._page(request, Savepoint.objects.visible_to(self.actor).defer("data"), OF_ALL)

    @operation(
        "listSessionSavepoints",
        "List a session's savepoints",
        "Newest first, by pages; without their states.",
        tag=TAG,
        parameters=[SESSION_ID, KIND, LIMIT, CURSOR],
        answer=Answer("SavepointPage", "A page.", told.PAGE),
        errors=[404],
    )
    def list_of_session(self, request: Request, session_id: str) -> Response:
        """One page."""
        return self._page(request, SavepointManager(self.actor).list_savepoints(session_id), OF_ONE)

    def _page(self, request: Request, rows: QuerySet[Savepoint], pages: Pages) -> Response:
        found = SavepointFilter(request.query_params, queryset=rows)
        refuse_bad_values(found)
        page = pages.page(found.qs, request)
        return Response(page_body([savepoint_json(row) for row in page.rows], request, page.next_query))

    @operation(
        "createSavepoint",
        "Take a savepoint",
        "Keeps all that the session is now. vcflow takes others by itself: when a stage ends, and before what is"
        " forced, skipped, aborted or restored.",
        tag=TAG,
        parameters=[SESSION_ID],
        body="NewSavepoint",
        body_example={"note": "before the big change"},
        answer=Answer("SavepointChange", "The new savepoint.", told.CHANGE, status=201),
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def create(self, request: Request, session_id: str) -> Response:
        """Take one."""
        given = dict(request.data)
        return self.change(
            SavepointManager,
            lambda manager: manager.create_savepoint(session_id, given.get("note", "")),
            savepoint_json,
            status=201,
        )

    @operation(
        "getSavepoint",
        "Read a savepoint",
        "With the state that it holds: the session's own data, and its attempts with their items.",
        tag=TAG,
        parameters=[SAVEPOINT_ID, REVEAL],
        answer=Answer("SavepointDetail", "The savepoint.", told.DETAIL),
        errors=[404, 409],
    )
    def retrieve(self, request: Request, savepoint_id: str) -> Response:
        """Read one."""
        savepoint = SavepointManager(self.actor).get_savepoint(savepoint_id)
        is_revealed = read_flag(request, "reveal")
        if is_revealed:
            reveal(self.actor, savepoint.session)
        return Response(savepoint_detail_json(savepoint, state_of(savepoint), reveal=is_revealed))

    @operation(
        "diffSavepoint",
        "Compare a savepoint",
        "What changed since the savepoint until the session as it is now, or until another savepoint; owner and team"
        " are left out. To see what restoring would change, try it with `dry_run`.",
        tag=TAG,
        parameters=[
            SAVEPOINT_ID,
            query("to", {"type": "string", "minLength": 1, "maxLength": 140}, "Another savepoint's id."),
            REVEAL,
        ],
        answer=Answer("StateDifferences", "What differs.", told.DIFFERENCES),
        errors=[404, 409],
    )
    def diff(self, request: Request, savepoint_id: str) -> Response:
        """What changed since."""
        manager = SavepointManager(self.actor)
        other = request.query_params.get("to")
        is_revealed = read_flag(request, "reveal")
        for each in (savepoint_id, other) if is_revealed else ():
            if each is not None:
                reveal(self.actor, manager.get_savepoint(each).session)
        found = manager.compare(savepoint_id, other, reveal=is_revealed)
        return Response({"from": savepoint_id, "to": other, "differences": [changed.as_dict() for changed in found]})

    @operation(
        "restoreSavepoint",
        "Restore a session to a savepoint",
        "Puts the session back to what it was, from any state, as one event; what it is now is kept as a savepoint"
        " before. Owner and team stay; leases end. With `dry_run` the answer is the session as it would be, with"
        " `differences`, and nothing is stored.",
        tag=TAG,
        parameters=[SAVEPOINT_ID],
        body="Restoring",
        body_example={"reason": "The wrong branch", "dry_run": False},
        answer=Answer("SavepointSession", "The session.", told.SESSION_AFTER),
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def restore(self, request: Request, savepoint_id: str) -> Response:
        """Put it back, or say what that would change."""
        return self._go(request, lambda manager, given: manager.restore_savepoint(savepoint_id, **given))

    @operation(
        "forkSavepoint",
        "Fork a session from a savepoint",
        "Makes a new session, the caller's own, that goes on from where the other one was. With `dry_run` the answer"
        " is the session as it would be; its id would be another one.",
        tag=TAG,
        parameters=[SAVEPOINT_ID],
        body="Forking",
        body_example={"name": "The other way"},
        answer=Answer(
            "SavepointSession",
            "The new session.",
            {**told.SESSION_AFTER, "forked_from": "dev-user-auth-7k3q@7"},
            status=201,
        ),
        is_change=True,
        errors=[404],
    )
    def fork(self, request: Request, savepoint_id: str) -> Response:
        """Go on from there in a new session, or say how that would be."""
        given = dict(request.data)
        name = given.pop("name", None)
        return self._go(request, lambda manager, _given: manager.fork_savepoint(savepoint_id, name, **given), 201)

    def _go(
        self, request: Request, verb: Callable[[SavepointManager, Mapping[str, Any]], FlowSession], status: int = 200
    ) -> Response:
        given = dict(request.data)
        is_trial = bool(given.get("dry_run"))
        if is_trial:
            require_scope(self.actor, READ)
        managers: list[SavepointManager] = []

        def perform(manager: SavepointManager) -> FlowSession:
            managers.append(manager)
            return verb(manager, given)

        def represent(flow_session: FlowSession) -> dict[str, Any]:
            differences = [changed.as_dict() for changed in managers[0].differences]
            return {**session_seen(self.actor, flow_session), "dry_run": is_trial, "differences": differences}

        return self.change(SavepointManager, perform, represent, status=200 if is_trial else status)
