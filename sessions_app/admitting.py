"""Sessions that come as a whole, written with their history: the one place where events are taken over.

What was said elsewhere stays word for word, in the order it had; nothing of it is told to anybody again.  What becomes
another thing here (whose the session is, its id, its version's number) is said by one new event, ``session.imported``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.db import transaction

from sessions_app import storage
from sessions_app.actors import Actor
from sessions_app.change import Change, open_change
from sessions_app.companions import Companion, bearers, companions
from sessions_app.models import FlowSession, Savepoint, SessionEvent, Tombstone, WorkflowDefinition, WorkflowVersion
from sessions_app.parts import State
from sessions_app.rows import table

EVENTS_AT_ONCE = 500
"""Rows of one statement: databases bound its parameters."""

IMPORTED = "session.imported"


class Arrival(NamedTuple):
    """A session that is to be written: its row without whose it is, its state, and where it came from.

    ``events`` and ``savepoints`` are read while they are written; ``finish`` raises unless they were whole.
    ``origin`` is ``{"id", "version", "chain_head"}`` as it was there.
    """

    row: FlowSession
    state: State
    events: Iterable[SessionEvent]
    savepoints: Iterable[Savepoint]
    finish: Callable[[], None]
    origin: Mapping[str, Any]


class Hands(NamedTuple):
    """Into whose hands it comes: the owner, the team, and for each name that has work there the one here."""

    owner: User
    team: Group | None
    users: Mapping[str, str | None]


def admit(actor: Actor, arrival: Arrival, hands: Hands) -> FlowSession:
    """Write the session, in one transaction; a tombstone that told where it lies goes.  Its leases have ended."""
    with open_change(actor, lambda: _row(arrival, hands), action="create-session", is_new=True) as change:
        Tombstone.objects.filter(pk=arrival.row.pk).exclude(archive="").delete()
        head = _write_events(arrival.events)
        for savepoint in arrival.savepoints:
            table(Savepoint).insert([savepoint])
        arrival.finish()
        changes = _put_in(change, arrival, hands)
        change.set(chain_head=head)
        for companion in companions():
            change.at_end(f"admitted.{companion.name}", partial(_follow_up, companion))
        if changes or arrival.row.pk != arrival.origin["id"] or head != arrival.origin["chain_head"]:
            change.record(IMPORTED, {"origin": (None, dict(arrival.origin)), **changes})
    return change.flow_session


def _follow_up(companion: Companion, change: Change) -> None:
    companion.admit(change.flow_session)


def _row(arrival: Arrival, hands: Hands) -> FlowSession:
    arrival.row.owner, arrival.row.team = hands.owner, hands.team
    return arrival.row


def _write_events(events: Iterable[SessionEvent]) -> str:
    """Write them a few at a time; the hash of the last one."""
    head = ""
    for some in _some(iter(events)):
        table(SessionEvent).insert(some)
        head = some[-1].hash
    return head


def _some(events: Iterator[SessionEvent]) -> Iterator[list[SessionEvent]]:
    while some := list(islice(events, EVENTS_AT_ONCE)):
        yield some


def _put_in(change: Change, arrival: Arrival, hands: Hands) -> dict[str, tuple[Any, Any]]:
    """Write the floors' shares, with people of here in them; what an event says of it."""
    own = arrival.state["session"]
    changes: dict[str, tuple[Any, Any]] = {}
    here = {"owner": hands.owner.get_username(), "team": hands.team.name if hands.team else None}
    changes |= {name: (own[name], value) for name, value in here.items() if own[name] != value}
    for bearer in bearers():
        share, changed = bearer.hand_over(arrival.state[bearer.name], hands.users)
        bearer.put_in(change, share)
        changes |= changed
    return changes


def disabled_accounts(names: Iterable[str]) -> dict[str, User]:
    """The users of these names; who is missing gets an account that can't be used: no password, not active."""
    users = get_user_model().objects
    found = {user.get_username(): user for user in users.filter(username__in=list(names))}
    for name in sorted({*names} - found.keys()):
        user = get_user_model()(username=name, is_active=False)
        user.set_unusable_password()
        with storage.translated():
            found[name], _is_new = users.get_or_create(
                username=name, defaults={"is_active": False, "password": user.password}
            )
    return found


def admit_versions(
    workflows: Mapping[str, Mapping[str, Any]], versions: Iterable[WorkflowVersion]
) -> list[WorkflowVersion]:
    """Write versions that aren't there, under their own numbers, in one transaction; those that were written.

    A workflow that is new here comes as it was, retired or not; one that is here stays as it is, and what
    it is called is what its newest version says.
    """
    written = []
    with storage.translated(), transaction.atomic(durable=True):
        for version in sorted(versions, key=lambda each: (each.workflow_id, each.number)):
            if WorkflowVersion.objects.filter(pk=version.pk).exists():
                continue
            _admit_workflow(workflows[version.workflow_id], version)
            WorkflowVersion.objects.bulk_create([version])
            written.append(version)
    return written


def _admit_workflow(line: Mapping[str, Any], version: WorkflowVersion) -> None:
    content = version.content
    described = {name: content[name] for name in ("name", "type", "description", "source_rule")}
    WorkflowDefinition.objects.get_or_create(
        pk=version.workflow_id,
        defaults={
            **described,
            "latest_version": version.number,
            "created_at": line["created_at"],
            "updated_at": version.created_at,
            "retired_at": line["retired_at"],
        },
    )
    newer = WorkflowDefinition.objects.filter(pk=version.workflow_id, latest_version__lt=version.number)
    newer.update(**described, latest_version=version.number, updated_at=version.created_at)
