"""Plugins that are Django apps, and what happens when a part of one fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.site.plugin_packages import LISTENER, install
from tests.site.test_plugins import Environ, Site
from vcflow_site import settings
from vcflow_site.plugin_apps import app_name, app_package

SHELF = {
    "shelf/__init__.py": "",
    "shelf/apps.py": """
        from django.apps import AppConfig

        class Shelf(AppConfig):
            name = "shelf"

            def ready(self):
                from sessions_app.signals import event_committed
                from shelf.hooks import keep
                event_committed.connect(keep, dispatch_uid="shelf")
    """,
    "shelf/models.py": """
        from django.db import models

        class Kept(models.Model):
            flow_session = models.ForeignKey("sessions_app.FlowSession", models.CASCADE)
            type = models.CharField(max_length=50)
    """,
    "shelf/admin.py": """
        from django.contrib import admin
        from shelf.models import Kept

        admin.site.register(Kept)
    """,
    "shelf/hooks.py": LISTENER.format(body="pass")
    + """
    def keep(event, **kwargs):
        from shelf.models import Kept
        Kept.objects.create(flow_session_id=event.session_id, type=event.type)
    """,
    "shelf/migrations/__init__.py": "",
    "shelf/migrations/0001_initial.py": """
        from django.db import migrations, models

        class Migration(migrations.Migration):
            dependencies = [("sessions_app", "0001_initial")]
            operations = [
                migrations.CreateModel(
                    "Kept",
                    [
                        ("id", models.BigAutoField(primary_key=True)),
                        ("type", models.CharField(max_length=50)),
                        ("flow_session", models.ForeignKey("sessions_app.FlowSession", models.CASCADE)),
                    ],
                )
            ]
    """,
}

SHOW = """
import django; django.setup()
from django.contrib import admin
from django.apps import apps
kept = apps.get_model("shelf.Kept")
print(admin.site.is_registered(kept), *kept.objects.values_list("type", flat=True))
"""


@pytest.fixture
def site(command_environ: Environ, tmp_path: Path) -> Site:
    return Site(command_environ, tmp_path / "plugins")


def test_plugin_may_have_models_pages_and_receivers(site: Site) -> None:
    install(site.plugins, "vcflow-shelf", SHELF, plugins={"shelf": "shelf.hooks"})
    session_id = site.session()
    site.flow("session", "pause", session_id)
    shown = site.run(sys.executable, "-c", SHOW, DJANGO_SETTINGS_MODULE="vcflow_site.settings").stdout
    assert shown.split() == ["True", "session.created", "stage.started", "session.paused", "stage.paused"]
    assert site.errors == ""


def test_rows_of_a_plugin_go_with_their_session(site: Site) -> None:
    install(site.plugins, "vcflow-shelf", SHELF, plugins={"shelf": "shelf.hooks"})
    session_id = site.session()
    site.flow("session", "delete", session_id, "--force")
    shown = site.run(sys.executable, "-c", SHOW, DJANGO_SETTINGS_MODULE="vcflow_site.settings").stdout
    assert shown.split() == ["True"]


def test_tables_of_a_plugin_that_comes_later_are_made_by_init(ready_environ: Environ, tmp_path: Path) -> None:
    site = Site(ready_environ, tmp_path / "plugins")
    session_id = site.session()
    install(site.plugins, "vcflow-shelf", SHELF, plugins={"shelf": "shelf.hooks"})
    site.run("vc", "flow", "session", "pause", session_id)
    assert "Error calling keep in Signal.send_robust()" in site.errors
    site.run("vc", "init")
    site.run("vc", "flow", "session", "resume", session_id)
    shown = site.run(sys.executable, "-c", SHOW, DJANGO_SETTINGS_MODULE="vcflow_site.settings").stdout
    assert shown.split() == ["True", "session.resumed", "stage.resumed"]


BROKEN = {
    "shelf/__init__.py": "1 / 0",
    "shelf/apps.py": "1 / 0",
    "shelf/models.py": SHELF["shelf/models.py"] + "\n        1 / 0\n",
    "shelf/admin.py": SHELF["shelf/admin.py"] + "\n        1 / 0\n",
    "shelf/hooks.py": "1 / 0",  # which the app imports as it gets ready
}


@pytest.mark.parametrize("path", BROKEN)
def test_app_that_fails_is_reported_and_harms_nobody(site: Site, path: str) -> None:
    install(site.plugins, "vcflow-shelf", SHELF | {path: BROKEN[path]}, plugins={"shelf": "shelf.hooks"})
    session_id = site.session()
    site.flow("session", "pause", session_id)
    site.run(sys.executable, "manage.py", "check")
    site.run(sys.executable, "manage.py", "makemigrations", "--check", "sessions_app", "stages_app", "status_bridge")
    plugin = site.listed()["shelf"]
    assert (plugin["state"], plugin["hooks"]) == ("failed", [])
    assert plugin["fault"].startswith("ZeroDivisionError: ")
    assert Path(path).name in plugin["fault"]


def test_tables_that_a_plugin_lacks_are_its_own_concern(site: Site) -> None:
    files = {path: text for path, text in SHELF.items() if "0001" not in path}
    install(site.plugins, "vcflow-shelf", files, plugins={"shelf": "shelf.hooks"})
    site.run("vc", "init")


def test_session_is_deleted_while_a_model_that_points_to_it_is_broken(site: Site) -> None:
    files = SHELF | {"shelf/models.py": BROKEN["shelf/models.py"]}
    del files["shelf/migrations/0001_initial.py"]
    install(site.plugins, "vcflow-shelf", files, plugins={"shelf": "shelf.hooks"})
    session_id = site.session()
    site.flow("session", "delete", session_id, "--force")


def test_guard_whose_app_fails_refuses(site: Site) -> None:
    install(site.plugins, "vcflow-shelf", SHELF | {"shelf/apps.py": "1 / 0"}, guards={"shelf": "shelf.hooks"})
    session_id = site.flow("session", "create", "dev")["id"]
    assert site.refused("session", "pause", session_id)["code"] == "guard-broken"


def test_plugins_of_one_package_share_its_app_and_its_faults(site: Site) -> None:
    files = SHELF | {"shelf/admin.py": "1 / 0", "shelf/more.py": LISTENER.format(body="pass")}
    install(site.plugins, "vcflow-shelf", files, plugins={"shelf": "shelf.hooks", "more": "shelf.more"})
    faults = {name: plugin["fault"] for name, plugin in site.listed().items()}
    assert set(faults) == {"shelf", "more"}
    assert all(fault.startswith("ZeroDivisionError") for fault in faults.values())


@pytest.mark.parametrize("named", ['label = "admin"', 'label = "sessions_app"', 'label = "first"'])
def test_app_whose_label_is_taken_is_refused_with_both_names(site: Site, named: str) -> None:
    apps = f"""
        from django.apps import AppConfig

        class Second(AppConfig):
            name = "second"
            {named}
    """
    first = {"first/__init__.py": "", "first/apps.py": "", "first/hooks.py": LISTENER.format(body="pass")}
    second = {"second/__init__.py": "", "second/apps.py": apps, "second/hooks.py": LISTENER.format(body="pass")}
    install(site.plugins, "vcflow-first", first, plugins={"first": "first.hooks"})
    install(site.plugins, "vcflow-second", second, plugins={"second": "second.hooks"})
    listed = site.listed()
    assert listed["first"]["state"] == "active"
    assert listed["second"]["fault"].startswith(f"Two apps are called {named.split()[-1].strip(chr(34))}: ")
    assert listed["second"]["fault"].endswith(" and second.")


def test_labels_of_our_apps_are_the_ends_of_their_names() -> None:
    from django.apps import apps

    ends = [app_name(entry).rpartition(".")[2] for entry in settings.INSTALLED_APPS if isinstance(entry, str)]
    assert sorted(ends) == sorted(app_config.label for app_config in apps.get_app_configs())


def test_package_of_an_app_is_found_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("outer/apps.py", "outer/inner/apps.py", "outer/plain/hooks.py", "single.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    expected = {
        "outer": "outer",
        "outer.hooks": "outer",
        "outer.inner": "outer.inner",
        "outer.inner.hooks": "outer.inner",
        "outer.plain.hooks": "outer",
        "single": None,
        "none.x": None,
    }
    assert {module: app_package(module) for module in expected} == expected
