"""``/sessions/bulk/``: one verb for many sessions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from django.utils.datastructures import MultiValueDict
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import bulk
from sessions_app.access import require_scope
from sessions_app.api import event_examples
from sessions_app.api.conditions import idempotency_key
from sessions_app.api.filters import filtered
from sessions_app.api.operations import Answer, operation
from sessions_app.api.problems import for_strangers
from sessions_app.api.selection import refuse_blank
from sessions_app.api.views import ApiViewSet
from sessions_app.exceptions import FlowError
from sessions_app.masking import mask_text
from sessions_app.models import FlowSession
from sessions_app.permissions import READ
from sessions_app.querysets import FlowSessionQuerySet
from sessions_app.text import is_reference


class BulkVerbs(ApiViewSet):
    """Many sessions at once."""

    @operation(
        "bulkSessions",
        "Do a verb to many sessions",
        "`ids`, a `filter` or both say which: at most 1000. With `dry_run` the answer says how many, which, and what"
        " would become of each; nothing is changed. Without it each session is changed by itself, in the order of"
        " their ids: what is refused for one leaves the others alone. `Idempotency-Key` keeps which sessions were"
        " chosen, and for each that it was done: the same request again under the same key goes on where the first"
        " was interrupted, repeats nothing, and tries again what was refused or failed. After 15 seconds no further"
        " session is begun: the rest answers `out-of-time`.",
        tag="sessions",
        body="BulkRequest",
        body_example={"verb": "pause", "filter": {"status": ["ACTIVE"], "team": "platform"}, "dry_run": True},
        answer=Answer("BulkAnswer", "How many, which, and what became of each.", event_examples.BULK_PREVIEW),
        is_change=True,
    )
    def create(self, request: Request) -> Response:
        """Try it or do it."""
        given, key = dict(request.data), idempotency_key(request)
        order = bulk.order(self.actor, given["verb"], reason=given.get("reason", ""), force=given.get("force", False))
        fitting = self._fitting(given.get("filter", {}))  # refused before a key gives an answer again
        chosen = partial(bulk.choose, self.actor, given.get("ids"), fitting)
        if given["dry_run"]:
            return Response(self._preview(order, chosen()))
        ids = bulk.choose_once(self.actor, key, self._fingerprint(), chosen)
        results = bulk.bulk_perform(self.actor, order, ids, key=key)
        rows = [
            {"id": done.session_id, "outcome": done.outcome, "version": done.version, **_why_not(done.error)}
            for done in results
        ]
        return Response(_report(order, rows, (done.outcome for done in results), dry_run=False))

    def _fitting(self, given: Mapping[str, Any]) -> FlowSessionQuerySet | None:
        """What the filter selects; None without one, for an empty one would select everything."""
        values = _filter_values(given)
        if not values:
            return None
        require_scope(self.actor, READ)
        found: FlowSessionQuerySet = filtered(FlowSession.objects.visible_to(self.actor), values)
        return found

    def _preview(self, order: bulk.Order, ids: list[str]) -> dict[str, Any]:
        require_scope(self.actor, READ)
        known = {key: (mask_text(name), status) for key, name, status in self._names(ids)}
        rows: list[dict[str, Any]] = []
        for tried in bulk.bulk_try(self.actor, order, ids):
            name, status = known.get(tried.session_id, (None, None))
            would = order.verb if tried.outcome == bulk.DONE else tried.outcome
            row = {"id": tried.session_id, "name": name, "status": status, "would": would}
            rows.append({**row, **_why_not(tried.error)})
        return _report(order, rows, (row["would"] for row in rows), dry_run=True)

    def _names(self, ids: list[str]) -> Iterable[tuple[str, str, str]]:
        seen = FlowSession.objects.visible_to(self.actor).filter(pk__in=[key for key in ids if is_reference(key)])
        return seen.order_by().values_list("pk", "name", "status")


def _filter_values(given: Mapping[str, Any]) -> MultiValueDict[str, str]:
    """A filter's values as the list's query parameters would carry them; an empty one is refused as there."""
    values = {name: value if isinstance(value, list) else [str(value)] for name, value in given.items()}
    for name, each in values.items():
        refuse_blank(name, each)
    return MultiValueDict(values)


def _report(order: bulk.Order, rows: list[dict[str, Any]], outcomes: Iterable[str], *, dry_run: bool) -> dict[str, Any]:
    counts = dict(Counter(outcomes))
    return {"dry_run": dry_run, "verb": order.verb, "matched": len(rows), "counts": counts, "results": rows}


def _why_not(error: FlowError | None) -> dict[str, str | None]:
    if error is None:
        return {"code": None, "detail": None, "fix": None}
    told = for_strangers(error)
    return {"code": told.code, "detail": told.message, "fix": told.fix}
