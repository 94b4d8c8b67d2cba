"""Session verbs: the one function that changes a session's status, and what it says when it may not."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Any

from django.db import DatabaseError, models
from django.dispatch import dispatcher

from sessions_app import machine
from sessions_app.change import Change, NothingToDo
from sessions_app.exceptions import FlowError, GuardUnmet, IllegalTransition, InvalidInput
from sessions_app.language import gettext as _
from sessions_app.machine import SESSION_RULES, Rule
from sessions_app.models import CurrentSession, FlowSession
from sessions_app.signals import transition_requested
from sessions_app.states import Level
from sessions_app.text import clean_text
from sessions_app.words import session_state_in_full, verb_name, verb_names

_LOG = logging.getLogger("vcflow.guards")


def perform(change: Change, verb: str, *, reason: str = "", force: bool = False, **columns: Any) -> None:
    """Do ``verb`` to the session of ``change``; ``columns`` are set along with the status."""
    flow_session = change.flow_session
    rule = SESSION_RULES[verb]
    if flow_session.status == rule.target:
        raise NothingToDo
    if flow_session.status not in rule.sources:
        raise illegal_session_verb(flow_session, verb)
    reason = checked_reason(verb, rule, reason, force=force)
    ask_guards(change, flow_session, verb, force=force)
    changes = change.set(status=rule.target, **columns)
    change.record(rule.event, changes, reason=reason, level=event_level(rule.target, force=force))
    let_go_if_ended(flow_session)


def let_go_if_ended(flow_session: FlowSession) -> None:
    """A session that has ended is nobody's current one."""
    if flow_session.status in machine.ENDED:
        CurrentSession.objects.filter(session_id=flow_session.pk).delete()


def ask_guards(change: Change, subject: models.Model, verb: str, *, force: bool) -> None:
    """Whoever listens may refuse ``verb`` by a FlowError; one that fails otherwise refuses it as well."""
    try:
        transition_requested.send(sender=type(subject), change=change, subject=subject, verb=verb, force=force)
    except (FlowError, DatabaseError):
        raise
    except (Exception, SystemExit) as error:
        module = _receiver_of(error.__traceback__)
        _LOG.exception("A receiver of transition_requested failed: %s", module)
        raise GuardUnmet(
            _("A guard in {module} failed, and nothing is changed without its word.").format(module=module),
            fix=_("Mend it, or take its app out of the settings; logs/errors.log says more."),
            code="guard-broken",
            module=module,
        ) from error


def _receiver_of(trace: TracebackType | None) -> str:
    """The module of the receiver that a traceback goes through; the dispatcher's when it didn't get that far."""
    while trace and trace.tb_frame.f_code.co_filename != dispatcher.__file__:
        trace = trace.tb_next
    while trace and trace.tb_next and trace.tb_frame.f_code.co_filename == dispatcher.__file__:
        trace = trace.tb_next
    return str(trace.tb_frame.f_globals["__name__"]) if trace else dispatcher.__name__


def checked_reason(verb: str, rule: Rule, reason: str, *, force: bool) -> str:
    """The reason, cleaned; refused when one is due and none is given."""
    reason = clean_text(reason, _("reason"))
    if reason or not (rule.reason_required or force):
        return reason
    needed = _("A reason is required to {verb}.").format(verb=verb_name(verb))
    raise InvalidInput(
        _("A reason is required to force this.") if force else needed,
        fix=_("Give a reason."),
        code="reason-required",
    )


def event_level(status: str, *, force: bool) -> Level:
    """How much a change to ``status`` matters."""
    if status == machine.FAILED:
        return Level.ERROR
    return Level.WARNING if force or status == machine.ABORTED else Level.INFO


def illegal_session_verb(flow_session: FlowSession, verb: str) -> IllegalTransition:
    """The refusal that names the state and what is allowed from it."""
    return _refusal(
        flow_session, verb, _("The session {id} is {status}: {verb} is not possible."), _("Possible now: {verbs}.")
    )


def _refusal(flow_session: FlowSession, verb: str, message: str, fix: str) -> IllegalTransition:
    allowed = machine.allowed_verbs(SESSION_RULES, flow_session.status)
    return IllegalTransition(
        message.format(id=flow_session.pk, status=session_state_in_full(flow_session.status), verb=verb_name(verb)),
        fix=fix.format(verbs=verb_names(allowed)),
        kind="session",
        session_id=flow_session.pk,
        status=flow_session.status,
        verb=verb,
        allowed_actions=allowed,
    )


def refuse_unless_active(flow_session: FlowSession, verb: str) -> None:
    """Work on stages needs an ACTIVE session."""
    if flow_session.status != machine.ACTIVE:
        raise _refusal(
            flow_session,
            verb,
            _("The session {id} is {status}; in its stages {verb} is not possible."),
            _("Possible now for the session: {verbs}."),
        )


def refuse_if_ended(flow_session: FlowSession, verb: str) -> None:
    """Some things can be done to any session that has not ended."""
    if flow_session.status in machine.ENDED:
        raise illegal_session_verb(flow_session, verb)
