"""The plugins of this process: found once, loaded when the apps are ready; what fails is told, and harms nobody.

A plugin is an entry point of the group ``vcflow.plugins``, or of ``vcflow.guards`` if it may refuse
changes: one of those that can't be asked refuses them all.  ``docs/plugins.md`` is for who writes one.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessions_app.language import gettext as _
from vcflow_site.plugin_scan import GUARDS, PLUGINS, Found, entry_points

if TYPE_CHECKING:
    from django.apps import AppConfig

FAULTS = (Exception, SystemExit)
"""What foreign code may raise: a guard that ends the process would look like one that has nothing to say."""

LOGGER = logging.getLogger("vcflow.plugins")


class PluginMistake(Exception):
    """A plugin isn't what it says it is; the text is a sentence for its author."""


@dataclass(eq=False, slots=True)
class Plugin:
    """One entry point and what became of it."""

    found: Found
    is_off: bool = False
    fault: str = ""
    """What went wrong, as a sentence; empty while nothing did."""
    hooks: tuple[str, ...] = ()
    calls: Any = None
    """What calls its hooks by their names."""

    @property
    def name(self) -> str:
        return self.found.name

    @property
    def is_guard(self) -> bool:
        """Whether changes wait for its word."""
        return self.found.group == GUARDS

    @property
    def title(self) -> str:
        """Its name, version and package."""
        return f"{self.name} {self.found.version} ({self.found.distribution})"

    @property
    def state(self) -> str:
        """``active``, ``failed`` or ``off``."""
        if self.is_off:
            return "off"
        return "failed" if self.fault else "active"

    @contextmanager
    def risk(self) -> Iterator[None]:
        """What goes wrong inside is the plugin's fault."""
        try:
            yield
        except FAULTS as error:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Note what went wrong; what went wrong first is what is to be mended."""
        self.fault = self.fault or described(error)


_plugins: list[Plugin] = []


def every() -> Sequence[Plugin]:
    """All that are installed, guards first, then by name."""
    return _plugins


def active(hook: str) -> list[Plugin]:
    """Those that are to be asked when ``hook`` is called."""
    return [plugin for plugin in _plugins if plugin.state == "active" and hook in plugin.hooks]


def with_plugins(installed: Sequence[str], *, off: Collection[str]) -> list[str | AppConfig]:
    """Find the plugins; the apps ``installed`` with those of the plugins that aren't turned ``off``.

    The settings call it, before there are apps.
    """
    _plugins[:] = [Plugin(found, is_off=found.name in off) for found in entry_points()]
    names: dict[str, Plugin] = {}
    for plugin in _plugins:
        if not plugin.is_off:
            with plugin.risk():
                _admit(plugin, names)
    if not _plugins:
        return list(installed)
    from vcflow_site import plugin_apps  # only who has a plugin needs it

    return plugin_apps.beside(installed, [plugin for plugin in _plugins if plugin.state == "active"])


def _admit(plugin: Plugin, names: dict[str, Plugin]) -> None:
    """Refuse what can't be a plugin before anything of it is loaded."""
    if plugin.found.fault:
        raise plugin.found.fault
    if plugin.found.group not in (PLUGINS, GUARDS):
        raise PluginMistake(
            _("There is no group {group} of plugins; use {known}.").format(
                group=plugin.found.group, known=f"{PLUGINS}, {GUARDS}"
            )
        )
    other = names.setdefault(plugin.name, plugin)
    if other is not plugin:
        raise PluginMistake(
            _("Two plugins have the name {name}: {first} and {second}.").format(
                name=plugin.name, first=other.title, second=plugin.title
            )
        )


def load() -> None:
    """Load the hooks and log what went wrong; once all apps are ready."""
    if not _plugins:
        return
    from vcflow_site import plugin_calls  # only who has a plugin needs pluggy

    for plugin in _plugins:
        if plugin.state == "active":
            with plugin.risk():
                plugin_calls.load_hooks(plugin)
    plugin_calls.connect()
    for plugin in _plugins:
        if plugin.state == "failed":
            LOGGER.error("The plugin %s is not used: %s", plugin.title, plugin.fault)


def described(error: BaseException) -> str:
    """What went wrong and where, in one sentence."""
    if isinstance(error, PluginMistake):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
