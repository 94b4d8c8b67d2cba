"""How well things are: domains with a score from 0 to 100, and the registry that plugins add theirs to.

``docs/status.md`` has the formulas.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sessions_app.actors import Actor
from sessions_app.language import gettext as _

HEALTHY, ATTENTION, UNHEALTHY, UNKNOWN = "healthy", "attention", "unhealthy", "unknown"
LEVELS = (HEALTHY, ATTENTION, UNHEALTHY, UNKNOWN)
LEAST = {HEALTHY: 80, ATTENTION: 50, UNHEALTHY: 0}
"""The least score of each level."""

MOST_NAMED = 10
"""How many ids a reason names."""

MOST_WORKFLOWS = 200
"""How many workflows the overview lists, the ones with the lowest scores first."""

OWN = ("sessions", "stages", "deliveries")
"""The domains that are there without plugins."""

_LOG = logging.getLogger("vcflow.health")


@dataclass(frozen=True)
class Reason:
    """What keeps a score below 100: a sentence, how many are meant, some of their ids, and what lists them all."""

    text: str
    count: int
    ids: Sequence[str] = ()
    list: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"text": self.text, "count": self.count, "ids": list_of(self.ids), "list": self.list}


@dataclass(frozen=True)
class Domain:
    """One thing to look after; ``title`` and ``formula`` are for people, ``counts`` is JSON data.

    Without a ``score`` nobody knows how it is.
    """

    name: str
    title: str
    score: int | None
    formula: str = ""
    counts: Mapping[str, Any] = field(default_factory=dict)
    reasons: Sequence[Reason] = ()

    @property
    def level(self) -> str:
        """One of ``LEVELS``."""
        return level_of(self.score)

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "name": self.name,
            "title": self.title,
            "score": self.score,
            "level": self.level,
            "formula": self.formula,
            "counts": dict(self.counts),
            "reasons": [reason.as_dict() for reason in self.reasons],
        }


Provider = Callable[[Actor], Domain]
"""Tells of a domain what the actor may see."""

_providers: dict[str, Provider] = {}


def register_domain(name: str, provider: Provider) -> None:
    """Add a domain to the overview; a name is given once, the same provider may come again."""
    if name in OWN:
        raise ValueError(f"two domains are called {name!r}: vcflow's own and {provider!r}")
    known = _providers.setdefault(name, provider)
    if known is not provider:
        raise ValueError(f"two domains are called {name!r}: {known!r} and {provider!r}")


def added_domains(actor: Actor) -> list[Domain]:
    """What the registered providers tell; one that fails is shown as failed and keeps nobody from the rest."""
    return [_told(name, provider, actor) for name, provider in _providers.items()]


def _told(name: str, provider: Provider, actor: Actor) -> Domain:
    try:
        domain = provider(actor)
        if not isinstance(domain, Domain):
            raise TypeError(f"{provider!r} answered {domain!r} in place of a Domain")
        level_of(domain.score)
    except Exception:
        _LOG.exception("The domain %s of the overview can't be told", name)
        text = _("The domain {name} can't be told: its provider failed; logs/errors.log says why.").format(name=name)
        return Domain(name, name, None, reasons=[Reason(text, 1)])
    return domain


def level_of(score: int | None) -> str:
    """The level of a score."""
    if score is None:
        return UNKNOWN
    if not 0 <= score <= 100:
        raise ValueError(f"{score!r} is no score from 0 to 100")
    return next(level for level, least in LEAST.items() if score >= least)


def score_of(total: int, *, lost: int = 0, halved: int = 0) -> int:
    """floor(100 × (total - lost - halved / 2) / total); 100 when there is nothing."""
    return 100 * (2 * (total - lost) - halved) // (2 * total) if total else 100


def list_of(ids: Sequence[str]) -> list[str]:
    """As many ids as a reason names."""
    return list(ids[:MOST_NAMED])
