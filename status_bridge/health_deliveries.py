"""How the deliveries are: for each receiver that the caller looks after."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from django.db.models import Count
from django.utils import timezone

from sessions_app.actors import Actor
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from status_bridge.health import Domain, Reason, list_of, score_of
from status_bridge.models import Conflict, Delivery, Lane, Subscription, WorkerBeat

ALIVE = timedelta(seconds=30)
"""A worker that said nothing for so long is taken for dead."""

CONFLICTS = "/api/v1/status/conflicts/"

OFF, PARKED, STUCK, FAILING, DISAGREEING, WELL = "off", "parked", "stuck", "failing", "disagreeing", "well"
STATES = (OFF, PARKED, STUCK, FAILING, DISAGREEING, WELL)


class Receiver(NamedTuple):
    """What is known of one subscription."""

    id: str
    is_active: bool
    is_parked: bool
    is_failing: bool


class Queues(NamedTuple):
    """What is on its way, by subscription."""

    waiting: Counter[str]
    parked: Counter[str]
    failing: Counter[str]
    conflicts: Counter[str]


class Deliveries(NamedTuple):
    """How the receivers are: their ids by state, what is on its way to them, and how many workers live."""

    states: Mapping[str, Sequence[str]]
    queues: Queues
    workers: int


def deliveries_domain(actor: Actor) -> Domain:
    """The domain ``deliveries``."""
    return _domain(*deliveries_of(actor))


def deliveries_of(actor: Actor) -> Deliveries:
    """How the receivers are that the actor looks after: as many queries however many there are."""
    receivers = [
        Receiver(key, is_active, parked_at is not None, failing_since is not None)
        for key, is_active, parked_at, failing_since in Subscription.objects.visible_to(actor)
        .order_by("pk")
        .values_list("pk", "is_active", "parked_at", "failing_since")
    ]
    queues = _queues(actor)
    workers = WorkerBeat.objects.filter(seen_at__gt=timezone.now() - ALIVE).count()
    states: dict[str, list[str]] = defaultdict(list)
    for receiver in receivers:
        states[_state(receiver, queues, has_worker=workers > 0)].append(receiver.id)
    return Deliveries(states, queues, workers)


def _domain(states: Mapping[str, Sequence[str]], queues: Queues, workers: int) -> Domain:
    counted = {state: len(states.get(state, ())) for state in STATES}
    return Domain(
        "deliveries",
        _("Deliveries"),
        score_of(
            sum(counted.values()) - counted[OFF],
            lost=counted[PARKED] + counted[STUCK],
            halved=counted[FAILING] + counted[DISAGREEING],
        ),
        _(
            "floor(100 × points / receivers that are on): one with something parked counts 0, so does one with"
            " something waiting while no worker runs; one that fails, or has a conflict open, counts 0.5, any other 1."
        ),
        {
            "receivers": counted,
            "waiting": queues.waiting.total(),
            "parked": queues.parked.total(),
            "conflicts": queues.conflicts.total(),
            "workers": workers,
        },
        list(_reasons(states, queues)),
    )


def _queues(actor: Actor) -> Queues:
    conflicts = Conflict.objects.visible_to(actor).open().order_by().values_list("subscription").annotate(Count("pk"))
    # The state is written out, for the index of what is on its way is found by these very words.
    on_the_way = Delivery.objects.visible_to(actor).extra(where=["deliveries.state IN ('WAITING', 'PARKED')"])
    pending: dict[str, Counter[str]] = defaultdict(Counter)
    for subscription_id, state, count in (
        on_the_way.order_by().values_list("subscription", "state").annotate(Count("pk"))
    ):
        pending[state][subscription_id] = count
    lanes = Lane.objects.filter(due_at__isnull=False, subscription__in=Subscription.objects.visible_to(actor))
    failing = lanes.filter(failing_since__isnull=False).order_by().values_list("subscription").annotate(Count("pk"))
    return Queues(pending["WAITING"], pending["PARKED"], Counter(dict(failing)), Counter(dict(conflicts)))


def _state(receiver: Receiver, queues: Queues, *, has_worker: bool) -> str:
    if not receiver.is_active:
        return OFF
    if receiver.is_parked or queues.parked[receiver.id]:
        return PARKED
    if queues.waiting[receiver.id] and not has_worker:
        return STUCK
    if receiver.is_failing or queues.failing[receiver.id]:
        return FAILING
    return DISAGREEING if queues.conflicts[receiver.id] else WELL


def _reasons(states: Mapping[str, Sequence[str]], queues: Queues) -> Iterable[Reason]:
    parked, stuck, failing = (states.get(state, ()) for state in (PARKED, STUCK, FAILING))
    if parked:
        text = ngettext(
            "{count} receiver has parked messages: look why, then resume it.",
            "{count} receivers have parked messages: look why, then resume them.",
            len(parked),
        )
        yield Reason(text.format(count=len(parked)), len(parked), list_of(parked))
    if stuck:
        waiting = sum(queues.waiting[key] for key in stuck)
        text = ngettext(
            "{count} message waits and no worker runs: start vc flow worker.",
            "{count} messages wait and no worker runs: start vc flow worker.",
            waiting,
        )
        yield Reason(text.format(count=waiting), waiting, list_of(stuck))
    if failing:
        text = ngettext("{count} receiver fails for now.", "{count} receivers fail for now.", len(failing))
        yield Reason(text.format(count=len(failing)), len(failing), list_of(failing))
    conflicts = queues.conflicts.total()
    if conflicts:
        text = ngettext(
            "{count} conflict waits for somebody to settle it.",
            "{count} conflicts wait for somebody to settle them.",
            conflicts,
        )
        yield Reason(text.format(count=conflicts), conflicts, list=CONFLICTS)
