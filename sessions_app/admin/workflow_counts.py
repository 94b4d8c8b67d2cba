"""How many sessions workflows have, as far as the reader sees them."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.db.models import Count

from sessions_app import machine
from sessions_app.actors import Actor
from sessions_app.models import FlowSession


class Sessions(NamedTuple):
    """How many there are in all, and how many of them have not ended."""

    all: int = 0
    open: int = 0


def sessions_of(actor: Actor, workflow_ids: Collection[str]) -> dict[str, Sessions]:
    """By the workflows' ids, in one query; those without any are left out."""
    seen = FlowSession.objects.visible_to(actor).filter(workflow__in=workflow_ids).order_by()
    counts: dict[str, Sessions] = {}
    for workflow_id, status, count in seen.values_list("workflow_id", "status").annotate(Count("pk")):
        known = counts.get(workflow_id, Sessions())
        counts[workflow_id] = Sessions(known.all + count, known.open + (count if status in machine.OPEN else 0))
    return counts
