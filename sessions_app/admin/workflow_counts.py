"""How many sessions workflows and their versions have, as far as the reader sees them; counted to a thousand."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.db.models import IntegerField, OuterRef, QuerySet, Subquery

from sessions_app import machine
from sessions_app.actors import Actor
from sessions_app.admin.paging import MOST
from sessions_app.models import FlowSession, WorkflowDefinition, WorkflowVersion
from sessions_app.querysets import FlowSessionQuerySet


class _Counted(Subquery):
    """How many rows a subquery has, which may be cut off: at a million sessions nobody waits for the number."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


class Sessions(NamedTuple):
    """How many there are in all, and how many of them have not ended, for people: ``1,000+`` when there are more."""

    all: str = "0"
    open: str = "0"


def sessions_of(actor: Actor, workflow_ids: Collection[str]) -> dict[str, Sessions]:
    """By the workflows' ids, in one query."""
    seen = FlowSession.objects.visible_to(actor).filter(workflow=OuterRef("pk"))
    rows = WorkflowDefinition.objects.filter(pk__in=workflow_ids).annotate(
        all_sessions=_counted(seen), open_sessions=_counted(seen.filter(status__in=machine.OPEN))
    )
    found = rows.order_by().values_list("pk", "all_sessions", "open_sessions")
    return {key: Sessions(_told(total), _told(unended)) for key, total, unended in found}


def sessions_of_versions(actor: Actor, versions: QuerySet[WorkflowVersion]) -> dict[str, str]:
    """By the versions' ids, in one query."""
    seen = FlowSession.objects.visible_to(actor).filter(pinned_version=OuterRef("pk"))
    rows = versions.order_by().annotate(all_sessions=_counted(seen))
    return {key: _told(count) for key, count in rows.values_list("pk", "all_sessions")}


def _counted(sessions: FlowSessionQuerySet) -> _Counted:
    return _Counted(sessions.order_by().values("pk")[: MOST + 1])


def _told(count: int) -> str:
    return f"{MOST:,}+" if count > MOST else f"{count:,}"
