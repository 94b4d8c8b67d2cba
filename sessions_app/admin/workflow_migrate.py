"""Open sessions beside a version of their workflow: what would become of them, and bringing the safe ones there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy

from sessions_app.actors import Actor
from sessions_app.admin.pages import Pages
from sessions_app.admin.parts import actor_of, may_look
from sessions_app.api.problems import for_strangers
from sessions_app.commands import command_line
from sessions_app.exceptions import FlowError, InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.migrating import (
    BLOCKED,
    FAILED,
    MIGRATED,
    NEEDS_MAPPING,
    SAFE,
    STEP,
    UNCHANGED,
    Plan,
    Result,
    make_plan,
    migrate_all,
    sort_sessions,
)
from sessions_app.migration_batches import Tally, behind, in_time, rows, step
from sessions_app.models import FlowSession
from sessions_app.text import is_reference

_LIST = "admin:sessions_app_workflowdefinition_changelist"

_WORDS = {
    MIGRATED: (noop("migrated"), "completed", "✓"),
    SAFE: (noop("safe"), "active", "▶"),
    UNCHANGED: (noop("there already"), "pending", "="),
    NEEDS_MAPPING: (noop("need a mapping"), "paused", "‖"),
    BLOCKED: (noop("blocked"), "paused", "‖"),
    FAILED: (noop("failed"), "failed", "✕"),
}
"""Each outcome in words, by which colour and by which sign."""


class WorkflowMigration(Pages):
    """Stands before ``ModelAdmin``."""

    def migrate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """``?to=3&after=…``: a step of sessions, looked at; a form migrates those of them that are safe."""
        self.admit(request)
        if not may_look(request.user, FlowSession):
            raise PermissionDenied
        actor = actor_of(request)
        try:
            plan = make_plan(unquote(object_id), _number(request))
            ids = step(actor, plan, _after(request), STEP)
            tally = Tally(plan, dry_run=request.method != "POST")
            for result in _results(request, actor, plan, ids):
                tally.add(result)
        except FlowError as error:
            self.refused(request, for_strangers(error))
            return redirect(_LIST)
        return self.page(
            request,
            "sessions_app/workflow_migrate.html",
            gettext_lazy("Migrate open sessions"),
            workflow=plan.workflow,
            number=plan.target.number,
            is_preview=tally.dry_run,
            address=_address(plan, _after(request)),
            **_shown(actor, plan, tally, ids),
        )


def _results(request: HttpRequest, actor: Actor, plan: Plan, ids: list[str]) -> Iterable[Result]:
    found = rows(actor, ids)
    if request.method != "POST":
        return sort_sessions(actor, plan, found)
    return in_time(migrate_all(actor, plan, found, reason=request.POST.get("reason", ""), tell=for_strangers))


def _shown(actor: Actor, plan: Plan, tally: Tally, ids: list[str]) -> dict[str, Any]:
    seen = tally.counts.total()
    last = ids[seen - 1] if seen else ""
    left = behind(actor, plan, last).count() if last else 0
    results = [result for outcome in _WORDS for result in tally.results[outcome]]
    return {
        "counts": [{"count": tally.counts[each], **_word(each)} for each in _WORDS if tally.counts[each]],
        "seen": seen,
        "ready": tally.counts[SAFE],
        "left": left,
        "further": _address(plan, last) if left else "",
        "results": [{"result": each, **_word(each.outcome)} for each in results],
        "mapping_command": _mapping_command(plan, tally),
    }


def _word(outcome: str) -> dict[str, str]:
    word, look, sign = _WORDS[outcome]
    return {"word": _(word), "look": look, "sign": sign}


def _mapping_command(plan: Plan, tally: Tally) -> str:
    """What to type for those that need a mapping; empty when none does."""
    words = [word for old, new in sorted(tally.proposals.items()) for word in ("--map", f"{old}={new}")]
    again = ("migrate", plan.workflow.pk, "--to", str(plan.target.number), *words, "--dry-run")
    return command_line("vc", *again) if words else ""


def _address(plan: Plan, after: str) -> str:
    page = reverse("admin:migrate-workflow", args=[quote(plan.workflow.pk)])
    return f"{page}?{urlencode({'to': plan.target.number, **({'after': after} if after else {})})}"


def _number(request: HttpRequest) -> int | None:
    """The version's number; none when the newest is meant."""
    given = request.GET.get("to", "")
    if not given:
        return None
    if given.isascii() and given.isdecimal() and len(given) < 10:
        return int(given)
    raise InvalidInput(
        _("The parameter {name} can't be {value}.").format(name="to", value=given[:80]),
        fix=_("Give a whole number, 1 or more, or leave it out."),
        field="to",
    )


def _after(request: HttpRequest) -> str:
    given = request.GET.get("after", "")
    return given if is_reference(given) else ""
