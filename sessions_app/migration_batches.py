"""Many migrations in steps of bounded size, and what is told of them: the same through every door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sessions_app import access, bulk
from sessions_app.actors import Actor
from sessions_app.migrating import OUTCOMES, STEP, Plan, Result, other_workflow
from sessions_app.models import FlowSession
from sessions_app.moving import STAGE_GONE
from sessions_app.querysets import FlowSessionQuerySet
from sessions_app.text import is_reference


def named_sessions(actor: Actor, plan: Plan, session_ids: Iterable[str]) -> list[str]:
    """The ids, sorted; raises NotFound, NotAllowed or InvalidInput where one can't be meant, before any is touched."""
    wanted = sorted(set(session_ids))
    found = {row.pk: row for row in rows(actor, [each for each in wanted if is_reference(each)])}
    for session_id in wanted:
        if session_id not in found:
            raise access.session_not_found(session_id)
        access.require(actor, "migrate", found[session_id])
        if found[session_id].workflow_id != plan.workflow.pk:
            raise other_workflow(session_id, plan)
    return wanted


def step(actor: Actor, plan: Plan, after: str = "", most: int = STEP) -> list[str]:
    """The ids of the next sessions to look at, behind the one with the id ``after``."""
    return list(behind(actor, plan, after).values_list("pk", flat=True)[:most])


def behind(actor: Actor, plan: Plan, after: str) -> FlowSessionQuerySet:
    """The sessions that are still to be looked at."""
    found = plan.sessions(actor)
    return found.filter(pk__gt=after) if after else found


def rows(actor: Actor, session_ids: Sequence[str]) -> list[FlowSession]:
    """The sessions with these ids, as :func:`sessions_app.migrating.sort_sessions` needs them."""
    seen = FlowSession.objects.visible_to(actor).filter(pk__in=session_ids)
    return list(seen.select_related("owner", "team").order_by("pk"))


def batches(actor: Actor, plan: Plan, named: Sequence[str] | None) -> Iterator[list[FlowSession]]:
    """All that are meant, a step at a time; those named, or the open ones on other versions."""
    if named is not None:
        for start in range(0, len(named), STEP):
            yield rows(actor, named[start : start + STEP])
        return
    ids = step(actor, plan, "", STEP)
    while ids:
        yield rows(actor, ids)
        ids = step(actor, plan, ids[-1], STEP)


def in_time(results: Iterable[Result]) -> Iterator[Result]:
    """As many as fit into the time of one request."""
    deadline = bulk.clock() + bulk.SECONDS
    for result in results:
        yield result
        if bulk.clock() > deadline:
            return


class Tally:
    """Counts results and keeps the first ``most`` of each outcome; None keeps all."""

    def __init__(self, plan: Plan, *, dry_run: bool, most: int | None = None) -> None:
        self.plan, self.dry_run = plan, dry_run
        self.counts: Counter[str] = Counter()
        self.results: dict[str, list[Result]] = {outcome: [] for outcome in OUTCOMES}
        self.proposals: dict[str, str] = {}
        self._most = most

    def add(self, result: Result) -> None:
        """Count one."""
        self.counts[result.outcome] += 1
        kept = self.results[result.outcome]
        if self._most is None or len(kept) < self._most:
            kept.append(result)
        for reason in result.reasons:
            if reason.code == STAGE_GONE:
                self.proposals.setdefault(reason.stage_id, reason.proposal)

    def as_dict(self, *, cursor: str | None = None, remaining: int = 0) -> dict[str, Any]:
        """As JSON data; ``remaining`` sessions stand behind ``cursor`` and were not looked at."""
        named = sorted(result for results in self.results.values() for result in results)
        return {
            "workflow_id": self.plan.workflow.pk,
            "to": self.plan.target.number,
            "dry_run": self.dry_run,
            "counts": dict(self.counts),
            "proposals": self.proposals,
            "results": [result.as_dict() for result in named],
            "cursor": cursor,
            "remaining": remaining,
        }
