"""Plugins that are Django apps: with models, migrations, admin pages and signals of their own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.module_loading import module_has_submodule

from sessions_app.language import gettext as _
from vcflow_site.plugins import FAULTS, PluginMistake

if TYPE_CHECKING:
    from vcflow_site.plugins import Plugin

_ADMIN = {"vcflow_site.admin_config.WebAdminConfig": "vcflow_site.plugin_admin.AdminWithPlugins"}

_owners: dict[str, list[Plugin]] = {}
"""The plugins of each package that is an app: what goes wrong with it is the fault of all."""
_apps: dict[str, AppConfig] = {}


def beside(installed: Sequence[str], plugins: Iterable[Plugin]) -> list[str | AppConfig]:
    """The apps ``installed`` with those of the plugins' packages, before the last, which loads their hooks."""
    _owners.clear()
    _apps.clear()
    for plugin in plugins:
        with plugin.risk():
            package = app_package(plugin.found.value.partition(":")[0].strip())
            if package and package not in installed:
                _owners.setdefault(package, []).append(plugin)
    names = map(app_name, installed)
    taken = {key: name for name in names for key in (name, name.rpartition(".")[2])}
    for package in _owners:
        _attempt(package, partial(_make, package, taken))
    if not _apps:
        return list(installed)
    *others, last = (_ADMIN.get(name, name) for name in installed)
    return [*others, *_apps.values(), last]


def app_package(module: str) -> str | None:
    """The package with an ``apps.py`` that a module is in, or is; found without importing anything."""
    parts = module.split(".")
    spec = find_spec(parts[0])
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for length in range(len(parts), 0, -1):
        candidates = (os.path.join(folder, *parts[1:length], "apps.py") for folder in folders)
        if any(map(os.path.isfile, candidates)):
            return ".".join(parts[:length])
    return None


def is_app(plugin: Plugin) -> bool:
    """Whether the plugin's package is one of the apps."""
    return any(plugin in plugins for plugins in _owners.values())


def labels() -> set[str]:
    """The labels of the plugins' apps."""
    return {app_config.label for app_config in _apps.values()}


def app_name(entry: str) -> str:
    """The app that an entry of ``INSTALLED_APPS`` means: it may name the app's configuration."""
    return "django.contrib.admin" if entry in _ADMIN else entry.partition(".apps.")[0]


def import_admin_pages() -> None:
    """Import the plugins' ``admin`` modules, before Django does, which would end with the first that fails."""
    from django.contrib.admin import site  # the apps are there only now

    for package, app_config in _apps.items():
        name = f"{app_config.name}.admin"
        if app_config.module and module_has_submodule(app_config.module, "admin"):
            registered = dict(site._registry)
            if not _attempt(package, partial(import_module, name)):
                site._registry = registered
                sys.modules[name] = ModuleType(name)  # what Django finds instead


def _make(package: str, taken: dict[str, str]) -> None:
    """The package's app, its failures caught on the object: it stays what its author made it."""
    app_config = AppConfig.create(package)
    for key in (app_config.name, app_config.label):
        other = taken.setdefault(key, package)
        if other != package:
            message = _("Two apps are called {name}: {first} and {second}.")
            raise PluginMistake(message.format(name=key, first=other, second=package))
    import_models, ready = app_config.import_models, app_config.ready
    app_config.import_models = partial(_import_models, package, import_models)  # type: ignore[method-assign]
    app_config.ready = partial(_attempt, package, ready)  # type: ignore[assignment, method-assign]
    _apps[package] = app_config


def _import_models(package: str, import_models: Callable[[], None]) -> None:
    if not _attempt(package, import_models):
        _apps[package].models = {}  # those that came to be before it failed are in nobody's way


def _attempt(package: str, step: Callable[[], object]) -> bool:
    """Whether a step of an app was done; not when one before it failed."""
    plugins = _owners[package]
    if not any(plugin.fault for plugin in plugins):
        try:
            step()
        except FAULTS as error:
            for plugin in plugins:
                plugin.fail(error)
    return not any(plugin.fault for plugin in plugins)
