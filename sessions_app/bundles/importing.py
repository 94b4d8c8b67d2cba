"""Bundles become sessions: each file is read to its end and checked before the first row is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.contrib.auth.models import Group

from sessions_app import storage
from sessions_app.actors import Actor
from sessions_app.admitting import Hands, admit, disabled_accounts
from sessions_app.bundles import conflicts
from sessions_app.bundles.checking import Checked, check_session
from sessions_app.bundles.conflicts import Verdict
from sessions_app.bundles.definitions import BundledVersions, read_definitions
from sessions_app.bundles.lines import Line
from sessions_app.bundles.reading import MOST_BYTES, Reader, SessionLines, rest_of
from sessions_app.bundles.rewriting import Rewriting
from sessions_app.bundles.versions import Numbering, write_versions
from sessions_app.companions import bearers
from sessions_app.exceptions import Conflict, NotAllowed
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.text import visible

SKIP, FAIL, RENAME = "skip", "fail", "rename"
ON_CONFLICT = (FAIL, SKIP, RENAME)

MOST_TOLD = 100
"""Conflicts that an answer lists."""

Tell = Callable[[int], None]


class Options(NamedTuple):
    """How bundles are taken in; ``on_conflict`` is one of :data:`ON_CONFLICT`."""

    on_conflict: str = FAIL
    keep_owners: bool = False
    most_bytes: int = MOST_BYTES


@dataclass
class Plan:
    """What was found in one bundle, and then what became of it; ``file`` is its path.

    ``sessions`` counts by what becomes of them: ``imported``, ``present``, ``returned``, ``renamed``, ``skipped``.
    """

    file: str
    header: Line
    versions_needed: set[str] = field(default_factory=set)
    versions_written: int = 0
    with_taken_versions: set[str] = field(default_factory=set)
    conflicts: dict[str, Verdict] = field(default_factory=dict)
    sessions: Counter[str] = field(default_factory=Counter)
    checksums: list[str] = field(default_factory=list)
    events: int = 0
    savepoints: int = 0
    renamed: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "file": self.file,
            "kind": "bundle",
            "secrets": self.header["secrets"],
            "versions": self.versions_written,
            "sessions": {name: self.sessions[name] for name in _OUTCOMES},
            "events": self.events,
            "savepoints": self.savepoints,
            "renamed": dict(list(self.renamed.items())[:MOST_TOLD]),
            "conflicts": conflicts_json(self.conflicts),
            "warnings": self.warnings,
        }


_OUTCOMES = ("imported", "present", "returned", "renamed", "skipped")
_COMES_IN = ("imported", "returned", "renamed")
_BECOMES = {Verdict.NEW: "imported", Verdict.PRESENT: "present", Verdict.RETURNS: "returned"}


def require_importer(actor: Actor) -> None:
    """Raise unless the actor is believed what a bundle says: an administrator, or who holds the data itself."""
    if not actor.rights.is_admin or actor.grant:
        raise NotAllowed(
            _("{user} may not import sessions: their history would be believed.").format(user=actor.username),
            fix=_("Ask an administrator."),
            user=actor.username,
        )


def check_bundle(path: str, options: Options, tell: Tell) -> Plan:
    """Read the whole file, check everything in it, and compare it with what is here; writes nothing."""
    with open(path, "rb") as file, storage.translated():
        reader = Reader(file, visible(path), most_bytes=options.most_bytes)
        plan = Plan(path, reader.header())
        bundled = read_definitions(reader)
        taken = conflicts.taken_versions(bundled)
        used: set[str] = set()
        for number, session in enumerate(reader.sessions(), 1):
            used |= _weigh(plan, session, bundled, taken, options)
            plan.checksums.append(session.checksum)
            tell(number)
        plan.versions_needed |= bundled.versions.keys() - used - taken.keys()
        plan.events, plan.savepoints = reader.counts["events"], reader.counts["savepoints"]
    if plan.header["secrets"] == "masked" and any(plan.sessions[outcome] for outcome in _COMES_IN):
        plan.warnings.append(_("Secrets are masked in this bundle: the sessions have none."))
    return plan


def _weigh(
    plan: Plan, session: SessionLines, bundled: BundledVersions, taken: Mapping[str, Line], options: Options
) -> frozenset[str]:
    """Check one session and note what becomes of it; the versions that it uses."""
    so_far = conflicts.standing(session.row)
    checked = check_session(session, bundled, asked_seq=so_far.version)
    verdict = conflicts.final(so_far, checked.hash_asked)
    if verdict in (Verdict.NEW, Verdict.RETURNS) and checked.version_ids & taken.keys():
        verdict = Verdict.VERSION
        plan.with_taken_versions.add(checked.row["id"])
    _note(plan, checked, verdict, taken, options)
    return checked.version_ids


def _note(plan: Plan, checked: Checked, verdict: Verdict, taken: Mapping[str, Line], options: Options) -> None:
    outcome = _BECOMES.get(verdict)
    if outcome is None:
        plan.conflicts[checked.row["id"]] = verdict
        outcome = "skipped"
        if options.on_conflict == RENAME:
            outcome = "present" if conflicts.other_id(checked.row)[1] else "renamed"
    plan.sessions[outcome] += 1
    if outcome not in ("present", "skipped"):
        plan.versions_needed |= checked.version_ids - taken.keys()


def refuse_conflicts(plans: Sequence[Plan]) -> None:
    """Raise when there are any: nothing is imported then."""
    found = {key: verdict for plan in plans for key, verdict in plan.conflicts.items()}
    if found:
        told = "; ".join(conflicts.why(verdict, key) for key, verdict in list(found.items())[:3])
        raise Conflict(
            ngettext(
                "Nothing is imported, {count} session contradicts what is here: {told}.",
                "Nothing is imported, {count} sessions contradict what is here: {told}.",
                len(found),
            ).format(count=len(found), told=told),
            fix=_("Leave them out with --on-conflict skip, or take them in beside, with --on-conflict rename."),
            code="import-conflict",
            count=len(found),
            conflicts=conflicts_json(found),
        )


def conflicts_json(found: Mapping[str, Verdict]) -> list[dict[str, str]]:
    """The first ones, as JSON data."""
    return [{"session_id": key, "reason": verdict.value} for key, verdict in list(found.items())[:MOST_TOLD]]


def take_in(actor: Actor, plan: Plan, options: Options, tell: Tell) -> None:
    """Write what a checked bundle has, each session in a transaction of its own; the plan then says what was done."""
    plan.sessions, plan.renamed = Counter(), {}
    with open(plan.file, "rb") as file:
        reader = Reader(file, visible(plan.file), most_bytes=options.most_bytes)
        reader.header()
        bundled = read_definitions(reader)
        numbering = write_versions(plan, bundled, is_renaming=options.on_conflict == RENAME)
        writing = _Writing(actor, plan, options, numbering)
        for number, session in enumerate(reader.sessions(), 1):
            # What was checked is what is written, though somebody may have put another file there meanwhile.
            session.checksum = plan.checksums[number - 1] if number <= len(plan.checksums) else "none"
            writing.session(session)
            tell(number)


class _Writing:
    """Sessions of one bundle that are being written."""

    def __init__(self, actor: Actor, plan: Plan, options: Options, numbering: Numbering) -> None:
        self._actor = actor
        self._plan = plan
        self._options = options
        self._numbering = numbering
        self._teams: dict[str, Group | None] = {}

    def session(self, session: SessionLines) -> None:
        """Write it, or read over it."""
        row = session.row
        verdict = conflicts.standing(row).verdict
        if row["id"] in self._plan.with_taken_versions and not verdict.is_conflict and verdict != Verdict.PRESENT:
            verdict = Verdict.VERSION
        if not verdict.is_conflict and verdict != Verdict.PRESENT:
            self._admit(session, row["id"], _BECOMES[verdict])
        elif verdict.is_conflict and self._options.on_conflict == RENAME:
            new_id, is_here = conflicts.other_id(row)
            self._plan.renamed[row["id"]] = new_id
            self._read_over(session, "present") if is_here else self._admit(session, new_id, "renamed")
        elif verdict.is_conflict and self._options.on_conflict == FAIL:
            refuse_conflicts([Plan(self._plan.file, {}, conflicts={row["id"]: verdict})])
        else:
            self._read_over(session, "skipped" if verdict.is_conflict else "present")

    def _read_over(self, session: SessionLines, outcome: str) -> None:
        rest_of(session)
        self._plan.sessions[outcome] += 1

    def _admit(self, session: SessionLines, new_id: str, outcome: str) -> None:
        rewriting = Rewriting(session, new_id, self._numbering)
        with storage.translated():
            hands = self._hands(session.row)
        admit(self._actor, rewriting.arrival(session.finish), hands)
        self._plan.sessions[outcome] += 1

    def _hands(self, row: Line) -> Hands:
        """Names in a bundle are nobody here, unless it was asked to keep them."""
        own = row["state"]["session"]
        people = {name for bearer in bearers() for name in bearer.people(row["state"][bearer.name])}
        if not self._options.keep_owners:
            importer = self._actor.user
            return Hands(importer, None, {name: name if name == importer.get_username() else None for name in people})
        users = disabled_accounts({own["owner"], *people})
        return Hands(users[own["owner"]], self._team(own["team"]), {name: name for name in people})

    def _team(self, name: str | None) -> Group | None:
        if name is not None and name not in self._teams:
            self._teams[name] = Group.objects.filter(name=name).first()
            if self._teams[name] is None:
                told = _("There is no team {team} here: its sessions come without one.").format(team=visible(name))
                self._plan.warnings.append(told)
        return self._teams[name] if name is not None else None
