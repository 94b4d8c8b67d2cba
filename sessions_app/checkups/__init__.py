"""What the doctor looks at: checks of tables, and checks of sessions whose log and state were read.

Each floor registers its modules of checks in ``AppConfig.ready()``; ``vc flow doctor`` runs them all.  A check never
changes anything: what it finds may carry a ``mend``, which is called when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from sessions_app.actors import Actor

if TYPE_CHECKING:
    from sessions_app.checkups.examining import Examined

ERROR, WARNING = "error", "warning"

Mend = Callable[[Actor], str]
"""Mends what was found, as the actor, and says what it did; empty: there was nothing to mend any more."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that isn't as it must be; the first of its kind in a session, with how many ``more`` there are.

    ``seq`` is the number of the event at which it shows.
    """

    code: str
    message: str
    fix: str
    severity: str = ERROR
    session_id: str = ""
    seq: int | None = None
    more: int = 0
    check: str = ""
    mend: Mend | None = None

    def named(self, check: str) -> Finding:
        """The same, of that check."""
        return replace(self, check=check)

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "check": self.check,
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "fix": self.fix,
            "session_id": self.session_id or None,
            "seq": self.seq,
            "more": self.more,
            "mendable": self.mend is not None,
        }


@dataclass(slots=True)
class Tally:
    """How many rows a check has looked at, and how much it found: ``errors`` are those that are no mere warnings."""

    name: str
    checked: int = 0
    findings: int = 0
    errors: int = 0


class Check(NamedTuple):
    """A check of tables; it counts in the tally what it looks at.

    ``about`` is a message id.  After a finding of a ``fatal`` one nothing else can be looked at.
    """

    name: str
    about: str
    run: Callable[[Tally], Iterator[Finding]]
    fatal: bool = False


class SessionCheck(NamedTuple):
    """A check of some sessions at a time, which were read already; at most one finding for each."""

    name: str
    about: str
    run: Callable[[Sequence[Examined]], Iterator[Finding]]


_modules: dict[str, None] = {}


def register(*modules: str) -> None:
    """Add modules, each with its ``CHECKS``; they are imported by who asks for the checks, not at each start."""
    _modules.update(dict.fromkeys(modules))


def checks() -> list[Check]:
    """Those of tables, in the order in which they were registered."""
    return [check for check in _all() if isinstance(check, Check)]


def session_checks() -> list[SessionCheck]:
    """Those of sessions."""
    return [check for check in _all() if isinstance(check, SessionCheck)]


def _all() -> Iterator[Check | SessionCheck]:
    for path in _modules:
        yield from import_module(path).CHECKS
