"""How the stages are: those that are under way, and those that failed and weren't begun anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Case, Count, F, Value, When, Window
from django.db.models.functions import Coalesce
from django.utils import timezone

from sessions_app import machine
from sessions_app.actors import Actor
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.models import FlowSession, WorkflowVersion
from stages_app.models import StageInstance
from stages_app.querysets import StageInstanceQuerySet
from stages_app.states import StageStatus
from status_bridge.health import MOST_NAMED, Domain, Reason, score_of

_timeouts: dict[str, dict[str, int]] = {}
"""By version: the seconds of its stages that have a timeout.  Versions never change."""

_UNDER_WAY = (StageStatus.ACTIVE, StageStatus.PAUSED)


class _OwnTimeout(models.Func):
    """The whole number ``timeout`` of a configuration."""

    output_field = models.FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            "CASE json_type(%(expressions)s, '$.timeout') WHEN 'integer' THEN %(expressions)s ->> '$.timeout' END"
        )
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            "CASE jsonb_typeof(%(expressions)s -> 'timeout') WHEN 'number'"
            " THEN (%(expressions)s ->> 'timeout')::double precision END"
        )
        return self.as_sql(compiler, connection, template=template, **context)


class _Seconds(models.Func):
    """From the second moment to the first."""

    arity = 2
    output_field = models.FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(julianday(%(expressions)s)) * 86400"
        return self.as_sql(compiler, connection, template=template, arg_joiner=") - julianday(", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="EXTRACT(EPOCH FROM (%(expressions)s))", arg_joiner=" - ", **context
        )


def stages_domain(actor: Actor) -> Domain:
    """The domain ``stages``: attempts of open sessions that are active or paused, or the last and failed."""
    # By the sessions, which are few beside the attempts of those that have ended.
    open_sessions = FlowSession.objects.visible_to(actor).filter(status__in=machine.OPEN)
    seen = StageInstance.objects.visible_to(actor).filter(session__in=open_sessions.order_by().values("pk"))
    groups = list(_current(seen).order_by().values_list("session__pinned_version", "stage_id", "status", Count("pk")))
    counts: Counter[str] = Counter()
    for _version, _stage, status, count in groups:
        counts[status] += count
    overdue, overdue_ids = _overdue(seen, groups) if counts[StageStatus.ACTIVE] else (0, [])
    failed = counts[StageStatus.FAILED]
    total = sum(counts.values())
    return Domain(
        "stages",
        _("Stages"),
        score_of(total, lost=failed, halved=overdue),
        _(
            "floor(100 × points / attempts): attempts are those of open sessions that are active or paused, or the"
            " last of their stage and failed; a failed one counts 0, an overdue one 0.5, any other 1."
        ),
        {status.lower(): counts[status] for status in (*_UNDER_WAY, StageStatus.FAILED)} | {"overdue": overdue},
        [*_failed_reason(seen, failed), *_overdue_reason(overdue, overdue_ids)],
    )


def _current(seen: StageInstanceQuerySet) -> StageInstanceQuerySet:
    """An attempt under way is the last of its stage; of the failed ones that must be asked."""
    return seen.filter(status__in=[*_UNDER_WAY, StageStatus.FAILED]).last_attempts()


def _failed_reason(seen: StageInstanceQuerySet, count: int) -> Iterable[Reason]:
    if count:
        rows = seen.filter(status=StageStatus.FAILED).last_attempts().order_by("pk")
        text = ngettext("{count} stage failed.", "{count} stages failed.", count).format(count=count)
        yield Reason(text, count, list(rows.values_list("pk", flat=True)[:MOST_NAMED]))


def _overdue_reason(count: int, ids: list[str]) -> Iterable[Reason]:
    if count:
        text = ngettext("{count} stage is overdue.", "{count} stages are overdue.", count).format(count=count)
        yield Reason(text, count, ids)


def _overdue(seen: StageInstanceQuerySet, groups: list[tuple[Any, ...]]) -> tuple[int, list[str]]:
    """How many are active for longer than their own timeout or else their definition's, and some of them."""
    active = {version for version, _stage, status, _count in groups if status == StageStatus.ACTIVE}
    defined = {version: timeouts for version, timeouts in _defined(active).items() if timeouts}
    rows = (
        seen.filter(status=StageStatus.ACTIVE)
        .annotate(limit=Coalesce(_OwnTimeout(F("config")), _by_definition(defined)), age=_age(timezone.now()))
        .filter(age__gt=F("limit"))
        .annotate(total=Window(Count("pk")))
        .order_by("started_at", "pk")
        .values_list("pk", "total")[:MOST_NAMED]
    )
    found = list(rows)
    return (found[0][1] if found else 0), [key for key, _total in found]


def _age(now: datetime) -> _Seconds:
    return _Seconds(Value(now, output_field=models.DateTimeField()), F("started_at"))


def _by_definition(defined: Mapping[str, Mapping[str, int]]) -> Case:
    """The timeout that the session's version has for the stage."""
    cases = [
        When(session__pinned_version=version, stage_id=stage_id, then=Value(float(seconds)))
        for version, timeouts in defined.items()
        for stage_id, seconds in timeouts.items()
    ]
    return Case(*cases, default=None, output_field=models.FloatField())


def _defined(versions: Iterable[str]) -> Mapping[str, dict[str, int]]:
    """By version: the timeouts of its stages; one query for those that this process hasn't met."""
    wanted = list(versions)
    missing = [version for version in wanted if version not in _timeouts]
    if missing:
        for version, content in WorkflowVersion.objects.filter(pk__in=missing).values_list("pk", "content"):
            _timeouts[version] = {
                stage["id"]: stage["timeout"] for stage in content["stages"] if stage.get("timeout") is not None
            }
    return {version: _timeouts[version] for version in wanted}
