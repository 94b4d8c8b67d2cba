"""What the registry takes and refuses, within this process."""

from __future__ import annotations

import inspect
import re
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from status_bridge import health
from status_bridge.sinks import base
from tests.architecture.test_house import ROOT
from tests.site.plugin_packages import GUARD, LISTENER, Load, install
from vcflow_site import plugin_hooks, plugin_scan, plugins

PAGE = ROOT / "docs" / "plugins.md"


def faults(found: Mapping[str, plugins.Plugin]) -> dict[str, str]:
    return {title: plugin.fault for title, plugin in found.items()}


def test_hooks_are_shown_in_their_order(load: Load, tmp_path: Path) -> None:
    module = LISTENER.format(body="pass") + GUARD.format(body="pass")
    install(tmp_path, "one", {"one.py": module}, guards={"first": "one"})
    found = load()["first 1.0 (one)"]
    assert (found.state, found.hooks) == ("active", ("vcflow_event_committed", "vcflow_guard"))


def test_object_may_be_a_plugin(load: Load, tmp_path: Path) -> None:
    module = """
        from vcflow_site.plugin_hooks import hookimpl

        class Listener:
            @hookimpl
            def vcflow_event_committed(self, event):
                pass

        listener = Listener()
    """
    install(tmp_path, "one", {"one.py": module}, plugins={"object": "one:listener", "class": "one:Listener"})
    assert faults(load()) == {
        "class 1.0 (one)": "Listener is a class: name an object of it, or a module.",
        "object 1.0 (one)": "",
    }


def test_duplicate_name_is_refused_with_both_packages(load: Load, tmp_path: Path) -> None:
    for package in ("one", "two"):
        install(tmp_path, package, {f"{package}.py": LISTENER.format(body="pass")}, plugins={"same": package})
    assert faults(load()) == {
        "same 1.0 (one)": "",
        "same 1.0 (two)": "Two plugins have the name same: same 1.0 (one) and same 1.0 (two).",
    }


def test_guard_has_its_name_before_a_plain_plugin(load: Load, tmp_path: Path) -> None:
    install(tmp_path, "one", {"one.py": LISTENER.format(body="pass")}, plugins={"same": "one"})
    install(tmp_path, "two", {"two.py": GUARD.format(body="pass")}, guards={"same": "two"})
    assert [bool(fault) for fault in faults(load()).values()] == [False, True]


def test_name_that_is_turned_off_is_free(load: Load, tmp_path: Path) -> None:
    install(tmp_path, "one", {"one.py": LISTENER.format(body="1 / 0")}, plugins={"same": "one", "other": "gone"})
    found = load(off=("same", "other"))
    assert {plugin.state for plugin in found.values()} == {"off"}
    assert "one" not in sys.modules


def test_unknown_group_is_refused_with_the_known_ones(load: Load, tmp_path: Path) -> None:
    install(tmp_path, "one", {"one.py": GUARD.format(body="pass")}, guard={"strict": "one"})
    fault = "There is no group vcflow.guard of plugins; use vcflow.plugins, vcflow.guards."
    assert faults(load()) == {"strict 1.0 (one)": fault}


@pytest.mark.parametrize(
    ("module", "fault"),
    [
        (GUARD.format(body="pass"), "It has vcflow_guard: move it to the group vcflow.guards."),
        (LISTENER.format(body="pass").replace("event_committed", "event_comitted"), "unknown hook"),
        (LISTENER.format(body="pass").replace("(event)", "(happening)"), "happening"),
        (LISTENER.format(body="pass").replace("def ", "async def "), "vcflow_event_committed is a coroutine"),
        ("x = 1", "It has no hooks"),
        (LISTENER.format(body="return [int]").replace("event_committed(event)", "sinks()"), "<class 'int'>: it is no"),
        (LISTENER.format(body="return None").replace("event_committed(event)", "sinks()"), ""),
    ],
)
def test_plain_plugin_that_is_none_is_refused(load: Load, tmp_path: Path, module: str, fault: str) -> None:
    install(tmp_path, "one", {"one.py": module}, plugins={"odd": "one"})
    found = load()["odd 1.0 (one)"]
    assert fault in found.fault
    assert bool(found.fault) == bool(fault)


def test_guard_without_a_guard_hook_is_refused(load: Load, tmp_path: Path) -> None:
    install(tmp_path, "one", {"one.py": LISTENER.format(body="pass")}, guards={"odd": "one"})
    assert faults(load()) == {"odd 1.0 (one)": "It is in the group vcflow.guards, but has no vcflow_guard."}


SINK = """
    from status_bridge.sinks.base import Sink
    from vcflow_site.plugin_hooks import hookimpl

    class Mine(Sink):
        kind = "{kind}"
        label = "mine"

    @hookimpl
    def vcflow_sinks():
        return [Mine]
"""


def test_sinks_are_registered_and_duplicates_refused(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "_sinks", dict(base._sinks))
    files = {"one.py": SINK.format(kind="pigeon"), "two.py": SINK.format(kind="pigeon")}
    install(tmp_path, "birds", files, plugins={"one": "one", "two": "two", "three": "two"})
    found = faults(load())
    assert base.get_sink("pigeon").label == "mine"
    assert found["one 1.0 (birds)"] == ""
    for part in ("'pigeon'", "one.Mine", "two.Mine"):
        assert part in found["two 1.0 (birds)"]


DOMAIN = """
    from status_bridge.health import Domain
    from vcflow_site.plugin_hooks import hookimpl

    def tides(actor):
        return Domain("tides", "Tides", 70)

    @hookimpl
    def vcflow_domains():
        return {"tides": tides}
"""


def test_domains_are_registered_and_duplicates_refused(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_providers", {})
    install(tmp_path, "sea", {"one.py": DOMAIN, "two.py": DOMAIN}, plugins={"one": "one", "two": "two"})
    found = faults(load())
    assert [domain.title for domain in health.added_domains(None)] == ["Tides"]
    assert found["one 1.0 (sea)"] == ""
    assert "two domains are called 'tides'" in found["two 1.0 (sea)"]


def test_domain_of_the_page_works() -> None:
    code = next(
        code for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL) if "def vcflow_domains" in code
    )
    names: dict[str, Any] = {}
    exec(code, names)  # the page's own
    domain = names["vcflow_domains"]()["disk"](None)
    assert domain.as_dict()["level"] in health.LEVELS


@pytest.mark.parametrize(
    ("text", "group"),
    [("nothing but a name", "vcflow.plugins"), ("x = one\n[vcflow.guards]\nnothing but a name", "vcflow.guards")],
)
def test_metadata_that_can_not_be_read_is_a_fault_of_its_package(
    load: Load, tmp_path: Path, text: str, group: str
) -> None:
    install(tmp_path, "torn", {}, plugins=text)
    install(tmp_path, "whole", {"one.py": LISTENER.format(body="pass")}, plugins={"one": "one"})
    found = load()
    assert found["one 1.0 (whole)"].state == "active"
    torn = found["torn 1.0 (torn)"]
    assert (torn.state, torn.found.group) == ("failed", group)


def test_half_removed_package_is_shown(load: Load, tmp_path: Path) -> None:
    install(tmp_path, "left", {}, guards={"left": "left"})
    (tmp_path / "left-1.0.dist-info" / "METADATA").unlink()
    assert load()["left ? (?)"].state == "failed"


def test_first_package_on_the_path_hides_others_of_its_name(load: Load, tmp_path: Path) -> None:
    module = {"one.py": LISTENER.format(body="pass")}
    install(tmp_path, "One_Plugin", module, plugins={"new": "one"}, version="2.0")
    install(tmp_path / "old", "one-plugin", module, plugins={"old": "one"})
    sys.path.append(str(tmp_path / "old"))
    try:
        assert list(load()) == ["new 2.0 (One_Plugin)"]
    finally:
        sys.path.remove(str(tmp_path / "old"))


def test_plugin_in_a_zip_file_is_found(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("zipped.py", "1 / 0")
        file.writestr("zipped-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: zipped\nVersion: 1.0\n")
        file.writestr("zipped-1.0.dist-info/entry_points.txt", "[vcflow.guards]\nzipped = zipped\n")
    monkeypatch.syspath_prepend(packed)
    assert list(load()) == ["zipped 1.0 (zipped)"]


def test_metadata_is_left_alone_where_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.distributions", lambda: pytest.fail("looked"))
    assert plugin_scan.entry_points() == []


def test_page_shows_each_hook_as_it_is() -> None:
    page = PAGE.read_text()
    for name in plugin_hooks.HOOKS:
        arguments = ", ".join(inspect.signature(getattr(plugin_hooks, name)).parameters)
        assert f"### `{name}({arguments})`" in page


def test_page_shows_no_other_hooks() -> None:
    page = PAGE.read_text()
    assert set(re.findall(r"\bvcflow_[a-z]+(?:_committed)?\b(?=\()", page)) == set(plugin_hooks.HOOKS)


def test_hooks_are_those_of_the_specifications() -> None:
    specified = [name for name, member in vars(plugin_hooks).items() if hasattr(member, "vcflow_spec")]
    assert specified == list(plugin_hooks.HOOKS)
    assert all(getattr(plugin_hooks, name).__doc__ for name in specified)
