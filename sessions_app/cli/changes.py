"""How every change is asked for and answered: once per idempotency key, with what is legal next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from django.db import transaction

from sessions_app.change import Outcome
from sessions_app.cli.call import Call, Step
from sessions_app.cli.terminal import as_read
from sessions_app.current import Chosen
from sessions_app.idempotency import AlreadyAnswered, Idempotency, fingerprint
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.models import FlowSession
from sessions_app.services import Manager
from sessions_app.text import visible
from sessions_app.words import session_state, stage_state

AnyManager = TypeVar("AnyManager", bound=Manager)

_NOT_THE_REQUEST = ("as_user", "command", "idempotency_key", "json", "lease", "yes")

_RULES = {
    "environment": noop("VCFLOW_SESSION names it"),
    "switched": noop("it is your current session"),
    "only-active": noop("it is your only active session"),
    "asked": noop("you picked it"),
}
_RULES_BEFORE = {
    **_RULES,
    "switched": noop("it was your current session"),
    "only-active": noop("it was your only active session"),
}
"""The same of a session that another one was made from."""


class Report(Protocol):
    """What a kind of change says about its result."""

    def session(self, result: Any) -> FlowSession | None:
        """The session as it is now; None when it is gone."""

    def data(self, result: Any) -> dict[str, Any]:
        """The result as JSON data; may say ``changed`` where no event does."""

    def sentence(self, result: Any, outcome: Outcome) -> str:
        """One line of what happened."""


def change(
    call: Call,
    manager_class: type[AnyManager],
    verb: Callable[[AnyManager, str], Any],
    report: Report,
    *,
    in_session: bool = True,
) -> None:
    """Do ``verb`` (given the session's id, empty unless it is done ``in_session``) and answer.

    A key that was answered before is looked at first: the session that was meant then
    may not be the one that is meant now.
    """
    chosen: Chosen | None = None

    def answer(result: Any, outcome: Outcome) -> dict[str, Any]:
        return _answer(call, report, result, outcome, chosen)

    def stored(result: Any, outcome: Outcome) -> Any:
        return as_read(answer(result, outcome))

    idempotency = _idempotency(call, stored)
    try:
        if idempotency:
            _refuse_second_time(call, idempotency)
        chosen = call.chosen_session() if in_session else None
        manager = manager_class(call.actor, idempotency=idempotency, lease=call.lease)
        result = verb(manager, chosen.flow_session.pk if chosen else "")
    except AlreadyAnswered as again:
        _replay(call, again.answer)
        return
    outcome = manager.outcome
    _remember(call, report, result, outcome)
    if not call.json:
        for warning in outcome.warnings:
            call.warn(warning)
    call.show(lambda: answer(result, outcome), lambda: _lines(call, report, result, outcome, chosen))


def _remember(call: Call, report: Report, result: Any, outcome: Outcome) -> None:
    """So that an answer that can't be written is not taken for a refusal."""
    flow_session = report.session(result)
    if flow_session:
        told = _("It was done: {id} is at event {version}.").format(id=flow_session.pk, version=outcome.version)
        call.terminal.remember_done(told, call.command("session", "show", flow_session.pk))
    else:
        told = _("It was done, as event {version}.").format(version=outcome.version)
        call.terminal.remember_done(told, call.command("session", "list", "--all"))


def _idempotency(call: Call, answer: Callable[[Any, Outcome], dict[str, Any]]) -> Idempotency | None:
    if call.args.idempotency_key is None:
        return None
    arguments = {name: value for name, value in vars(call.args).items() if name not in _NOT_THE_REQUEST}
    return Idempotency(call.args.idempotency_key, fingerprint([call.args.command.handler, arguments]), answer)


def _refuse_second_time(call: Call, idempotency: Idempotency) -> None:
    """Raise AlreadyAnswered when the key is taken; takes nothing itself."""
    with transaction.atomic():
        idempotency.claim(call.actor)
        transaction.set_rollback(True)


def _replay(call: Call, answer: Mapping[str, Any]) -> None:
    call.show(lambda: {**answer, "replayed": True}, lambda: _replay_lines(answer))


def _replay_lines(answer: Mapping[str, Any]) -> Iterable[str]:
    """What was told then, as far as the stored answer has it."""
    told = _("This was done before with the same key, as event {version}: nothing was done again.")
    yield told.format(version=answer["version"])
    flow_session = answer.get("session", answer)
    if "session" in answer and "status" in answer:
        state = stage_state(answer["status"])
        yield _("   Stage: {stage}, {status} then").format(stage=answer["stage_id"], status=state)
    if "status" in flow_session:
        state = session_state(flow_session["status"])
        yield _("   Session: {id} ({name}), {status} then").format(
            id=flow_session["id"], name=visible(flow_session["name"]), status=state
        )
    elif "seq" in flow_session:
        yield _("   Savepoint: {id}").format(id=flow_session["id"])
    else:
        yield _("   Deleted: {id}").format(id=flow_session["id"])
    # Why each made sense was told in the language of whoever asked first.
    if answer["next"]:
        yield from ["", _("Next, as it was then:"), *(f"- {step['command']}" for step in answer["next"])]


def _answer(call: Call, report: Report, result: Any, outcome: Outcome, chosen: Chosen | None) -> dict[str, Any]:
    data = report.data(result)
    return {
        **data,
        "version": outcome.version,
        "changed": data.get("changed", outcome.changed),
        "warnings": outcome.warnings,
        "next": _next_steps(call, report.session(result)),
        **({"chosen_by": chosen.rule} if chosen and chosen.rule != "option" else {}),
    }


def _lines(call: Call, report: Report, result: Any, outcome: Outcome, chosen: Chosen | None) -> Iterable[str]:
    yield report.sentence(result, outcome)
    if chosen:
        yield from _origin_lines(chosen) if _is_another(chosen, report.session(result)) else chosen_lines(chosen)
    yield from next_lines(_next_steps(call, report.session(result)))


def _is_another(chosen: Chosen, made: FlowSession | None) -> bool:
    return made is not None and made.pk != chosen.flow_session.pk


def _origin_lines(chosen: Chosen) -> Iterable[str]:
    """Which session another one was made from, when none was named; the new one is the current one now."""
    if chosen.rule != "option":
        why = _(_RULES_BEFORE[chosen.rule])
        yield _("   Made from: {id} ({why})").format(id=chosen.flow_session.pk, why=why)


def _next_steps(call: Call, flow_session: FlowSession | None) -> list[dict[str, str]]:
    if flow_session:
        return call.next_steps(flow_session)
    return call.commands([Step(["session", "list"], _("list the sessions that are left"))])


def chosen_lines(chosen: Chosen) -> Iterable[str]:
    """Which session was meant and why, when none was named."""
    if chosen.rule != "option":
        yield _("   Session: {id} ({why})").format(id=chosen.flow_session.pk, why=why_chosen(chosen))


def why_chosen(chosen: Chosen) -> str:
    """The rule that chose the session, in words; empty when it was named."""
    return _(_RULES[chosen.rule]) if chosen.rule != "option" else ""


def next_lines(steps: Sequence[Mapping[str, str]]) -> Iterable[str]:
    """The legal next commands."""
    if steps:
        yield ""
        yield _("Next:")
    for step in steps:
        yield f"- {visible(step['why'])}: {step['command']}"
