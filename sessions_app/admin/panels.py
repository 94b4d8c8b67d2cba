"""Sections of pages, as one registry on the ground.

A session's page and the dashboard show what the floors above know.  Each floor registers its
panels when its admin package is imported; a plugin may do so too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from sessions_app.actors import Actor
from sessions_app.models import FlowSession

Place = Literal["session", "dashboard", "workflow"]


@dataclass(frozen=True)
class View:
    """What a panel is drawn for.

    On a session's page ``flow_session`` is set, and ``data`` is its JSON form with what each floor
    knows of it, masked, with the actions that the actor may do.  On a workflow's page ``data`` has
    its ``workflow_id``.
    """

    request: HttpRequest
    actor: Actor
    flow_session: FlowSession | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> FlowSession:
        """The session of a session's page."""
        assert self.flow_session is not None, "only a session's page has one"
        return self.flow_session


@dataclass(frozen=True)
class Panel:
    """One section.  ``template`` begins with an ``<h2 id="heading-<key>">``.

    ``context`` answers with what the template needs, or with None to leave the panel out.
    ``is_wide``: it takes the page's whole width.
    """

    key: str
    order: int
    template: str
    context: Callable[[View], Mapping[str, Any] | None]
    is_wide: bool = True


_panels: dict[tuple[Place, str], Panel] = {}


def register_panel(place: Place, panel: Panel) -> None:
    """Add a panel to a page; a second one of the same key is refused unless it is the same."""
    known = _panels.setdefault((place, panel.key), panel)
    if known != panel:
        raise ValueError(f"two panels of {place!r} are called {panel.key!r}")


def drawn_panels(place: Place, view: View) -> list[dict[str, Any]]:
    """The panels of a page in their order, drawn: ``{"key", "is_wide", "html"}``."""
    found = sorted((panel for (where, _key), panel in _panels.items() if where == place), key=lambda panel: panel.order)
    drawn = ((panel, _draw(panel, view)) for panel in found)
    return [{"key": panel.key, "is_wide": panel.is_wide, "html": html} for panel, html in drawn if html is not None]


def _draw(panel: Panel, view: View) -> SafeString | None:
    context = panel.context(view)
    if context is None:
        return None
    around = {"flow_session": view.flow_session, "data": view.data}
    return render_to_string(panel.template, {**around, **context}, request=view.request)
