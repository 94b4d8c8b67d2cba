"""The REST API: a page of sessions beside a plain Django view, and pages of a million sessions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.harness import CHECKOUT, HarnessError, clean_environment, fresh_folder, say
from benchmarks.rest_million import page_table

REQUESTS = 200


def measure(root: Path, postgresql: str | None) -> tuple[list[Figure], list[str]]:
    """The figure, and a table of pages per engine; ``postgresql`` is the URL of an empty database."""
    say(f"REST: {REQUESTS} pages of 50 sessions with their stages ...")
    costs = json.loads(_program("benchmarks.rest_page", str(REQUESTS), home=fresh_folder(root / "home-rest")))
    figure = Figure(
        "`GET /api/v1/sessions/?expand=stages&limit=50`",
        costs["api"],
        "a plain view with `values()`",
        costs["plain"],
        costs["api"] / costs["plain"],
        bound=1.0,
    )
    return [figure], [_pages(root, *engine) for engine in _engines(postgresql)]


def _engines(postgresql: str | None) -> list[tuple[str, dict[str, str]]]:
    engines: list[tuple[str, dict[str, str]]] = [("SQLite", {})]
    if postgresql:
        return [*engines, ("PostgreSQL", {"VCFLOW_DATABASE_URL": postgresql})]
    say("!!! POSTGRESQL WAS NOT MEASURED: name an empty database with --postgresql")
    return engines


def _pages(root: Path, engine: str, database: Mapping[str, str]) -> str:
    say(f"REST: a million sessions in {engine} ...")
    home = fresh_folder(root / "home-million")
    _program("benchmarks.rest_million", "fill", home=home, **database)
    found: list[dict[str, Any]] = json.loads(_program("benchmarks.rest_million", "9", home=home, **database))
    return f"Pages of 50 of a million sessions in {engine}:\n\n{page_table(found)}"


def _program(module: str, *words: str, home: Path, **more: str) -> str:
    environment = clean_environment(
        VCFLOW_HOME=str(home), DJANGO_SETTINGS_MODULE="vcflow_site.settings", VCFLOW_LANG="en", **more
    )
    done = subprocess.run(
        [sys.executable, "-m", module, *words], cwd=CHECKOUT, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise HarnessError(f"{module} {' '.join(words)} failed: {done.stderr.strip()[-500:]}")
    return done.stdout
