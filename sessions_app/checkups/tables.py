"""The ground's checks of tables that aren't sessions: versions of workflows, who works where, chores, answers."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F

from sessions_app import machine
from sessions_app.actors import Actor
from sessions_app.checkups import WARNING, Check, Finding, Tally
from sessions_app.checkups.sessions import backup_fix
from sessions_app.definitions.schema import Definition
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.models import ChoreRun, CurrentSession, IdempotencyKey, WorkflowDefinition, WorkflowVersion

_AT_ONCE = 200


def check_versions(tally: Tally) -> Iterator[Finding]:
    """A version is what its digest and its id say, and the workflow's newest is there."""
    for version in WorkflowVersion.objects.iterator(chunk_size=_AT_ONCE):
        tally.checked += 1
        if not _is_intact(version):
            message = _("The version {id} isn't what was published: its digest is another.").format(id=version.pk)
            yield Finding("version-changed", message, backup_fix())
    for workflow in WorkflowDefinition.objects.iterator(chunk_size=_AT_ONCE):
        tally.checked += 1
        if not workflow.versions.filter(number=workflow.latest_version).exists():
            message = _("The workflow {id} has no version {number}, which is to be its newest.").format(
                id=workflow.pk, number=workflow.latest_version
            )
            yield Finding("version-missing", message, backup_fix())


def _is_intact(version: WorkflowVersion) -> bool:
    try:
        digest = Definition.from_content(version.content).digest()
    except (LookupError, TypeError, ValueError, AttributeError):
        return False
    return version.digest == digest and version.pk == f"{version.workflow_id}@{version.number}-{digest[:16]}"


def check_current(tally: Tally) -> Iterator[Finding]:
    """Nobody's current session has ended."""
    tally.checked = CurrentSession.objects.count()
    for row in CurrentSession.objects.filter(session__status__in=machine.ENDED).iterator(chunk_size=_AT_ONCE):
        message = _("The current session of the user {user} is {id}, which has ended.").format(
            user=row.user_id, id=row.session_id
        )
        fix = _("'vc flow doctor --fix' forgets it.")
        yield Finding("current-ended", message, fix, WARNING, session_id=row.session_id, mend=_forget_current)


def _forget_current(_actor: Actor) -> str:
    count, _by_table = CurrentSession.objects.filter(session__status__in=machine.ENDED).delete()
    return _("Forgot {count} current sessions that have ended.").format(count=count) if count else ""


def check_chores(tally: Tally) -> Iterator[Finding]:
    """What workers do beside delivering went well the last time."""
    tally.checked = ChoreRun.objects.count()
    for run in ChoreRun.objects.exclude(error=""):
        message = _("The chore {name} failed: {error}.").format(name=run.name, error=run.error[:200].rstrip("."))
        yield Finding("chore-failed", message, _("Mend what it says; a worker tries it again by itself."), WARNING)


def check_answers(tally: Tally) -> Iterator[Finding]:
    """An idempotency key is committed together with its answer."""
    tally.checked = IdempotencyKey.objects.count()
    unanswered = IdempotencyKey.objects.filter(answer__isnull=True)
    for row in unanswered.annotate(who=F("user__username")).iterator(chunk_size=_AT_ONCE):
        message = _("An idempotency key of {user} has no answer.").format(user=row.who)
        fix = _("Use another key for the request, after looking whether it was done.")
        yield Finding("answer-missing", message, fix, WARNING, session_id=row.session_id)


CHECKS = (
    Check("versions", noop("versions of workflows are what was published"), check_versions),
    Check("current", noop("current sessions go on"), check_current),
    Check("chores", noop("what workers do by themselves"), check_chores),
    Check("answers", noop("idempotency keys have their answers"), check_answers),
)
