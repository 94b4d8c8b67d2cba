"""The dashboard in a database of any size that the environment names: what each panel costs; prints JSON.

``python -m benchmarks.admin_dashboard fill 1000000`` fills a fresh database by SQL, ``measure 5`` then draws the page
so often per reader, for an administrator and for a member of a team.  The sessions were made over the last year; those
of its last tenth are in all states, of the older ones 3 of 100 were forgotten open.  The sessions of the last quarter
have attempts at three stages each, and pauses.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from statistics import median
from typing import Any

import django

OWNERS, TEAMS, WORKFLOWS = 1_000, 66, 4
ADMIN, MEMBER = "root", "member"
STAGES = ("plan", "build", "test")
YEAR = 365 * 86_400

_NUMBERS = {
    "sqlite": "(WITH RECURSIVE n(n) AS (VALUES({begin}) UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {end})"
    " SELECT n FROM n)",
    "postgresql": "(SELECT generate_series({begin}::bigint, {end} - 1) AS n)",
}
_TIME = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', {}, 'unixepoch')",
    "postgresql": "to_timestamp({})",
}
_ROWS = """(SELECT n, {now} - {year} + n * {year} / {count} AS begun, (n * 7368787) % 1000000007 AS h
FROM {numbers} AS numbers)"""
_STATUS = """CASE WHEN n >= {count} * 9 / 10 THEN
    CASE (h / 67) % 9 WHEN 0 THEN 'ACTIVE' WHEN 1 THEN 'ACTIVE' WHEN 2 THEN 'PAUSED' WHEN 3 THEN 'FAILED'
    WHEN 4 THEN 'ABORTED' ELSE 'COMPLETED' END
ELSE CASE (h / 67) % 100 WHEN 0 THEN 'ACTIVE' WHEN 1 THEN 'PAUSED' WHEN 2 THEN 'FAILED' WHEN 3 THEN 'ABORTED'
    ELSE 'COMPLETED' END END"""
_LASTED = "{share} * (({now} - begun) * 0.9 * (h % 1000) / 1000)"
_SESSIONS = """
INSERT INTO flow_sessions (id, workflow_id, pinned_version_id, name, status, created_at, updated_at, current_stage_id,
    stage_states, context, metadata, tags, owner_id, team_id, version, chain_head, forked_from)
SELECT 'flow-' || (n % {workflows}) || '-' || n, 'flow-' || (n % {workflows}), {version}, 'Feature ' || (h % 999983),
    {status}, {created}, {updated}, CASE h % 3 WHEN 0 THEN 'plan' WHEN 1 THEN 'build' ELSE 'test' END,
    '{{}}', '{{}}', '{{}}', '[]', {first_owner} + h % {owners},
    NULLIF({first_team} - 1 + (h / 1000) % {places}, {first_team} - 1), 2, '', ''
FROM {rows} AS made
"""
_EVENTS = """
INSERT INTO session_events (session_id, seq, type, level, stage_instance_id, actor, door, submitted_by, reason, changes,
    created_at, hash, transaction_id)
SELECT id, {seq}, {type}, 20, '', 'root', 'python', '', '', '{{}}', {at}, '', 1 FROM flow_sessions WHERE {where}
"""
_ENTRIES = """
INSERT INTO status_entries (id, session_id, name, type, status, progress, created_at, updated_at, workflow_id,
    current_stage, version)
SELECT 'FLOW-' || id, id, name, 'FLOW', CASE status WHEN 'ACTIVE' THEN 'IN_PROGRESS' WHEN 'PAUSED' THEN 'ON_HOLD'
    WHEN 'ABORTED' THEN 'CANCELED' ELSE status END, 50, created_at, updated_at, workflow_id, '', 2 FROM flow_sessions
"""
_ATTEMPTS = """
INSERT INTO stage_instances (id, session_id, stage_id, name, attempt, status, started_at, completed_at, context, config,
    metadata, deliverables, is_ad_hoc, is_exclusive, follows_session, lease_holder)
SELECT s.id || '.{stage}.1', s.id, '{stage}', '', 1, 'COMPLETED', s.created_at, s.updated_at, '{{}}', '{{}}', '{{}}',
    '{{}}', {false}, {true}, {false}, '' FROM flow_sessions AS s WHERE s.created_at >= {since}
"""
_PAUSES = """
INSERT INTO session_events (session_id, seq, type, level, stage_instance_id, actor, door, submitted_by, reason, changes,
    created_at, hash, transaction_id)
SELECT session_id, {seq}, '{type}', 20, id, 'root', 'python', '', '', '{{}}', {at}, '', 1
FROM stage_instances WHERE stage_id = 'plan'
"""


def main(what: str, number: int) -> None:
    """Fill or measure."""
    django.setup()
    if what == "fill":
        fill(number)
    else:
        print(json.dumps(measure(number), indent=1))


def fill(count: int) -> None:
    """Migrate, and write everything."""
    from django.contrib.auth.models import Group, Permission, User
    from django.core.management import call_command
    from django.db import connection

    from sessions_app.actors import local_actor
    from sessions_app.definitions.schema import Definition, StageDefinition
    from sessions_app.models import WorkflowVersion
    from sessions_app.publishing import publish

    call_command("migrate", verbosity=0, interactive=False)
    stages = tuple(StageDefinition(stage, stage.title(), place) for place, stage in enumerate(STAGES, 1))
    for number in range(WORKFLOWS):
        publish(local_actor(), Definition(f"flow-{number}", f"Flow {number}", stages))
    owners = User.objects.bulk_create(User(username=f"user-{number}") for number in range(OWNERS))
    teams = Group.objects.bulk_create(Group(name=f"team-{number}") for number in range(TEAMS))
    User.objects.create_superuser(ADMIN)
    member = User.objects.create_user(MEMBER, is_staff=True)
    member.groups.add(teams[0])
    member.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    versions = dict(WorkflowVersion.objects.values_list("workflow", "pk"))
    _write(connection, count, versions, owners[0].pk, teams[0].pk)


def _write(connection: Any, count: int, versions: dict[str, str], first_owner: int, first_team: int) -> None:
    now, vendor = int(time.time()), connection.vendor
    at = _TIME[vendor]
    given = {"now": now, "year": YEAR, "count": count}
    numbers = _NUMBERS[vendor].format(begin=0, end=count)
    version = "CASE n % 4 " + " ".join(f"WHEN {key[-1]} THEN '{pk}'" for key, pk in versions.items()) + " END"
    updated = "begun + " + _LASTED.format(share="0.05", now=now)
    statements = [
        _SESSIONS.format(
            rows=_ROWS.format(numbers=numbers, **given),
            status=_STATUS.format(**given),
            version=version,
            created=at.format("begun"),
            updated=at.format(updated),
            workflows=WORKFLOWS,
            owners=OWNERS,
            first_owner=first_owner,
            first_team=first_team,
            places=TEAMS + 1,
        ),
        _EVENTS.format(seq=1, type="'session.created'", at="created_at", where="true"),
        _EVENTS.format(seq=2, type="'session.' || lower(status)", at="updated_at", where="status <> 'ACTIVE'"),
        _ENTRIES,
    ]
    since = at.format(now - YEAR // 4)
    flags = {"true": "true", "false": "false"}
    statements += [_ATTEMPTS.format(stage=stage, since=since, **flags) for stage in STAGES]
    pauses = (("stage.paused", "started_at", 3), ("stage.resumed", "completed_at", 4))
    statements += [_PAUSES.format(type=kind, at=moment, seq=seq) for kind, moment, seq in pauses]
    with connection.cursor() as cursor:
        if vendor == "postgresql":  # the order of commits is no matter here
            cursor.execute("ALTER TABLE session_events DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        if vendor == "postgresql":  # as it does by itself, by and by
            cursor.execute("ALTER TABLE session_events ENABLE TRIGGER USER")
            cursor.execute("VACUUM ANALYZE")


def measure(rounds: int) -> dict[str, Any]:
    """Per reader: milliseconds of the whole page by the clock and how many queries, and of each panel alone."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    found: dict[str, Any] = {}
    for name in (ADMIN, MEMBER):
        user = User.objects.get(username=name)
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        _get(client)
        times = [_timed(lambda client=client: _get(client)) for _round in range(rounds)]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = _get(client)
        found[name] = {
            "page": round(median(times), 1),
            "queries": len(queries),
            "bytes": len(page),
            "panels": _panels(user, rounds),
        }
        print(name, found[name], file=sys.stderr)
    return found


def _get(client: Any) -> bytes:
    answer = client.get("/admin/")
    assert answer.status_code == 200, answer.status_code
    content: bytes = answer.content
    return content


def _panels(user: Any, rounds: int) -> dict[str, float]:
    """Of each panel alone; those that share what they read cost more here than together."""
    from django.test import RequestFactory

    from sessions_app.actors import Actor
    from sessions_app.admin.dashboard import states
    from sessions_app.admin.panels import View
    from stages_app.admin.dashboard import stuck, waits
    from stages_app.admin.dashboard_flows import flows
    from status_bridge.admin.dashboard import deliveries

    costs = {}
    for panel in (states, waits, stuck, flows, deliveries):
        times = []
        for _round in range(rounds):
            request = RequestFactory().get("/admin/")
            request.user = user
            times.append(_timed(partial(panel, View(request, Actor(user, "admin")))))
        costs[panel.__name__] = round(median(times), 1)
    return costs


def _timed(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - begun)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
