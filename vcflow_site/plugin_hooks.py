"""What a plugin may say: the hooks, and the marker for functions that answer them.

A plugin imports :data:`hookimpl` from here and defines functions by these names; of the arguments it
names those that it uses.  ``docs/plugins.md`` shows how it is packaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pluggy import HookimplMarker, HookspecMarker

if TYPE_CHECKING:
    from sessions_app.change import Change
    from sessions_app.models import FlowSession, SessionEvent
    from stages_app.models import StageInstance
    from status_bridge.health import Provider
    from status_bridge.sinks.base import Sink

PROJECT = "vcflow"

hookspec = HookspecMarker(PROJECT)

hookimpl = HookimplMarker(PROJECT)
"""Marks a function of a plugin as the answer to the hook of its name."""


@hookspec
def vcflow_event_committed(event: SessionEvent, flow_session: FlowSession) -> None:
    """Something happened, and is on disk: called once for each event, in order, in the process that changed it.

    The caller waits for it.  What it raises is logged and harms nobody.
    """


@hookspec
def vcflow_guard(change: Change, subject: FlowSession | StageInstance, verb: str, force: bool) -> None:
    """A session or a stage (``subject``) is about to change by ``verb``: raise a ``FlowError`` to refuse.

    Called inside the transaction, with the session's row locked, for plugins of the group ``vcflow.guards`` alone.
    ``force``: the caller gave a reason to pass over guards; whether this one can be is its own choice.
    What it raises besides, or answers, refuses the change as well: the guard is broken.
    """


@hookspec
def vcflow_sinks() -> Sequence[type[Sink]]:
    """Classes of receivers that webhooks and the like are joined by; called once, at the start."""
    raise NotImplementedError


@hookspec
def vcflow_domains() -> Mapping[str, Provider]:
    """Domains of the overview's health by their names, each with a function; called once, at the start.

    The function takes an ``Actor`` and answers with a ``Domain`` (``status_bridge/health.py``).
    """
    raise NotImplementedError


HOOKS = ("vcflow_event_committed", "vcflow_guard", "vcflow_sinks", "vcflow_domains")
