"""``/status/``: entries of the status system: list, read, ask for a status, write anew; and the overview."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django_filters
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.conditions import etag
from sessions_app.api.filters import refuse_bad_values
from sessions_app.api.moments import MomentFilter
from sessions_app.api.operations import CURSOR, LIMIT, Answer, operation, ordering, path_id, query
from sessions_app.api.pagination import Pages
from sessions_app.api.seen import session_seen
from sessions_app.api.views import ApiViewSet, page_body
from sessions_app.models import FlowSession
from status_bridge.api import entry_schemas, overview_example
from status_bridge.models import EntryStatus, StatusEntry
from status_bridge.overview import overview
from status_bridge.querysets import StatusEntryQuerySet
from status_bridge.representation import entry_detail, entry_json, steered_json
from status_bridge.steering import StatusManager, Synced, find_entry

TAG = "status"
STATUS_ID = path_id("status_id", "The entry's whole id: `flow-` and the session's.", "flow-dev-user-auth-7k3q")

PAGES = Pages({"updated_at": "updated_at", "id": "id"}, default="-updated_at")

_TIME = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}

PARAMETERS = (
    query(
        "status",
        {"type": "array", "items": {"type": "string", "enum": EntryStatus.values}, "minItems": 1},
        "With one of these statuses; repeatable.",
    ),
    query("workflow", _TEXT, "Of sessions of this workflow."),
    query("team", _TEXT, "Of this team's sessions."),
    query("updated_after", _TIME, "Changed last then or later."),
    query("updated_before", _TIME, "Changed last before."),
    query("search", _TEXT, "With this text in id or name."),
)


class EntryFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Which entries a list shows."""

    status = django_filters.MultipleChoiceFilter(choices=EntryStatus.choices, distinct=False)
    workflow = django_filters.CharFilter(field_name="workflow_id", max_length=64)
    team = django_filters.CharFilter(field_name="session__team__name", max_length=150)
    updated_after = MomentFilter(field_name="updated_at", lookup_expr="gte")
    updated_before = MomentFilter(field_name="updated_at", lookup_expr="lt")
    search = django_filters.CharFilter(method="with_text", max_length=200)

    class Meta:
        model = StatusEntry
        fields: list[str] = []

    def with_text(self, rows: StatusEntryQuerySet, _name: str, text: str) -> StatusEntryQuerySet:
        """Those with the text in id or name."""
        return rows.search(text)


class Entries(ApiViewSet):
    """Sessions as the status system sees them."""

    @operation(
        "listStatusEntries",
        "List status entries",
        "The entries of the sessions that the caller may see, last changed first, by pages.",
        tag=TAG,
        parameters=[*PARAMETERS, ordering(PAGES.choices, PAGES.default), LIMIT, CURSOR],
        answer=Answer("StatusEntryPage", "A page.", entry_schemas.PAGE_EXAMPLE),
    )
    def list(self, request: Request) -> Response:
        """One page."""
        seen = StatusEntry.objects.visible_to(self.actor)
        found = EntryFilter(request.query_params, queryset=seen)
        refuse_bad_values(found)
        page = PAGES.page(found.qs, request, self._head, seen=seen)
        return Response(page_body([entry_json(row) for row in page.rows], request, page.next_query))

    def _head(self, rows: StatusEntryQuerySet, count: int) -> StatusEntryQuerySet:
        return rows.head(self.actor, count)

    @operation(
        "getStatusEntry",
        "Read a status entry",
        "The entry, the statuses that the caller may ask for, and what of the session is still on its way outside. Its"
        " `ETag` is the session's version.",
        tag=TAG,
        parameters=[STATUS_ID],
        answer=Answer("StatusEntry", "The entry.", entry_schemas.DETAIL_EXAMPLE),
        errors=[404],
    )
    def retrieve(self, request: Request, status_id: str) -> Response:
        """Read one."""
        entry = find_entry(self.actor, status_id)
        return Response(entry_detail(self.actor, entry.session, entry), headers={"ETag": etag(entry.version)})

    @operation(
        "requestStatus",
        "Ask for a status",
        "Does the verb that leads to the status, through its guards; needs what the verb needs. What no verb leads to"
        " is refused, and nothing changes. FAILED, and IN_PROGRESS after COMPLETED, need a `reason`; `force` passes"
        " over stages that are open when COMPLETED is asked for.",
        tag=TAG,
        parameters=[STATUS_ID],
        body="StatusRequest",
        body_example={"status": "ON_HOLD", "reason": "Waiting for the design"},
        answer=Answer("StatusChange", "Entry and session as they are now.", entry_schemas.CHANGE_EXAMPLE),
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def partial_update(self, request: Request, status_id: str) -> Response:
        """Make the session do it."""
        given = dict(request.data)
        status = given.pop("status")
        return self.change(
            StatusManager, lambda manager: manager.request_status(status_id, status, **given), self._steered
        )

    @operation(
        "syncStatusEntry",
        "Write a status entry anew",
        "The entry says again what its session is; `changes` has what differed. There is nothing to do unless somebody"
        " changed the entry by hand.",
        tag=TAG,
        parameters=[STATUS_ID],
        answer=Answer("StatusSync", "What it changed.", entry_schemas.SYNC_EXAMPLE),
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def sync(self, request: Request, status_id: str) -> Response:
        """Write it anew."""
        return self.change(StatusManager, lambda manager: manager.sync_entry(status_id), self._synced)

    @operation(
        "getStatusOverview",
        "Read the overview",
        "How the sessions that the caller may see are doing: a score from 0 to 100 per domain with its reasons, and"
        " counts per workflow and per type of workflow.",
        tag=TAG,
        answer=Answer("StatusOverview", "The overview.", overview_example.OVERVIEW),
    )
    def overview(self, request: Request) -> Response:
        """The whole."""
        return Response(overview(self.actor).as_dict())

    def _steered(self, flow_session: FlowSession) -> Mapping[str, Any]:
        return steered_json(self.actor, flow_session, session_seen(self.actor, flow_session))

    def _synced(self, synced: Synced) -> Mapping[str, Any]:
        return {**self._steered(synced.flow_session), "changes": synced.changes, "changed": bool(synced.changes)}
