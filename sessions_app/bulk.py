"""One verb for many sessions: each is changed by itself, the one way, in the order of their ids.

What is refused for one session leaves the others alone.  A trial does the same and takes each
change back before its commit, so that it meets every guard that the real run would meet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import transaction

from sessions_app import access, storage
from sessions_app.actors import Actor
from sessions_app.change import Outcome
from sessions_app.exceptions import Busy, FlowError, InvalidInput
from sessions_app.idempotency import AlreadyAnswered, Idempotency, fingerprint
from sessions_app.language import gettext as _
from sessions_app.machine import SESSION_RULES
from sessions_app.models import FlowSession
from sessions_app.permissions import SESSION_ACTIONS
from sessions_app.querysets import FlowSessionQuerySet
from sessions_app.services import FlowSessionManager
from sessions_app.text import NAME_LENGTH, clean_text, is_reference
from sessions_app.verbs import checked_reason

MOST = 1_000
"""How many sessions one request may concern."""

SECONDS = 15
"""After how long no further session is begun."""

clock = time.monotonic

DONE, UNCHANGED, REFUSED, FAILED = "done", "unchanged", "refused", "failed"
OUTCOMES = (DONE, UNCHANGED, REFUSED, FAILED)


class Order(NamedTuple):
    """What is to be done to each; made by :func:`order`."""

    verb: str
    reason: str
    force: bool


class Result(NamedTuple):
    """What became of one session: one of ``OUTCOMES``, its version if it was done, and why not if it wasn't."""

    session_id: str
    outcome: str
    version: int | None = None
    error: FlowError | None = None


Perform = Callable[[FlowSessionManager, str, Order], object]

VERBS: Mapping[str, Perform] = {
    "start": lambda manager, key, given: manager.start_session(key, reason=given.reason),
    "pause": lambda manager, key, given: manager.pause_session(key, reason=given.reason),
    "resume": lambda manager, key, given: manager.resume_session(key, reason=given.reason),
    "complete": lambda manager, key, given: manager.complete_session(key, reason=given.reason, force=given.force),
    "reopen": lambda manager, key, given: manager.reopen_session(key, reason=given.reason),
    "fail": lambda manager, key, given: manager.fail_session(key, reason=given.reason),
    "abort": lambda manager, key, given: manager.abort_session(key, reason=given.reason),
    "delete": lambda manager, key, given: manager.delete_session(key, reason=given.reason),
}


class _TakenBack(Exception):
    """Ends a trial inside its transaction."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def order(actor: Actor, verb: str, *, reason: str = "", force: bool = False) -> Order:
    """What is asked for all alike, checked once; raises InvalidInput, or NotAllowed where the token lacks a scope."""
    if verb not in VERBS:
        raise InvalidInput(
            _("{verb} can't be done to many sessions at once.").format(verb=verb or "''"),
            fix=_("Use one of: {names}.").format(names=", ".join(VERBS)),
            field="verb",
        )
    if force and verb != "complete":
        raise InvalidInput(_("Only completing can be forced."), fix=_("Leave 'force' out."), field="force", verb=verb)
    access.require_scope(actor, SESSION_ACTIONS[verb].scope)
    rule = SESSION_RULES.get(verb)
    cleaned = checked_reason(verb, rule, reason, force=force) if rule else clean_text(reason, _("reason"))
    return Order(verb, cleaned, force)


def choose(actor: Actor, ids: Iterable[str] | None, fitting: FlowSessionQuerySet | None) -> list[str]:
    """The ids of the sessions meant: those named, those ``fitting`` (of what the actor sees), or those that are both.

    What is named and not seen stays in, to be answered as what isn't there.
    """
    if ids is None and fitting is None:
        raise InvalidInput(_("No sessions are named."), fix=_("Name sessions, or give a filter that is not empty."))
    if ids is None:
        assert fitting is not None
        return _within_limits(list(fitting.order_by("id").values_list("pk", flat=True)[: MOST + 1]))
    wanted = _within_limits(sorted(set(ids)))
    if fitting is None:
        return wanted
    named = [key for key in wanted if is_reference(key)]
    seen = set(FlowSession.objects.visible_to(actor).filter(pk__in=named).order_by().values_list("pk", flat=True))
    fit = set(fitting.filter(pk__in=named).order_by().values_list("pk", flat=True))
    return [key for key in wanted if key in fit or key not in seen]


def choose_once(actor: Actor, key: str | None, request: str, chosen: Callable[[], list[str]]) -> list[str]:
    """What ``chosen`` answered when the key was first used; ``request`` is that request's fingerprint."""
    kept = Idempotency(key, request, lambda ids, _outcome: {"ids": ids})
    try:
        with storage.translated(), transaction.atomic(durable=True):
            kept.claim(actor)
            ids = chosen()
            kept.store(actor, ids, Outcome(changed=False, version=0))
    except AlreadyAnswered as before:
        ids = before.answer["ids"]
    return ids


def bulk_perform(actor: Actor, given: Order, session_ids: Sequence[str], *, key: str | None = None) -> list[Result]:
    """Do it to each, as the ids stand.  A session that was done under ``key`` is not done again."""
    return list(_each(session_ids, lambda session_id: _perform(actor, given, session_id, key)))


def bulk_try(actor: Actor, given: Order, session_ids: Sequence[str]) -> list[Result]:
    """What :func:`bulk_perform` would do; ``version`` is never set."""
    return list(_each(session_ids, lambda session_id: _try(actor, given, session_id)))


def session_key(key: str, session_id: str) -> str:
    """The idempotency key of one session's share; a long key stands there as its SHA-256."""
    own = f"{key}:{session_id}"
    return own if len(own) <= NAME_LENGTH else f"{sha256(key.encode()).hexdigest()}:{session_id}"


def _each(session_ids: Sequence[str], act: Callable[[str], Result]) -> Iterator[Result]:
    deadline = clock() + SECONDS
    for session_id in session_ids:
        if clock() > deadline:
            yield Result(session_id, FAILED, error=_out_of_time())
            continue
        try:
            yield act(session_id)
        except FlowError as error:
            yield Result(session_id, FAILED if error.http_status >= 500 else REFUSED, error=error)


def _perform(actor: Actor, given: Order, session_id: str, key: str | None) -> Result:
    own_key = session_key(key, session_id) if key is not None else None
    idempotency = Idempotency(own_key, fingerprint(["bulk", *given, session_id]), _answer)
    manager = FlowSessionManager(actor, idempotency=idempotency)
    try:
        VERBS[given.verb](manager, session_id, given)
    except AlreadyAnswered as before:
        return Result(session_id, before.answer["outcome"], before.answer["version"])
    return Result(session_id, _told(manager.outcome), manager.outcome.version)


def _try(actor: Actor, given: Order, session_id: str) -> Result:
    manager = FlowSessionManager(actor, idempotency=Idempotency(None, "", _take_back))
    try:
        VERBS[given.verb](manager, session_id, given)
    except _TakenBack as trial:
        return Result(session_id, trial.outcome)
    raise AssertionError("a trial ends before its commit")


def _answer(_result: Any, outcome: Outcome) -> dict[str, Any]:
    return {"outcome": _told(outcome), "version": outcome.version}


def _take_back(_result: Any, outcome: Outcome) -> dict[str, Any]:
    raise _TakenBack(_told(outcome))


def _told(outcome: Outcome) -> str:
    return DONE if outcome.changed else UNCHANGED


def _within_limits(ids: list[str]) -> list[str]:
    if len(ids) > MOST:
        raise InvalidInput(
            _("More than {most} sessions are meant.").format(most=MOST),
            fix=_("Narrow the filter, or go through them in parts."),
            code="too-many-sessions",
            most=MOST,
        )
    return ids


def _out_of_time() -> Busy:
    return Busy(
        _("The time for one request was over before this session's turn."),
        fix=_("Do the same again for the sessions that are left."),
        code="out-of-time",
    )
