"""The commands that mend a refusal, made from the ids that it carries.  Imports no Django."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sessions_app.commands import command_line
from sessions_app.exceptions import FlowError
from sessions_app.language import gettext as _

_NEED_A_REASON = {"session": ("fail", "reopen"), "stage": ("skip",)}


def remedies(error: FlowError, program: str) -> list[str]:
    """The command lines that lead on from ``error``, by the name that this one was called by."""
    known = (_BY_DETAIL[name] for name in _BY_DETAIL if name in error.details)
    find = next(known, _BY_CODE.get(error.code))
    return [command_line(program, *words) for words in find(error.details)] if find else []


def _legal(details: dict[str, Any]) -> Iterable[list[str]]:
    """The allowed verbs of what stands in the way."""
    kind, session_id = details["kind"], details["session_id"]
    for verb in details["allowed_actions"]:
        reason = ["--reason", _("<reason>")] if verb in _NEED_A_REASON[kind] else []
        place = [details["stage_id"], "--session", session_id] if kind == "stage" else [session_id]
        yield [kind, verb, *place, *reason]


def _reachable(details: dict[str, Any]) -> Iterable[list[str]]:
    """The statuses that may be asked for."""
    for status in details["allowed_statuses"]:
        needs_reason = status == "FAILED" or details["status"] == "COMPLETED"
        yield ["status", details["session_id"], "--set", status, *(["--reason", _("<reason>")] if needs_reason else [])]


def _to_begin(_details: dict[str, Any]) -> Iterable[list[str]]:
    yield ["session", "list", "--all"]
    yield ["session", "create", _("<workflow>")]


def _to_find(details: dict[str, Any]) -> Iterable[list[str]]:
    kinds = str(details.get("kind", "")).split(" or ")
    if "workflow" in kinds:
        yield ["list"]
    if "session" in kinds:
        yield ["session", "list", "--all"]
    if "webhook" in kinds:
        yield ["webhook", "list"]


def _to_finish(details: dict[str, Any]) -> Iterable[list[str]]:
    place = ["--session", details["session_id"], "--stage", details["stage_id"]]
    if details["open_items"]:
        yield ["item", "done", *details["open_items"], *place]
    value = _("<value>")
    pairs = [f"{name}={value}" for name in details["missing_deliverables"]]
    if pairs:
        yield ["deliverable", "add", *pairs, *place]


def _to_close(details: dict[str, Any]) -> Iterable[list[str]]:
    if "session_id" in details:
        yield ["next", details["session_id"]]
    else:  # the session was only to be made
        yield ["show", details["workflow_id"]]


def _to_take(details: dict[str, Any]) -> Iterable[list[str]]:
    yield [
        "stage",
        "claim",
        details["stage_id"],
        "--session",
        details["session_id"],
        "--take",
        "--reason",
        _("<reason>"),
    ]


def _to_look(details: dict[str, Any]) -> Iterable[list[str]]:
    yield ["context", details["session_id"]]
    if details["status"] == "ACTIVE" and not details["holder"]:
        yield ["stage", "claim", details["stage_id"], "--session", details["session_id"]]


_BY_DETAIL: dict[str, Callable[[dict[str, Any]], Iterable[list[str]]]] = {
    "allowed_actions": _legal,
    "allowed_statuses": _reachable,
}

_BY_CODE: dict[str, Callable[[dict[str, Any]], Iterable[list[str]]]] = {
    "no-active-session": _to_begin,
    "not-found": _to_find,
    "ambiguous": _to_find,
    "stage-unfinished": _to_finish,
    "stages-open": _to_close,
    "leased": _to_take,
    "lease-lost": _to_look,
    "dependencies-unmet": _to_close,
}
