"""What of a bundle is here already, and what here contradicts it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from sessions_app.admitting import IMPORTED
from sessions_app.bundles.definitions import BundledVersions
from sessions_app.bundles.lines import Line
from sessions_app.identifiers import is_taken
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.models import FlowSession, SessionEvent, Tombstone, WorkflowVersion


class Verdict(StrEnum):
    """How a session of a bundle stands to what is here."""

    NEW = "new"
    PRESENT = "present"
    RETURNS = "returns"
    AHEAD = "ahead"
    BEHIND = "behind"
    DIFFERENT = "different"
    DELETED = "deleted"
    VERSION = "version"

    @property
    def is_conflict(self) -> bool:
        """Whether it can't simply be taken in, nor is there already."""
        return self not in (Verdict.NEW, Verdict.PRESENT, Verdict.RETURNS)


_WHY = {
    Verdict.AHEAD: noop("{id} is here too, and the bundle's has gone on further"),
    Verdict.BEHIND: noop("{id} is here too, and has gone on further than the bundle's"),
    Verdict.DIFFERENT: noop("{id} is another session here"),
    Verdict.DELETED: noop("{id} was deleted here"),
    Verdict.VERSION: noop("{id} runs a version of its workflow whose number says another thing here"),
}


def why(verdict: Verdict, session_id: str) -> str:
    """A conflict in words."""
    return _(_WHY[verdict]).format(id=session_id)


class Standing(NamedTuple):
    """A session's verdict so far; ``version`` is that of the one here, ``head`` its hash, for :func:`final`."""

    verdict: Verdict
    version: int = 0
    head: str = ""


def standing(row: Line) -> Standing:
    """What is known by the session's line alone; DIFFERENT may turn out to be AHEAD."""
    here = FlowSession.objects.filter(pk=row["id"]).values_list("version", "chain_head").first()
    if here is not None:
        return _beside(row, *here)
    buried = Tombstone.objects.filter(pk=row["id"]).values_list("archive", "last_seq", "chain_head").first()
    if buried is None:
        return Standing(Verdict.NEW)
    archive, *end = buried
    returns = archive and end == [row["version"], row["chain_head"]]
    return Standing(Verdict.RETURNS if returns else Verdict.DELETED)


def _beside(row: Line, version: int, head: str) -> Standing:
    if (version, head) == (row["version"], row["chain_head"]):
        return Standing(Verdict.PRESENT)
    if version > row["version"]:
        is_older = SessionEvent.objects.filter(session=row["id"], seq=row["version"], hash=row["chain_head"]).exists()
        verdict = Verdict.BEHIND if is_older else Verdict.DIFFERENT
        if is_older and version == row["version"] + 1 and _came_from(row["id"], version, row):
            verdict = Verdict.PRESENT
        return Standing(verdict, version, head)
    return Standing(Verdict.DIFFERENT, version, head)


def final(so_far: Standing, hash_there: str) -> Verdict:
    """The verdict, once the bundle's hash of the event ``so_far.version`` is known."""
    is_ahead = so_far.verdict == Verdict.DIFFERENT and so_far.head and so_far.head == hash_there
    return Verdict.AHEAD if is_ahead else so_far.verdict


def _came_from(session_id: str, seq: int, row: Line) -> bool:
    """Whether that event of a session here says that it came as this very session."""
    event = SessionEvent.objects.filter(session=session_id, seq=seq, type=IMPORTED).first()
    origin = event.changes.get("origin", {}).get("after") if event else None
    return bool(origin) and origin == {name: row[name] for name in ("id", "version", "chain_head")}


def taken_versions(bundled: BundledVersions) -> dict[str, Line]:
    """The bundle's versions whose numbers say another thing here, by their ids."""
    numbers = WorkflowVersion.objects.filter(workflow__in=bundled.workflows).values_list("workflow", "number", "pk")
    here = {(workflow_id, number): key for workflow_id, number, key in numbers}
    return {
        key: line
        for key, line in bundled.versions.items()
        if here.get((line["workflow_id"], line["number"]), key) != key
    }


def other_id(row: Line, is_reserved: Callable[[str], bool] = is_taken) -> tuple[str, bool]:
    """The id that the session gets beside another of its own; True: it came under it before.

    It follows from the id and the chain's head, so that the same bundle gives the same copy.
    """
    number = 0
    while True:
        number += 1
        tail = hashlib.sha256(f"{row['id']} {row['chain_head']} {number}".encode()).hexdigest()[:8]
        candidate = f"{row['id'][:110]}-{tail}"
        copy = FlowSession.objects.filter(pk=candidate).values_list("version", flat=True).first()
        if copy is not None and _came_from(candidate, row["version"] + 1, row):
            return candidate, True
        if copy is None and not is_reserved(candidate):
            return candidate, False
