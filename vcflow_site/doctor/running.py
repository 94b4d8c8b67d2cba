"""The doctor's round: all checks, streaming; what a session shows is looked at again while it is locked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction

from sessions_app import checkups, storage
from sessions_app.actors import Actor
from sessions_app.change import lock_session
from sessions_app.checkups import ERROR, Check, Finding, Tally
from sessions_app.checkups.examining import Examined, batches, examine
from sessions_app.exceptions import FlowError, NotFound
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession
from vcflow_site.doctor import against, schema

MOST = 1_000
"""Findings that are kept to be told; the rest is counted."""

_SECONDS = 2.0
"""Between two lines about how far it is."""

Say = Callable[[str], None]


@dataclass(slots=True)
class Report:
    """What was looked at, what was found and isn't mended, and what was done."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """All findings that are left, those that aren't kept too."""
        return sum(tally.findings for tally in self.tallies.values())

    def tally(self, name: str) -> Tally:
        """How much the check of that name has looked at and found."""
        return self.tallies.setdefault(name, Tally(name))

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "checks": [
                {"name": each.name, "checked": each.checked, "findings": each.findings}
                for each in self.tallies.values()
            ],
            "findings": [finding.as_dict() for finding in self.findings],
            "fixed": self.fixed,
        }


@dataclass(slots=True)
class Round:
    """One run of the doctor; with ``fix`` what can be mended is, as ``actor``."""

    actor: Actor
    say: Say
    fix: bool = False
    report: Report = field(default_factory=Report)

    def look(self, session_ids: Sequence[str] | None, backup: Path | None) -> Report:
        """At everything, or at some sessions alone; ``backup`` is what they are compared with."""
        if session_ids is not None or self._tables_stand():
            self._sessions(session_ids)
            if self.report.fixed and session_ids is None:
                self._look_at_tables_again()
            if backup is not None:
                compare = partial(against.check_against, backup, session_ids=session_ids)
                self._table(Check("backup", "", compare))
        return self.report

    def _tables_stand(self) -> bool:
        """Look at the tables; whether the sessions can be read."""
        for check in (*schema.CHECKS, *checkups.checks()):
            self.say(f"{check.name}: {_(check.about)} …")
            if self._table(check) and check.fatal:
                return False
        return True

    def _look_at_tables_again(self) -> None:
        """Mended sessions may have brought back what rows were found to lack."""
        for check in (*schema.CHECKS, *checkups.checks()):
            if self.report.tally(check.name).findings:
                self.report.tallies[check.name] = Tally(check.name)
                self.report.findings[:] = [each for each in self.report.findings if each.check != check.name]
                self._table(check)

    def _table(self, check: Check) -> int:
        tally = self.report.tally(check.name)
        with storage.translated():
            for finding in check.run(tally):
                self._note(tally, finding)
        return tally.findings

    def _sessions(self, session_ids: Sequence[str] | None) -> None:
        self.say(_("Sessions: {what} …").format(what=", ".join(check.name for check in checkups.session_checks())))
        told, done = time.monotonic(), 0
        with storage.translated():
            for batch in batches(session_ids):
                self._batch(batch)
                done += len(batch)
                if time.monotonic() - told > _SECONDS:
                    told = time.monotonic()
                    self.say(_("{count} sessions …").format(count=done))

    def _batch(self, batch: Sequence[FlowSession]) -> None:
        examined = examine(batch)
        suspicious = {finding.session_id for finding in _found(examined)}
        for check in checkups.session_checks():
            self.report.tally(check.name).checked += len(batch)
        for session_id in sorted(suspicious):
            self._look_again(session_id)

    def _look_again(self, session_id: str) -> None:
        """Nobody writes to the session meanwhile: what is wrong now wasn't just half read."""
        found = _while_locked(session_id)
        mended = [self._mended(finding) for finding in found if self.fix and finding.mend is not None]
        if any(mended):
            found = _while_locked(session_id)
        for finding in found:
            self._count(self.report.tally(finding.check), finding)

    def _note(self, tally: Tally, finding: Finding) -> None:
        finding = finding.named(tally.name)
        if not (self.fix and finding.mend is not None and self._mended(finding)):
            self._count(tally, finding)

    def _count(self, tally: Tally, finding: Finding) -> None:
        tally.findings += 1
        tally.errors += finding.severity == ERROR
        kept = self.report.findings
        if len(kept) == MOST and finding.severity == ERROR:
            self._make_room()
        if len(kept) < MOST:
            kept.append(finding)

    def _make_room(self) -> None:
        """However much is warned of, errors are told."""
        kept = self.report.findings
        last = next((place for place in reversed(range(MOST)) if kept[place].severity != ERROR), None)
        if last is not None:
            del kept[last]

    def _mended(self, finding: Finding) -> bool:
        assert finding.mend is not None
        try:
            done = finding.mend(self.actor)
        except FlowError as error:
            self.say(error.message)
            return False
        if done:
            self.report.fixed.append(done)
        return bool(done)


def _while_locked(session_id: str) -> list[Finding]:
    with storage.translated(), transaction.atomic():
        try:
            flow_session = lock_session(session_id)
        except NotFound:
            return []  # deleted meanwhile
        return list(_found(examine([flow_session])))


def _found(examined: Sequence[Examined]) -> Iterator[Finding]:
    for check in checkups.session_checks():
        for finding in check.run(examined):
            yield finding.named(check.name)
