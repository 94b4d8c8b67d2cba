"""Where vcflow asks and tells its plugins: each is called by itself, so that each answers for itself."""

from __future__ import annotations

import inspect
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.db import DatabaseError
from pluggy import PluginManager

from sessions_app.exceptions import FlowError, GuardUnmet
from sessions_app.language import gettext as _
from sessions_app.signals import event_committed, transition_requested
from sessions_app.text import visible
from vcflow_site import plugin_apps, plugin_hooks, plugins
from vcflow_site.plugin_hooks import HOOKS, PROJECT
from vcflow_site.plugin_scan import GUARDS
from vcflow_site.plugins import FAULTS, LOGGER, Plugin, PluginMistake

if TYPE_CHECKING:
    from sessions_app.models import FlowSession, SessionEvent

GUARD = "vcflow_guard"
EVENT = "vcflow_event_committed"
SINKS = "vcflow_sinks"


def load_hooks(plugin: Plugin) -> None:
    """Import what the entry point names, and see that it is a plugin."""
    target = EntryPoint(plugin.name, plugin.found.value, plugin.found.group).load()
    if isinstance(target, type):
        raise PluginMistake(_("{value} is a class: name an object of it, or a module.").format(value=target.__name__))
    # One manager each: a wrapper of one plugin can't swallow what another one says.
    manager = PluginManager(PROJECT)
    manager.add_hookspecs(plugin_hooks)
    manager.register(target, plugin.name)
    manager.check_pending()
    hooks = tuple(name for name in HOOKS if getattr(manager.hook, name).get_hookimpls())
    _refuse_odd(plugin, hooks)
    _refuse_coroutines(manager, hooks)
    _register_sinks(manager)
    _register_domains(manager)
    plugin.calls, plugin.hooks = manager.hook, hooks


def _refuse_odd(plugin: Plugin, hooks: tuple[str, ...]) -> None:
    if plugin.is_guard and GUARD not in hooks:
        raise PluginMistake(_("It is in the group {group}, but has no {hook}.").format(group=GUARDS, hook=GUARD))
    if GUARD in hooks and not plugin.is_guard:
        raise PluginMistake(_("It has {hook}: move it to the group {group}.").format(hook=GUARD, group=GUARDS))
    if not hooks and not plugin_apps.is_app(plugin):
        raise PluginMistake(_("It has no hooks: mark functions with hookimpl."))


def _refuse_coroutines(manager: PluginManager, hooks: tuple[str, ...]) -> None:
    for name in hooks:
        for implementation in getattr(manager.hook, name).get_hookimpls():
            if inspect.iscoroutinefunction(implementation.function):
                raise PluginMistake(_("{hook} is a coroutine, which nobody awaits.").format(hook=name))


def _register_sinks(manager: PluginManager) -> None:
    if not manager.hook.vcflow_sinks.get_hookimpls():
        return
    from status_bridge.sinks import base  # only who adds a sink waits for it

    sinks = [sink for answer in manager.hook.vcflow_sinks() for sink in answer]
    for sink in sinks:
        if not (isinstance(sink, type) and issubclass(sink, base.Sink)):
            raise PluginMistake(
                _("{hook} gives {answer}: it is no class of sinks.").format(hook=SINKS, answer=repr(sink))
            )
        base.register(sink)


def _register_domains(manager: PluginManager) -> None:
    if not manager.hook.vcflow_domains.get_hookimpls():
        return
    from status_bridge import health  # as above

    for answer in manager.hook.vcflow_domains():
        for name, provider in answer.items():
            health.register_domain(name, provider)


def connect() -> None:
    """Connect the receivers and the check; once, however often it is called."""
    transition_requested.connect(ask_guards, dispatch_uid="vcflow_site.plugins.guards")
    event_committed.connect(tell, dispatch_uid="vcflow_site.plugins.events")
    checks.register(check)


def ask_guards(**arguments: Any) -> None:
    """Each guard may refuse; one that can't be asked, or fails, refuses."""
    asked = {name: arguments[name] for name in ("change", "subject", "verb", "force")}
    for plugin in plugins.every():
        if plugin.is_guard and not plugin.is_off:
            _ask(plugin, asked)


def _ask(plugin: Plugin, asked: dict[str, Any]) -> None:
    if plugin.fault:
        raise _broken(plugin, _("The guard {plugin} can't be asked, and nothing is changed without it."))
    try:
        answers = plugin.calls.vcflow_guard(**asked)
        if answers:
            raise PluginMistake(_("It answered {answer}: a guard refuses by raising.").format(answer=repr(answers[0])))
    except FlowError as refusal:
        refusal.details.setdefault("plugin", plugin.name)
        raise
    except DatabaseError:  # told apart and translated where the transaction ends
        raise
    except FAULTS as error:
        LOGGER.exception("The guard %s failed", plugin.title)
        raise _broken(plugin, _("The guard {plugin} failed, and nothing is changed without its word.")) from error


def _broken(plugin: Plugin, message: str) -> GuardUnmet:
    """What the guard said stays in the log: it may be nothing for everybody's eyes."""
    return GuardUnmet(
        message.format(plugin=visible(plugin.title)),
        fix=_(
            "Mend it, uninstall it, or turn it off with VCFLOW_PLUGINS_OFF={name}; logs/errors.log says more."
        ).format(name=visible(plugin.name)),
        code="guard-broken",
        plugin=plugin.name,
    )


def tell(event: SessionEvent, flow_session: FlowSession, **_signal: Any) -> None:
    """Each plugin hears of the event, whatever the others make of it."""
    for plugin in plugins.active(EVENT):
        try:
            plugin.calls.vcflow_event_committed(event=event, flow_session=flow_session)
        except FAULTS:
            LOGGER.exception("The plugin %s failed at event %s #%d", plugin.title, event.session_id, event.seq)


def check(**_arguments: Any) -> list[checks.CheckMessage]:
    """What ``manage.py check`` says of plugins that failed."""
    failed = [plugin for plugin in plugins.every() if plugin.state == "failed"]
    return [checks.Warning(f"{plugin.title}: {plugin.fault}", id="vcflow.W001") for plugin in failed]
