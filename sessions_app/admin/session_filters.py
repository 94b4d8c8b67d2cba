"""By what the list of sessions is filtered: one table, to which the floors above add what they know.

Each filter is a parameter of the address, so that every page can link to a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.auth.models import Group, User
from django.db import connections
from django.db.models import CharField, F, Func, IntegerField, Q
from django.db.models.lookups import In

from sessions_app import machine
from sessions_app.actors import Actor
from sessions_app.admin.date_drill import read_bound
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.masking import shown
from sessions_app.models import FlowSession, WorkflowDefinition
from sessions_app.querysets import FlowSessionQuerySet
from sessions_app.states import SessionStatus
from sessions_app.words import session_state

Choices = Sequence[tuple[str, str]]
"""Values and what people read in their place."""

MOST_CHOICES = 500

CREATED_FROM, CREATED_BEFORE, SEARCH = "created_at__gte", "created_at__lt", "q"


@dataclass(frozen=True)
class SessionFilter:
    """One parameter.  ``narrow`` raises InvalidInput or ValueError for a value that it can't read.

    ``choices`` are offered in a menu; without them there is a field to type in unless it ``is_hidden``.
    With a ``shortcut`` that value, the only one, is a link above the list instead.
    """

    name: str
    title: str
    narrow: Callable[[Actor, FlowSessionQuerySet, str], FlowSessionQuerySet]
    choices: Callable[[Actor], Choices] | None = None
    is_hidden: bool = False
    shortcut: str = ""


class Mark(NamedTuple):
    """A sign and its words beside a session in the list; ``kind`` is a class of the frame's badges."""

    sign: str
    text: str
    kind: str


Marks = Callable[[Actor, Sequence[FlowSession]], Mapping[str, Iterable[Mark]]]
"""What a floor notes beside sessions, by their ids, in one query."""

_filters: dict[str, SessionFilter] = {}
_marks: list[Marks] = []


def register_filter(given: SessionFilter) -> None:
    """Add a filter; a second one of the same name is refused unless it is the same."""
    if _filters.setdefault(given.name, given) != given:
        raise ValueError(f"two filters are called {given.name!r}")


def register_marks(marks: Marks) -> None:
    """Add what a floor notes beside sessions."""
    if marks not in _marks:
        _marks.append(marks)


def filters() -> Mapping[str, SessionFilter]:
    """All, by their parameters."""
    return _filters


def marked(actor: Actor, rows: Sequence[FlowSession]) -> dict[str, list[Mark]]:
    """What all floors note beside these sessions."""
    found: dict[str, list[Mark]] = {}
    for marks in _marks:
        for session_id, each in marks(actor, rows).items():
            found.setdefault(session_id, []).extend(each)
    return found


def unreadable(given: SessionFilter, value: str) -> InvalidInput:
    """The refusal of a value."""
    return InvalidInput(
        _("The list can't be filtered by {name} {value}.").format(name=_(given.title), value=shown(value[:80])),
        fix=_("Choose another one, or leave the filter out."),
        field=given.name,
    )


def _states(_actor: Actor) -> Choices:
    return [(status, session_state(status)) for status in SessionStatus.values]


def _workflows(_actor: Actor) -> Choices:
    rows = WorkflowDefinition.objects.only("id", "name").order_by("id")[:MOST_CHOICES]
    return [(row.pk, f"{shown(row.display_name)} ({row.pk})") for row in rows]


def _teams(actor: Actor) -> Choices:
    """Those that the actor is in; an administrator has every one to choose from."""
    rows = Group.objects.all() if actor.rights.is_admin else Group.objects.filter(user=actor.user)
    return [(name, shown(name)) for name in rows.order_by("name").values_list("name", flat=True)[:MOST_CHOICES]]


def _whose(_actor: Actor) -> Choices:
    return [("mine", _("mine")), ("teams", _("my teams'"))]


def _by_status(_actor: Actor, rows: FlowSessionQuerySet, value: str) -> FlowSessionQuerySet:
    return rows.filter(status=SessionStatus(value))


def _by_states(_actor: Actor, rows: FlowSessionQuerySet, value: str) -> FlowSessionQuerySet:
    return rows.filter(status__in=[SessionStatus(each) for each in value.split(",")])


def _open_states(_actor: Actor) -> Choices:
    return [(",".join(machine.OPEN), _("open"))]


def _by_workflow(actor: Actor, rows: FlowSessionQuerySet, value: str) -> FlowSessionQuerySet:
    return rows.filter(_is_one_of(actor, rows, "workflow_id", [value]))


def _is_one_of(actor: Actor, rows: FlowSessionQuerySet, column: str, values: Sequence[Any]) -> Q | In:
    """The condition that a column has one of some values; on SQLite no index serves it for those who see a part.

    SQLite would take the index of all sessions with that value, and leave the one of a team's sessions.
    """
    if actor.rights.is_admin or connections[rows.db].vendor != "sqlite":
        return Q(**{column: values[0]} if len(values) == 1 else {f"{column}__in": values})
    kind = IntegerField() if column == "team_id" else CharField()
    return In(Func(F(column), template="+%(expressions)s", output_field=kind), values)


def _by_whose(actor: Actor, rows: FlowSessionQuerySet, value: str) -> FlowSessionQuerySet:
    if value == "mine":
        return rows.filter(owner=actor.user)
    if value != "teams":
        raise ValueError(value)
    teams = list(Group.objects.filter(user=actor.user).order_by().values_list("pk", flat=True))
    return rows.filter(_is_one_of(actor, rows, "team_id", teams)) if teams else rows.none()


def _by_owner(_actor: Actor, rows: FlowSessionQuerySet, value: str) -> FlowSessionQuerySet:
    """The key is looked up first: by a join PostgreSQL may choose to walk all sessions."""
    found = User.objects.filter(username=value).values_list("pk", flat=True).first()
    return rows.none() if found is None else rows.filter(owner=found)


def _by_team(actor: Actor, rows: FlowSessionQuerySet, value: str) -> FlowSessionQuerySet:
    """Of a team that the actor is not in there may be sessions of their own."""
    found = Group.objects.filter(name=value).values_list("pk", flat=True).first()
    if found is None:
        return rows.none()
    is_own = actor.rights.is_admin or found in actor.rights.teams
    return rows.filter(team=found) if is_own else rows.filter(_is_one_of(actor, rows, "team_id", [found]))


def _by_text(_actor: Actor, rows: FlowSessionQuerySet, value: str) -> FlowSessionQuerySet:
    return rows.search(value)


def _created_from(_actor: Actor, rows: FlowSessionQuerySet, value: str) -> FlowSessionQuerySet:
    return rows.filter(created_at__gte=read_bound(value))


def _created_before(_actor: Actor, rows: FlowSessionQuerySet, value: str) -> FlowSessionQuerySet:
    return rows.filter(created_at__lt=read_bound(value))


for _each in (
    SessionFilter(SEARCH, noop("id or name"), _by_text),
    SessionFilter("status__exact", noop("state"), _by_status, _states),
    SessionFilter("status__in", noop("state"), _by_states, _open_states, is_hidden=True),
    SessionFilter("workflow__id__exact", noop("workflow"), _by_workflow, _workflows),
    SessionFilter("whose", noop("whose"), _by_whose, _whose),
    SessionFilter("team", noop("team"), _by_team, _teams),
    SessionFilter("owner", noop("owner"), _by_owner),
    SessionFilter(CREATED_FROM, noop("created from"), _created_from, is_hidden=True),
    SessionFilter(CREATED_BEFORE, noop("created before"), _created_before, is_hidden=True),
):
    register_filter(_each)
