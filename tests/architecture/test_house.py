"""The rules of the house that neither ruff nor import-linter can hold."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("sessions_app", "stages_app", "status_bridge", "vcflow_site")
SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
)

LONGEST_FILE = 300

# Whoever changes rows is listed here, so that no way around the verbs comes to be unseen.
WRITERS = {
    "sessions_app/actors.py",  # the local user
    "sessions_app/admitting.py",  # sessions that come as a whole, with their history
    "sessions_app/api/authentication.py",  # when a token was used last
    "sessions_app/checkups/tables.py",  # forgets current sessions that have ended
    "sessions_app/change.py",  # the one way for every change
    "sessions_app/chores.py",  # when a chore is due
    "sessions_app/current.py",
    "sessions_app/feed_clock.py",  # the order of restored events
    "sessions_app/idempotency.py",
    "sessions_app/keeping.py",  # savepoints, inside a change
    "sessions_app/models/guarded.py",  # refuses to save what is stored
    "sessions_app/publishing.py",
    "sessions_app/rates.py",
    "sessions_app/retention.py",  # answers of idempotency keys that are old
    "sessions_app/rows.py",  # the statements that the verbs use
    "sessions_app/saved_views.py",  # which concern no session
    "sessions_app/services.py",
    "sessions_app/tokens.py",
    "sessions_app/verbs.py",
    "stages_app/attempts.py",
    "stages_app/items.py",
    "stages_app/leases.py",  # who holds a stage; a heartbeat is no event
    "stages_app/putting_back.py",  # what a savepoint has of them
    "stages_app/steps.py",
    "stages_app/verbs.py",
    "status_bridge/checkups.py",  # lanes that nobody would take up
    "status_bridge/conflicts.py",
    "status_bridge/entries.py",  # the entries, from their sessions
    "status_bridge/outbox.py",  # messages, with their cause
    "status_bridge/lanes.py",  # what people do with messages that wait
    "status_bridge/leases.py",  # who delivers a lane
    "status_bridge/results.py",  # what became of a message
    "status_bridge/upkeep.py",  # workers that live, and what is forgotten
    "status_bridge/subscriptions.py",
    "status_bridge/subscription_deliveries.py",
    "status_bridge/incoming.py",
    "status_bridge/tracking_links.py",
    "vcflow_site/backups/content.py",  # counts and heads
    "vcflow_site/backups/postgres_copy.py",  # replaces all
    "vcflow_site/backups/rehearsal.py",  # makes and drops a scratch database
    "vcflow_site/doctor/schema.py",  # reads what the database says of itself
    "vcflow_site/health.py",  # SELECT 1
    "vcflow_site/login_links.py",  # uses a link up
    "vcflow_site/provision.py",  # VACUUM INTO, the first admin
    "vcflow_site/sqlite/base.py",  # makes the cursors that all use
    "vcflow_site/stamp.py",
}

ORM_WRITES = {"save", "asave", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "create_superuser"}


@cache
def parsed(source: str) -> ast.Module:
    return ast.parse((ROOT / source).read_text())


def method_calls(source: str) -> Iterator[tuple[str, ast.Call]]:
    """Each method call of a file, with the method's name."""
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


def goes_through_a_manager(call: ast.Call) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == "objects" for node in ast.walk(call.func))


def is_write(method: str, call: ast.Call) -> bool:
    if method == "update":  # a query set takes keywords alone, a dict or a hash does not
        return bool(call.keywords) and not call.args
    return method in ORM_WRITES or (method in ("create", "delete") and goes_through_a_manager(call))


def imports_rows(source: str) -> bool:
    imports = [node for node in ast.walk(parsed(source)) if isinstance(node, ast.ImportFrom)]
    return any(node.module == "sessions_app.rows" for node in imports)


def writes(source: str) -> bool:
    calls = list(method_calls(source))
    methods = {method for method, _call in calls}
    if "cursor" in methods or (imports_rows(source) and methods & {"insert", "update"}):
        return True
    return any(is_write(method, call) for method, call in calls)


@pytest.mark.parametrize("source", SOURCES)
def test_file_is_no_longer_than_a_room(source):
    assert len((ROOT / source).read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("source", SOURCES)
def test_save_names_its_fields(source):
    careless = [
        call.lineno
        for method, call in method_calls(source)
        if method in ("save", "asave")
        # None is ``**kwargs``: what the caller named is passed on.
        and not {"update_fields", None} & {keyword.arg for keyword in call.keywords}
    ]
    assert careless == []


def test_rows_are_changed_by_the_listed_writers_alone():
    assert {source for source in SOURCES if writes(source)} == WRITERS
