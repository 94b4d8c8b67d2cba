"""What of the list of sessions an address asks for, and the page of it.

The keys of the first thousand rows are read in one go, by an index that holds all that is asked:
they are the count and every page.  Only the sessions of the page itself are read whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from django.db import connections
from django.db.models import Q

from sessions_app.actors import Actor
from sessions_app.admin.date_drill import Drill, Stretch, drill, read_bound, stretch_between
from sessions_app.admin.lookups import unknown_filter, unreadable_place
from sessions_app.admin.paging import MOST, CappedPaginator
from sessions_app.admin.session_filters import CREATED_BEFORE, CREATED_FROM, SessionFilter, filters, unreadable
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.models import FlowSession
from sessions_app.querysets import FlowSessionQuerySet, ways
from sessions_app.text import NAME_LENGTH, is_reference

T = TypeVar("T")

ON_PAGE = 50
NEWEST_FIRST = "-created_at"
ORDERS: Mapping[str, str] = {
    NEWEST_FIRST: noop("newest first"),
    "created_at": noop("oldest first"),
    "-updated_at": noop("changed last first"),
    "updated_at": noop("changed longest ago first"),
    "name": noop("by name"),
    "-name": noop("by name, backwards"),
}
"""Each by a column that has an index of its own."""

ORDER, PAGE = "o", "p"

_SHOWN = (
    "id",
    "name",
    "workflow__name",
    "pinned_version",
    "status",
    "current_stage_id",
    "stage_states",
    "owner__username",
    "team__name",
    "updated_at",
    "created_at",
)


@dataclass(frozen=True)
class Selection:
    """Who asks for what: the filters' values, an order and a page; ``refusals`` tell what of it can't be read."""

    actor: Actor
    rows: FlowSessionQuerySet
    values: Mapping[str, str] = field(default_factory=dict)
    order: str = NEWEST_FIRST
    page: int = 1
    refusals: tuple[InvalidInput, ...] = ()

    def checked(self) -> Selection:
        """Itself; raises the first refusal: what is done to many must not be done to others than were meant."""
        for refusal in self.refusals:
            raise refusal
        return self

    def query(self, changes: Mapping[str, str] | None = None, *, page: int = 1, without: Iterable[str] = ()) -> str:
        """The query string of the same list with some changes; empty for the list of all."""
        left_out = set(without)
        changed = {**self.values, **(changes or {})}
        values = {name: value for name, value in changed.items() if name not in left_out}
        values |= {ORDER: self.order} if self.order != NEWEST_FIRST else {}
        values |= {PAGE: str(page)} if page > 1 else {}
        return urlencode(values)

    def keys(self, count: int, order: str = NEWEST_FIRST) -> list[str]:
        """The keys of the first rows, at any size."""
        rows = _ordered(self.rows, order)
        # Of one owner or one team they stand in an index of their own, in their order.
        if self.values.keys() & {"owner", "team"} or self.values.get("whose") == "mine":
            return list(rows[:count].values_list("pk", flat=True))
        apart = _ways_apart(self.actor, rows)
        if not apart:
            return list(rows.head(self.actor, count).values_list("pk", flat=True))
        column = order.removeprefix("-")
        first, *others = (rows.filter(way).values_list(column, "pk")[:count] for way in apart)
        found = sorted(first.union(*others), reverse=order.startswith("-"))
        return [key for _value, key in found[:count]]

    @property
    def stretch(self) -> Stretch | None:
        """The whole days that it is narrowed to."""
        if CREATED_FROM not in self.values or CREATED_BEFORE not in self.values:
            return None
        return stretch_between(read_bound(self.values[CREATED_FROM]), read_bound(self.values[CREATED_BEFORE]))


class ListPage(NamedTuple):
    """The sessions of one page; ``is_sortable``: the list may be ordered otherwise than by when they were made."""

    rows: list[FlowSession]
    paginator: CappedPaginator
    number: int
    order: str
    is_sortable: bool


def read_selection(actor: Actor, parameters: Mapping[str, Any]) -> Selection:
    """What the address asks for; what can't be read is left out and told."""
    rows: FlowSessionQuerySet = FlowSession.objects.visible_to(actor)
    values: dict[str, str] = {}
    refusals: list[InvalidInput] = []
    given = {name: str(parameters[name]).strip() for name in parameters}
    for name, known in filters().items():
        value = given.pop(name, "")
        if not value:
            continue
        try:
            rows = _narrowed(actor, rows, known, value)
            values[name] = value
        except InvalidInput as refusal:
            refusals.append(refusal)
    order = _read(given.pop(ORDER, ""), NEWEST_FIRST, _order, refusals)
    page = _read(given.pop(PAGE, ""), 1, _page_number, refusals)
    refusals += [unknown_filter(name) for name in given]
    return Selection(actor, rows, values, order, page, tuple(refusals))


def page_of(selection: Selection) -> ListPage:
    """The page asked for, or the last one if there are fewer."""
    is_everything = selection.actor.rights.is_admin and not selection.values
    is_by_creation = selection.order.lstrip("-") == "created_at"
    way = selection.order if is_by_creation or is_everything else NEWEST_FIRST
    keys = selection.keys(MOST + 1, way)
    # Any order of a thousand rows is cheap; that of more needs an index for each combination of filters.
    is_sortable = is_everything or len(keys) <= MOST
    order = selection.order if is_sortable or is_by_creation else NEWEST_FIRST
    paginator = CappedPaginator(keys, ON_PAGE)
    page = paginator.page(min(selection.page, paginator.num_pages))
    if order == way:
        return ListPage(_in_order(selection.rows, page.object_list), paginator, page.number, order, is_sortable)
    begin = (page.number - 1) * ON_PAGE
    found = _ordered(_whole(selection.rows, keys), order)[begin : begin + ON_PAGE]
    return ListPage(list(found), paginator, page.number, order, is_sortable)


def time_drill(selection: Selection) -> Drill:
    """Where the list stands in time, of all that the actor sees."""

    def link(stretch: Stretch | None) -> str:
        bounds = {CREATED_FROM: str(stretch.first), CREATED_BEFORE: str(stretch.end)} if stretch else {}
        without = () if stretch else (CREATED_FROM, CREATED_BEFORE)
        return f"?{selection.query(bounds, without=without)}"

    oldest = min(_first_made(selection.actor, "created_at"), default=None)
    newest = max(_first_made(selection.actor, NEWEST_FIRST), default=None)
    return drill(oldest, newest, selection.stretch, link, _("All times"))


def _ways_apart(actor: Actor, rows: FlowSessionQuerySet) -> list[Q]:
    """The ways of seeing sessions that PostgreSQL is to be asked for one by one.

    It would walk all sessions in their order until enough of them fulfil an OR.
    """
    apart = ways(actor) if connections[rows.db].vendor == "postgresql" else []
    return apart if len(apart) > 1 else []


def _first_made(actor: Actor, order: str) -> list[datetime]:
    """When the first session in that order was made, or the first in each way of seeing some."""
    seen = _ordered(FlowSession.objects.visible_to(actor), order)
    apart = _ways_apart(actor, seen)
    if not apart:
        return list(seen.head(actor, 1).values_list("created_at", flat=True))
    first, *others = (seen.filter(way).values_list("created_at", flat=True)[:1] for way in apart)
    return list(first.union(*others))


def _ordered(rows: FlowSessionQuerySet, order: str) -> FlowSessionQuerySet:
    return rows.order_by(order, "-id" if order.startswith("-") else "id")


def _whole(rows: FlowSessionQuerySet, keys: Iterable[str]) -> FlowSessionQuerySet:
    """The sessions of these keys, which were read among ``rows``; their conditions again would mislead SQLite."""
    found = FlowSessionQuerySet(rows.model, using=rows.db).filter(pk__in=list(keys))
    return found.select_related("workflow", "owner", "team").only(*_SHOWN)


def _in_order(rows: FlowSessionQuerySet, keys: Any) -> list[FlowSession]:
    found = {row.pk: row for row in _whole(rows, keys).order_by()}
    return [found[key] for key in keys if key in found]


def _narrowed(actor: Actor, rows: FlowSessionQuerySet, known: SessionFilter, value: str) -> FlowSessionQuerySet:
    if not is_reference(value) or len(value) > NAME_LENGTH:
        raise unreadable(known, value)
    try:
        return known.narrow(actor, rows, value)
    except ValueError:
        raise unreadable(known, value) from None


def _read(text: str, default: T, read: Callable[[str], T], refusals: list[InvalidInput]) -> T:
    try:
        return read(text) if text else default
    except ValueError:
        refusals.append(unreadable_place(text))
        return default


def _order(text: str) -> str:
    if text not in ORDERS:
        raise ValueError(text)
    return text


def _page_number(text: str) -> int:
    number = int(text[:10])
    if number < 1:
        raise ValueError(text)
    return number
