"""What is built holds everything that the code reads at run time."""

import gettext
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hatch_build import compile_messages

ROOT = Path(__file__).resolve().parents[2]
DATA = [
    "sessions_app/definitions/workflow.schema.json",
    "sessions_app/locale/zh_Hans/LC_MESSAGES/django.mo",
    "sessions_app/workflows/dev.yaml",
    "vcflow_site/static/vcflow_site/icon.svg",
    "vcflow_site/templates/vcflow_site/login_link_void.html",
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("vcflow-*.whl"))) as archive:
        yield archive


@pytest.mark.parametrize("name", DATA)
def test_wheel_holds_the_data(wheel, name):
    assert name in wheel.namelist()


def test_wheel_holds_every_module_and_nothing_else_of_the_checkout(wheel):
    packages = {"sessions_app", "stages_app", "status_bridge", "vcflow_site"}
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == packages
    modules = {path.relative_to(ROOT).as_posix() for package in packages for path in (ROOT / package).rglob("*.py")}
    assert modules <= set(wheel.namelist())


def test_wheel_declares_the_command(wheel):
    entry_points = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert b"vc = vcflow_site.__main__:main" in wheel.read(entry_points)


def test_catalogue_is_compiled_beside_its_source(tmp_path):
    folder = tmp_path / "some_app" / "locale" / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Saved."\nmsgstr "已保存。"\n'
    )
    assert compile_messages(tmp_path) == [folder / "django.mo"]
    before = (folder / "django.mo").open("rb")
    compile_messages(tmp_path)
    with before:  # a reader keeps what it opened: the file was replaced, not written over
        assert os.fstat(before.fileno()).st_nlink == 0
    assert [path.name for path in sorted(folder.iterdir())] == ["django.mo", "django.po"]
    with (folder / "django.mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Saved.") == "已保存。"
