"""``flow migrate``: what would become of the open sessions, and doing it step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sessions_app.cli.call import Call, Step
from sessions_app.cli.changes import next_lines
from sessions_app.cli.interrupts import Interrupts
from sessions_app.exceptions import Conflict, FlowError, InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import ngettext, noop
from sessions_app.listing import more_than
from sessions_app.lookup import find_session, find_workflow
from sessions_app.masking import mask_text
from sessions_app.migrating import (
    BLOCKED,
    FAILED,
    LEFT,
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
from sessions_app.migration_batches import Tally, batches, behind, named_sessions
from sessions_app.models import FlowSession
from sessions_app.text import visible

MOST = 1_000
"""How many of each kind can be named."""

_TITLES = {
    NEEDS_MAPPING: noop("Need a mapping: {count}"),
    BLOCKED: noop("Blocked: {count}"),
    FAILED: noop("Failed: {count}"),
    SAFE: noop("Safe: {count}"),
    MIGRATED: noop("Migrated: {count}"),
    UNCHANGED: noop("There already: {count}"),
}


def migrate(call: Call) -> None:
    """``migrate <workflow>``"""
    if not 1 <= call.args.limit <= MOST:
        raise InvalidInput(
            _("The limit can't be {limit}.").format(limit=call.args.limit),
            fix=_("Give a whole number from 1 to {most}.").format(most=MOST),
            field="limit",
        )
    plan = make_plan(find_workflow(call.args.workflow).pk, call.args.to, _mapping(call.args.mapping))
    named = _named(call, plan)
    if not call.args.dry_run and not call.args.yes:
        _confirm(call, plan, _go(call, plan, named, dry_run=True))
    tally = _go(call, plan, named, dry_run=call.args.dry_run)
    if tally.counts[MIGRATED]:
        call.terminal.remember_done(_migrated(tally), call.command("session", "list", "--workflow", plan.workflow.pk))
    steps = call.commands(_steps(call, tally, named))
    extra = {"changed": bool(tally.counts[MIGRATED]), "warnings": [], "next": steps}
    call.show(lambda: {**tally.as_dict(), **extra}, lambda: _lines(call, tally, steps))
    if not call.args.dry_run:
        _refuse_left(tally)


def _mapping(words: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in words:
        old, equals, new = (part.strip() for part in word.partition("="))
        if not (old and equals and new) or found.get(old, new) != new:
            raise InvalidInput(
                _("The mapping {mapping} can't be used: {why}").format(
                    mapping=visible(mask_text(word))[:200],
                    why=_("an old stage stands there twice.") if old in found else _("it is not of the form OLD=NEW."),
                ),
                fix=_("Give each old stage once, such as --map coding=build, or --map coding=- for an ad hoc stage."),
                code="usage",
                field="mapping",
            )
        found[old] = new
    return found


def _named(call: Call, plan: Plan) -> list[str] | None:
    if not call.args.sessions:
        return None
    return named_sessions(call.actor, plan, [find_session(call.actor, each).pk for each in call.args.sessions])


def _go(call: Call, plan: Plan, named: list[str] | None, *, dry_run: bool) -> Tally:
    """Through all that are meant, in steps; every session is a transaction of its own, so it can be interrupted."""
    tally = Tally(plan, dry_run=dry_run, most=call.args.limit)
    total = behind(call.actor, plan, "").count() if named is None else len(named)
    try:
        with Interrupts() as interrupts:
            for rows in batches(call.actor, plan, named):
                for result in _results(call, plan, rows, dry_run=dry_run):
                    tally.add(result)
                    interrupts.heed()
                _tell_progress(call, tally, total)
    except KeyboardInterrupt:
        _tell_interrupted(call, tally)
        raise
    return tally


def _tell_interrupted(call: Call, tally: Tally) -> None:
    """How far it came; the one that was under way may have been done, too."""
    if tally.dry_run:
        return
    count = tally.counts[MIGRATED]
    message = _("Interrupted. Sessions of {id} that were migrated to version {number}: at least {count}.").format(
        count=count, id=tally.plan.workflow.pk, number=tally.plan.target.number
    )
    fix = _("Run the same command again: it goes on with the others, and those that are done stay done.")
    told = {"severity": "warning", "code": "interrupted", "message": message, "fix": fix, "migrated": count}
    call.terminal.diagnose(told, as_json=call.json)


def _results(call: Call, plan: Plan, rows: Sequence[FlowSession], *, dry_run: bool) -> Iterable[Result]:
    if dry_run:
        return sort_sessions(call.actor, plan, rows)
    return migrate_all(call.actor, plan, rows, reason=call.args.reason, key=call.args.idempotency_key)


def _tell_progress(call: Call, tally: Tally, total: int) -> None:
    if total <= STEP:
        return
    message = _("{count} of {total} sessions looked at, {done} migrated").format(
        count=tally.counts.total(), total=total, done=tally.counts[MIGRATED]
    )
    call.terminal.diagnose({"severity": "info", "code": "migrate", "message": message}, as_json=call.json)


def _confirm(call: Call, plan: Plan, trial: Tally) -> None:
    safe = trial.counts[SAFE]
    if not safe:
        return  # nothing to be regretted; what is left is told as after a run
    asked = ngettext(
        "{count} session is safe to migrate to version {number} of {id}.",
        "{count} sessions are safe to migrate to version {number} of {id}.",
        safe,
    ).format(count=safe, number=plan.target.number, id=plan.workflow.pk)
    if call.json or not call.terminal.interactive:
        raise InvalidInput(
            asked + " " + _("Nothing was changed yet."),
            fix=_("Say --yes to migrate them, or --dry-run to look first."),
            code="usage",
        )
    if call.terminal.ask(asked + " " + _("Migrate? [y/N] ")).lower() not in ("y", "yes", "是"):
        raise FlowError(_("Nothing was migrated."), code="declined", severity="info")


def _migrated(tally: Tally) -> str:
    return ngettext(
        "{count} session of {id} was migrated to version {number}.",
        "{count} sessions of {id} were migrated to version {number}.",
        tally.counts[MIGRATED],
    ).format(count=tally.counts[MIGRATED], id=tally.plan.workflow.pk, number=tally.plan.target.number)


def _lines(call: Call, tally: Tally, steps: Sequence[Mapping[str, str]]) -> Iterator[str]:
    if not tally.counts:
        told = _("No open session of {id} is on another version than {number}.")
        yield told.format(id=tally.plan.workflow.pk, number=tally.plan.target.number)
    elif tally.dry_run:
        yield _("📋 Open sessions of {id}, looked at for version {number}:").format(
            id=tally.plan.workflow.pk, number=tally.plan.target.number
        )
    elif tally.counts[MIGRATED]:
        yield "✅ " + _migrated(tally)
    else:
        yield _("No session was migrated.")
    for outcome, title in _TITLES.items():
        if tally.counts[outcome]:
            yield ""
            yield _(title).format(count=tally.counts[outcome])
            yield from _named_lines(call, tally, outcome)
    if tally.dry_run:
        yield ""
        yield _("Nothing was changed: this was a dry run.")
    yield from next_lines(steps)


def _named_lines(call: Call, tally: Tally, outcome: str) -> Iterator[str]:
    shown = tally.results[outcome]
    for result in shown:
        yield f"- {result.session_id}  {result.from_version} → {tally.plan.target.number}" + _way_back(call, result)
        for reason in result.reasons:
            yield f"    {visible(mask_text(reason.message))} {visible(reason.fix)} [{reason.code}]"
        for warning in result.warnings:
            yield "    " + _("Warning") + f": {visible(warning)}"
    if left := more_than(tally.counts[outcome], len(shown)):
        yield f"- {left} (--limit)"


def _way_back(call: Call, result: Result) -> str:
    if result.savepoint is None:
        return ""
    return "  " + _("(back: {command})").format(command=call.command("savepoint", "restore", result.savepoint))


def _steps(call: Call, tally: Tally, named: Sequence[str] | None) -> Iterator[Step]:
    again = _again(call, tally, named)
    if tally.proposals:
        yield Step([*again, "--dry-run"], _("look again with the mapping that is proposed"))
    elif tally.dry_run and tally.counts[SAFE]:
        # Without --yes, unless it was said: whoever runs it is asked once more.
        yield Step([*again, *(["--yes"] if call.args.yes else [])], _("migrate those that are safe"))
    if tally.counts[MIGRATED]:
        last = tally.results[MIGRATED][0]
        yield Step(["session", "show", last.session_id], _("look at one of them"))
        yield Step(["savepoint", "restore", str(last.savepoint)], _("bring it back to where it was"))
    yield Step(["session", "list", "--workflow", tally.plan.workflow.pk], _("its open sessions"))


def _again(call: Call, tally: Tally, named: Sequence[str] | None) -> list[str]:
    """The command once more: it must mean the same sessions, and do for whom and why what this one was asked to do."""
    asked = {**tally.plan.mapping, **tally.proposals}
    return [
        *("migrate", tally.plan.workflow.pk, "--to", str(tally.plan.target.number)),
        *(word for old, new in sorted(asked.items()) for word in ("--map", f"{old}={new}")),
        *(word for session_id in named or () for word in ("--session", session_id)),
        *_option("--reason", _repeatable(call.args.reason)),
        *_option("--as", call.args.as_user),
        # A key stands for one mapping.
        *_option("--idempotency-key", None if tally.proposals else call.args.idempotency_key),
    ]


def _option(name: str, value: str | None) -> list[str]:
    """An option that was given; one word where the value would be taken for an option itself."""
    if not value:
        return []
    return [f"{name}={value}"] if value.startswith("-") else [name, value]


def _repeatable(reason: str) -> str:
    """The reason, or ``<reason>`` to fill in where it can't be shown as it was typed."""
    return reason if visible(mask_text(reason)) == reason else "<reason>"


def _refuse_left(tally: Tally) -> None:
    left = sum(tally.counts[outcome] for outcome in LEFT)
    if left:
        raise Conflict(
            ngettext("{count} session was not migrated.", "{count} sessions were not migrated.", left).format(
                count=left
            ),
            fix=_("Mend what stands there with each, then run it again: those that are done stay done."),
            code="sessions-left",
            counts=dict(tally.counts),
        )
