"""Stock Django projects to hold our settings against: as ``startproject`` makes them, with more apps.

Each function makes the project in a folder and answers with the environment that selects it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

THIRD_PARTY = ("rest_framework", "django_filters")
OUR_APPS = ("sessions_app", "stages_app", "status_bridge", "vcflow_site")


def project_with_our_apps(folder: Path) -> dict[str, str]:
    """Stock settings with the very apps that ours name."""
    return _project(folder, (*THIRD_PARTY, *OUR_APPS))


def project_with_empty_apps(folder: Path, models: Mapping[str, int]) -> dict[str, str]:
    """Stock settings with apps that have as many models as ours (``models``: label → number), and nothing else."""
    environment = _project(folder, (*THIRD_PARTY, *(f"empty_{label}" for label in models)))
    for label, count in models.items():
        _admin(folder, "startapp", f"empty_{label}")
        lines = ["from django.db import models", ""]
        for number in range(count):
            lines += ["", f"class Model{number}(models.Model):", "    name = models.CharField(max_length=200)", ""]
        (folder / f"empty_{label}" / "models.py").write_text("\n".join(lines))
    return environment


def _project(folder: Path, apps: Iterable[str]) -> dict[str, str]:
    folder.mkdir(parents=True)
    _admin(folder, "startproject", "stock", ".")
    with (folder / "stock" / "settings.py").open("a") as settings:
        settings.write(f"\nINSTALLED_APPS += {list(apps)!r}\n")
    return {"DJANGO_SETTINGS_MODULE": "stock.settings", "PYTHONPATH": str(folder)}


def _admin(folder: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "django", *words], cwd=folder, check=True)
