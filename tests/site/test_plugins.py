"""Plugins as people install them: commands and the server in processes of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.markdown import files
from tests.architecture.test_house import ROOT
from tests.site.plugin_packages import GUARD, LISTENER, install
from tests.site.server import serving

EXAMPLE = ROOT / "examples" / "plugins" / "vcflow-release-window"
RELEASE = """
vcflow: 1
id: release-flow
name: Release
stages: [{id: ship, name: Ship}]
"""
COMPLETE = ("stage", "complete", "ship", "--session")
Environ = dict[str, str]


class Site:
    """Data, and plugins beside them, as one user has them."""

    def __init__(self, environ: Environ, plugins: Path) -> None:
        self.plugins = plugins
        self.environ = {**environ, "PYTHONPATH": str(plugins)}

    def run(self, *words: str, status: int = 0, **environ: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(words, env={**self.environ, **environ}, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == status, f"{words}\n{done.stdout}{done.stderr}"
        return done

    def flow(self, *words: str, **environ: str) -> Any:
        """What a command answers."""
        return json.loads(self.run("vc", "flow", *words, "--json", **environ).stdout)["data"]

    def refused(self, *words: str, status: int = 7, **environ: str) -> dict[str, Any]:
        """What a refused command says."""
        said = self.run("vc", "flow", *words, "--json", status=status, **environ).stderr
        diagnostic: dict[str, Any] = json.loads(said.splitlines()[-1])
        return diagnostic

    def session(self) -> str:
        """A session whose last stage could be completed."""
        file = self.plugins.parent / "release.yaml"
        file.write_text(RELEASE)
        self.flow("import", str(file))
        session_id: str = self.flow("session", "create", "release-flow", "--name", "Spring")["id"]
        self.flow("stage", "start", "ship", "--session", session_id)
        return session_id

    def version(self, session_id: str) -> int:
        found: int = self.flow("session", "show", session_id)["version"]
        return found

    def listed(self, **environ: str) -> dict[str, dict[str, Any]]:
        return {plugin["name"]: plugin for plugin in self.flow("plugin", "list", **environ)}

    @property
    def errors(self) -> str:
        log = Path(self.environ["VCFLOW_HOME"]) / "logs" / "errors.log"
        return log.read_text() if log.exists() else ""


@pytest.fixture
def site(ready_environ: Environ, tmp_path: Path) -> Site:
    return Site(ready_environ, tmp_path / "plugins")


@pytest.fixture
def new_site(command_environ: Environ, tmp_path: Path) -> Site:
    """Its first command sets everything up."""
    return Site(command_environ, tmp_path / "plugins")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example plugin, built and installed by pip."""
    folder = tmp_path_factory.mktemp("example")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    words = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder), str(EXAMPLE)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def released(ready_environ: Environ, example: Path, tmp_path: Path) -> Site:
    """A site with the example plugin, for which the window is closed."""
    site = Site(ready_environ, example)
    site.environ |= {"RELEASE_WINDOW_HOURS": "0-0", "RELEASE_WINDOW_LOG": str(tmp_path / "events.jsonl")}
    return site


def test_example_hears_of_events_in_order(released: Site) -> None:
    session_id = released.session()
    released.flow("session", "pause", session_id)
    heard = [json.loads(line) for line in Path(released.environ["RELEASE_WINDOW_LOG"]).read_text().splitlines()]
    assert [(line["session"], line["seq"], line["type"]) for line in heard] == [
        (session_id, 1, "session.created"),
        (session_id, 2, "stage.started"),
        (session_id, 3, "session.paused"),
        (session_id, 4, "stage.paused"),
    ]


def test_example_refuses_in_its_own_words_and_nothing_is_changed(released: Site) -> None:
    session_id = released.session()
    refusal = released.refused(*COMPLETE, session_id)
    assert refusal == {
        "severity": "error",
        "code": "release-window",
        "message": "Releases are completed from 0:00 to 0:00.",
        "fix": "Wait, or force it with a reason.",
        "session_id": session_id,
        "plugin": "release-window",
    }
    assert released.version(session_id) == 2
    assert released.errors == ""
    released.flow(*COMPLETE, session_id, RELEASE_WINDOW_HOURS="0-24")


def test_example_that_is_turned_off_says_nothing(released: Site) -> None:
    session_id = released.session()
    off = {"VCFLOW_PLUGINS_OFF": "other, release-window"}
    assert released.listed(**off)["release-window"]["state"] == "off"
    released.flow(*COMPLETE, session_id, **off)
    assert "session.completed" not in Path(released.environ["RELEASE_WINDOW_LOG"]).read_text()


def test_example_refuses_over_rest_with_the_same_code(released: Site) -> None:
    session_id = released.session()
    scopes = [word for scope in ("read", "work", "decide") for word in ("--scope", scope)]
    token = json.loads(released.run("vc", "token", "create", "t", *scopes, "--json").stdout)["data"]["token"]
    with serving(released.environ) as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request(
            "POST",
            f"/api/v1/sessions/{session_id}/stages/ship/complete/",
            body="{}",
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        problem = json.loads(answer.read())
    assert (answer.status, problem["code"]) == (422, "release-window")
    assert problem["details"]["plugin"] == "release-window"
    assert released.version(session_id) == 2


def test_example_is_shown_with_its_hooks_by_both_programs(released: Site) -> None:
    assert released.listed()["release-window"] == {
        "name": "release-window",
        "group": "vcflow.guards",
        "distribution": "vcflow-release-window",
        "version": "1.0",
        "state": "active",
        "fault": "",
        "hooks": ["vcflow_event_committed", "vcflow_guard", "vcflow_sinks"],
    }
    shown = released.run(sys.executable, "manage.py", "flow", "plugin", "list").stdout
    assert "release-window | 1.0     | vcflow.guards | active | event_committed, guard, sinks" in shown


def test_example_adds_its_kind_of_receiver(released: Site) -> None:
    code = "import django; django.setup(); from status_bridge.sinks import base; print(base.get_sink('chat').label)"
    environ = {"DJANGO_SETTINGS_MODULE": "vcflow_site.settings"}
    assert released.run(sys.executable, "-c", code, **environ).stdout == "chat room\n"


PAGE = ROOT / "docs" / "plugins.md"


@pytest.mark.parametrize("name", ["pyproject.toml", "vcflow_release_window/hooks.py", "vcflow_release_window/chat.py"])
def test_page_shows_the_example_as_it_is(name: str) -> None:
    assert files(PAGE)[Path(name).name] == (EXAMPLE / name).read_text()


def test_page_shows_what_the_example_says(released: Site) -> None:
    session_id = released.session()
    done = released.run("vc", "flow", *COMPLETE, session_id, status=7, RELEASE_WINDOW_HOURS="9-9")
    page = PAGE.read_text()
    assert done.stderr.replace("to 9:00", "to 16:00") in page
    assert released.run("vc", "flow", "plugin", "list").stdout in page


def test_hook_that_raises_is_logged_and_harms_nobody(site: Site) -> None:
    files = {"noisy.py": LISTENER.format(body="raise RuntimeError('postgres://u:hunter2@h/db')")}
    install(site.plugins, "vcflow-noisy", files, plugins={"noisy": "noisy"})
    session_id = site.session()
    site.flow("session", "pause", session_id)
    assert site.version(session_id) == 4
    assert f"The plugin noisy 1.0 (vcflow-noisy) failed at event {session_id} #4" in site.errors
    assert "RuntimeError" in site.errors
    assert "hunter2" not in site.errors


@pytest.fixture(scope="module")
def worked_in(
    made_home: Path, environ_for: Callable[[Path], Environ], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """A data folder in which a session has begun, to be copied; and the session."""
    home = tmp_path_factory.mktemp("worked") / "home"
    shutil.copytree(made_home, home)
    return home, Site(environ_for(home), home.parent / "plugins").session()


@pytest.fixture
def at_work(command_environ: Environ, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Site, str]:
    """A site whose session has begun before any plugin is there."""
    site = Site(command_environ, tmp_path / "plugins")
    if "VCFLOW_DATABASE_URL" in command_environ:
        return site, site.session()
    home, session_id = request.getfixturevalue("worked_in")
    shutil.copytree(home, command_environ["VCFLOW_HOME"])
    return site, session_id


@pytest.mark.parametrize(
    ("module", "what"),
    [
        (GUARD.format(body="1 / 0"), "failed"),
        (GUARD.format(body="raise SystemExit(0)"), "failed"),
        (GUARD.format(body="return False"), "failed"),
        ("import something_that_is_not_there", "can't be asked"),
        ("raise SystemExit(0)", "can't be asked"),
        (LISTENER.format(body="pass"), "can't be asked"),
    ],
)
def test_guard_that_breaks_refuses_and_is_named(at_work: tuple[Site, str], module: str, what: str) -> None:
    site, session_id = at_work
    install(site.plugins, "vcflow-strict", {"strict.py": module}, guards={"strict": "strict"})
    for words in (("session", "pause", session_id), ("stage", "pause", "ship", "--session", session_id)):
        refusal = site.refused(*words)
        assert (refusal["code"], refusal["plugin"]) == ("guard-broken", "strict")
        assert f"The guard strict 1.0 (vcflow-strict) {what}" in refusal["message"]
        assert "VCFLOW_PLUGINS_OFF=strict" in refusal["fix"]
    assert site.version(session_id) == 2
    assert "strict 1.0 (vcflow-strict)" in site.errors
    site.flow("session", "pause", session_id, VCFLOW_PLUGINS_OFF="strict")


def test_plugin_that_can_not_be_imported_is_reported_and_harms_nobody(new_site: Site) -> None:
    site = new_site
    install(site.plugins, "vcflow-lost", {"lost.py": "import not_there"}, plugins={"lost": "lost"}, version="2.1")
    session_id = site.session()
    done = site.run("vc", "flow", "session", "pause", session_id)
    assert done.stderr == ""
    fault = "ModuleNotFoundError: No module named 'not_there' (lost.py:1)"
    assert site.listed()["lost"] | {"hooks": []} == {
        "name": "lost",
        "group": "vcflow.plugins",
        "distribution": "vcflow-lost",
        "version": "2.1",
        "state": "failed",
        "fault": fault,
        "hooks": [],
    }
    assert f"❌ lost 2.1 (vcflow-lost): {fault}" in site.run("vc", "flow", "plugin", "list").stdout
    assert f"The plugin lost 2.1 (vcflow-lost) is not used: {fault}" in site.errors
    assert f"(vcflow.W001) lost 2.1 (vcflow-lost): {fault}" in site.run(sys.executable, "manage.py", "check").stderr


def test_help_loads_neither_pluggy_nor_plugins(new_site: Site) -> None:
    install(new_site.plugins, "vcflow-lost", {"lost.py": "import not_there"}, guards={"lost": "lost"})
    code = (
        "import sys; from vcflow_site.__main__ import main; sys.argv = ['vc', 'flow', 'plugin', '--help']; main();"
        "print([m for m in ('django', 'pluggy', 'importlib.metadata', 'vcflow_site.plugins') if m in sys.modules])"
    )
    assert new_site.run(sys.executable, "-c", code).stdout.endswith("[]\n")


def test_command_without_plugins_loads_nothing_for_them(site: Site) -> None:
    code = (
        "import sys; from vcflow_site.__main__ import main; sys.argv = ['vc', 'flow', 'plugin', 'list']; main();"
        "print([m for m in ('pluggy', 'vcflow_site.plugin_apps', 'vcflow_site.plugin_calls') if m in sys.modules])"
    )
    assert site.run(sys.executable, "-c", code).stdout == "There is no plugin.\n[]\n"
