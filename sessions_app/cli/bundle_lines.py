"""What ``flow import`` says of bundles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sessions_app.bundles import importing
from sessions_app.bundles.conflicts import why
from sessions_app.bundles.importing import Options, Plan
from sessions_app.cli.call import Call
from sessions_app.cli.transfer import progress
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.text import visible

MOST_LINES = 20


def checked(call: Call, files: Sequence[str]) -> list[Plan]:
    """Each bundle read and checked; nothing is written.  Raises for the first that is none, and for conflicts."""
    if not files:
        return []
    importing.require_importer(call.actor)
    chosen = options(call)
    plans = [importing.check_bundle(file, chosen, progress(call, _("{count} sessions checked …"))) for file in files]
    if chosen.on_conflict == importing.FAIL and not call.args.dry_run:
        importing.refuse_conflicts(plans)
    return plans


def options(call: Call) -> Options:
    """How they are taken in."""
    args = call.args
    if args.most_bytes < 1:
        raise InvalidInput(
            _("--most-bytes can't be {number}.").format(number=args.most_bytes),
            fix=_("Give a number of bytes, such as 1000000000."),
            code="usage",
        )
    return Options(args.on_conflict, args.keep_owners, args.most_bytes)


def take_in(call: Call, plans: Sequence[Plan]) -> None:
    """Write what the checked ones have."""
    for plan in plans:
        importing.take_in(call.actor, plan, options(call), progress(call, _("{count} sessions imported …")))


def lines(plans: Sequence[Plan]) -> Iterable[str]:
    """For people."""
    for plan in plans:
        counts = {name: plan.sessions[name] for name in ("imported", "present", "returned", "renamed", "skipped")}
        yield "📦 " + visible(plan.file)
        yield "   " + _(
            "sessions: {imported} new, {present} there already, {returned} back from an archive, {renamed} renamed,"
            " {skipped} left out"
        ).format(**counts)
        told = [why(verdict, key) for key, verdict in plan.conflicts.items()]
        yield from (f"   ⚠️ {visible(line)}" for line in told[:MOST_LINES])
        if len(told) > MOST_LINES:
            yield "   " + _("… and {count} more").format(count=len(told) - MOST_LINES)
        yield from (f"   {old} → {new}" for old, new in list(plan.renamed.items())[:MOST_LINES])
        yield from (f"   ⚠️ {warning}" for warning in plan.warnings)
