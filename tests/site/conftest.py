"""What the tests of the site share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site.plugin_packages import Load
from vcflow_site import plugins


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Loads what was installed into ``tmp_path``; forgotten at the end."""
    monkeypatch.syspath_prepend(tmp_path)
    modules = set(sys.modules)

    def load(*, off: tuple[str, ...] = ()) -> dict[str, plugins.Plugin]:
        plugins.with_plugins(["vcflow_site"], off=off)
        plugins.load()
        return {plugin.title: plugin for plugin in plugins.every()}

    yield load
    monkeypatch.undo()
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    assert plugins.with_plugins([], off=()) == []
