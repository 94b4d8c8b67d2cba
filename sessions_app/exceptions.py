"""Everything that can go wrong, as one family of exceptions.

Each error carries a stable ``code``, the exit status of the command line, the
HTTP status of the API, a sentence for people in the current language, the mend
(``fix``) and the ids it speaks of (``details``).  A door translates an error
once; services only raise it.
"""

from __future__ import annotations

# The module typing takes 3 ms to load, which `vc --help` need not pay.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar


class FlowError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "failed"
    exit_status: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, fix: str = "", code: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.details = details
        if code:
            self.code = code  # type: ignore[misc]

    def as_dict(self) -> dict[str, Any]:
        """The diagnostic: ``severity``, ``code``, ``message``, ``fix`` and the details."""
        return {
            "severity": "error",
            "code": self.code,
            "message": self.message,
            "fix": self.fix,
            **self.details,
        }


class InvalidInput(FlowError):
    """What was given can't be used."""

    code = "invalid-input"
    exit_status = 2
    http_status = 400


class TooLarge(FlowError):
    """A request is larger than is taken."""

    code = "too-large"
    exit_status = 2
    http_status = 413


class NotFound(FlowError):
    """Nothing has that id or name."""

    code = "not-found"
    exit_status = 3
    http_status = 404


class NotAllowed(FlowError):
    """The actor may not do this."""

    code = "not-allowed"
    exit_status = 4
    http_status = 403


class Conflict(FlowError):
    """The thing is not in the state that this needs, or somebody else was first."""

    code = "conflict"
    exit_status = 5
    http_status = 409


class IllegalTransition(Conflict):
    """The verb doesn't lead from this state."""

    code = "illegal-transition"


class PreconditionFailed(Conflict):
    """The thing was changed since the caller looked at it."""

    code = "stale"
    http_status = 412


class Ambiguous(FlowError):
    """Several things fit; ``details["candidates"]`` lists them."""

    code = "ambiguous"
    exit_status = 6
    http_status = 409


class GuardUnmet(FlowError):
    """The verb is legal, but something that it needs is still open."""

    code = "guard-unmet"
    exit_status = 7
    http_status = 422


class StorageFull(FlowError):
    """The disk is full."""

    code = "disk-full"
    exit_status = 8
    http_status = 507


class Busy(FlowError):
    """Somebody else is writing; try again."""

    code = "busy"
    exit_status = 9
    http_status = 503


class StorageFailed(FlowError):
    """The data can't be read or written."""

    code = "storage"
