"""``flow plugin list``: what is installed beside vcflow, and whether it works."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sessions_app.cli.call import Call
from sessions_app.cli.table import Column, table
from sessions_app.language import gettext as _
from sessions_app.language import noop
from sessions_app.masking import shown
from vcflow_site import plugins
from vcflow_site.plugins import Plugin

_STATES = {"active": noop("active"), "failed": noop("failed"), "off": noop("turned off")}


def list_plugins(call: Call) -> None:
    """``list``"""
    found = plugins.every()
    call.show(lambda: [_data(plugin) for plugin in found], lambda: _lines(call, found))


def _data(plugin: Plugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "group": plugin.found.group,
        "distribution": plugin.found.distribution,
        "version": plugin.found.version,
        "state": plugin.state,
        "fault": shown(plugin.fault),
        "hooks": list(plugin.hooks),
    }


def _lines(call: Call, found: Iterable[Plugin]) -> Iterable[str]:
    if not found:
        yield _("There is no plugin.")
        return
    columns = [
        Column(_("Name")),
        Column(_("Version")),
        Column(_("Group")),
        Column(_("State")),
        Column(_("Hooks"), gives=True),
    ]
    yield from table(columns, [_cells(plugin) for plugin in found], width=call.terminal.width)
    for plugin in found:
        if plugin.state == "failed":
            yield ""
            yield f"❌ {shown(plugin.title)}: {shown(plugin.fault)}"


def _cells(plugin: Plugin) -> list[str]:
    found = plugin.found
    hooks = ", ".join(hook.removeprefix("vcflow_") for hook in plugin.hooks)
    cells = [found.name, found.version, found.group, _(_STATES[plugin.state]), hooks or "-"]
    return [shown(cell) for cell in cells]
