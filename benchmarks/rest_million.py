"""A million sessions in the database that the environment names: what pages cost; prints JSON.

``python -m benchmarks.rest_million fill`` fills a fresh database by SQL, and with a number of requests instead
it measures.  The sessions belong to 1,000 users, 4 workflows and 66 teams of 15,000 each; some to none.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from statistics import median
from typing import Any

import django

from benchmarks.rest_page import Call, calling

SESSIONS, OWNERS, TEAMS, WORKFLOWS = 1_000_000, 1_000, 66, 4
ADMIN, MEMBER, NEWCOMER = "root", "member", "newcomer"
ORDERINGS = ("created_at", "updated_at", "name", "id")
SELECTIONS = {
    "all": "",
    "by status": "status=FAILED",
    "by workflow and status": "workflow=flow-1&status=ACTIVE",
    "by owner": "owner=user-7",
}

_STATES = ("ACTIVE", "ACTIVE", "ACTIVE", "PAUSED", "COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "ABORTED")
_FILL = """
INSERT INTO flow_sessions (id, workflow_id, pinned_version_id, name, status, created_at, updated_at, current_stage_id,
    stage_states, context, metadata, tags, owner_id, team_id, version, chain_head, forked_from)
{numbers}
SELECT '{workflow}' || '-' || n, '{workflow}', '{version}', 'Feature ' || (h % 999983), {status}, {time}, {time}, '',
    '{{}}', '{{}}', '{{}}', '[]', {first_owner} + h % {owners},
    NULLIF({first_team} - 1 + (h / 1000) % {places}, {first_team} - 1), 1, '', ''
FROM (SELECT n, (n * 7368787) % 1000000007 AS h FROM numbers) AS hashed
"""
_NUMBERS = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (VALUES({begin}) UNION ALL SELECT n + {step} FROM numbers WHERE n < {end})",
    "postgresql": "WITH numbers AS (SELECT generate_series({begin}::bigint, {end}, {step}) AS n)",
}
_TIME = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', '2025-01-01', (n * 20) || ' seconds')",
    "postgresql": "timestamptz '2025-01-01Z' + n * interval '20 seconds'",
}


def main(what: str) -> None:
    """Fill or measure."""
    os.environ["VCFLOW_API_RATE"] = "1000000/minute"
    django.setup()
    if what == "fill":
        fill()
    else:
        print(json.dumps(measure(int(what))))


def fill(sessions: int = SESSIONS, owner_count: int = OWNERS, team_count: int = TEAMS) -> None:
    """Migrate, and write everything."""
    from django.contrib.auth.models import Group, User
    from django.core.management import call_command
    from django.db import connection, transaction

    from sessions_app.actors import local_actor
    from sessions_app.definitions.schema import Definition, StageDefinition
    from sessions_app.models import WorkflowVersion
    from sessions_app.publishing import publish

    call_command("migrate", verbosity=0, interactive=False)
    for number in range(WORKFLOWS):
        publish(local_actor(), Definition(f"flow-{number}", "Flow", (StageDefinition("build", "Build", 1),)))
    owners = User.objects.bulk_create(User(username=f"user-{number}") for number in range(owner_count))
    teams = Group.objects.bulk_create(Group(name=f"team-{number}") for number in range(team_count))
    User.objects.create_superuser(ADMIN)
    User.objects.create_user(MEMBER).groups.add(teams[0])
    User.objects.create_user(NEWCOMER).groups.add(*Group.objects.bulk_create(Group(name=n) for n in ("new", "newer")))
    versions = WorkflowVersion.objects.order_by("pk").values_list("workflow", "pk")
    for number, (workflow, version) in enumerate(versions):
        end = sessions - WORKFLOWS + number
        values = {
            "numbers": _NUMBERS[connection.vendor].format(begin=number, step=WORKFLOWS, end=end),
            "status": f"CASE (h / 67000) % {len(_STATES)} "
            + " ".join(f"WHEN {place} THEN '{state}'" for place, state in enumerate(_STATES))
            + " END",
            "time": _TIME[connection.vendor],
        }
        statement = _FILL.format(
            **values,
            workflow=workflow,
            version=version,
            first_owner=owners[0].pk,
            owners=owner_count,
            first_team=teams[0].pk,
            places=team_count + 1,
        )
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    if connection.vendor == "postgresql":  # as it does by itself, by and by
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def measure(requests: int) -> list[dict[str, Any]]:
    """Per caller, ordering and selection: milliseconds of the first page and of the last one, by the clock."""
    from sessions_app.models import FlowSession
    from sessions_app.querysets import visible

    found = []
    for name in (ADMIN, MEMBER, NEWCOMER):
        actor, call = caller(name)
        for ordering in [sign + column for column in ORDERINGS for sign in ("-", "")]:
            for selection, query in SELECTIONS.items() if ordering in ("-created_at", "-updated_at") else [("all", "")]:
                rows = FlowSession.objects.filter(visible(actor), **conditions(query))
                cursor = last_cursor(rows, ordering)
                addresses = {"first": f"ordering={ordering}&{query}", "last": f"ordering={ordering}&{query}&{cursor}"}
                costs = {page: cost(call, address, requests) for page, address in addresses.items()}
                found.append({"caller": name, "ordering": ordering, "selection": selection, **costs})
                print(found[-1], file=sys.stderr)
    return found


def caller(name: str) -> tuple[Any, Call]:
    """The user as an actor, and what asks with a new token of theirs."""
    from django.contrib.auth.models import User

    from sessions_app.actors import Actor
    from sessions_app.models import ApiToken
    from sessions_app.tokens import create_token

    user = User.objects.get(username=name)
    ApiToken.objects.filter(user=user).delete()
    return Actor(user, "api"), calling(
        create_token(Actor(user, "python", is_trusted=True), "bench", scopes=["read"])[1]
    )


def conditions(query: str) -> dict[str, str]:
    """A query string as conditions on sessions."""
    columns = {"status": "status", "workflow": "workflow_id", "owner": "owner__username"}
    return {columns[name]: value for name, _is, value in (part.partition("=") for part in query.split("&") if part)}


def last_cursor(rows: Any, ordering: str) -> str:
    """The query that leads to the last fifty rows; empty when there are fewer."""
    from sessions_app.api.pagination import encode
    from sessions_app.api.sessions import PAGES

    way = PAGES.ordering(ordering)
    sign = "" if way.backwards else "-"  # from the other end
    before_last = rows.order_by(*dict.fromkeys([sign + way.column, sign + way.key]))[50:51]
    return "".join(f"cursor={encode(way, row)}" for row in before_last)


def cost(call: Call, query: str, requests: int) -> float:
    """Milliseconds."""
    times = []
    for _request in range(requests):
        begun = time.perf_counter()
        call(f"/api/v1/sessions/?limit=50&{query}")
        times.append(1e3 * (time.perf_counter() - begun))
    return round(median(times), 1)


def page_table(found: list[Mapping[str, Any]]) -> str:
    """The figures as a Markdown table."""
    lines = ["| caller | order | rows | first page, ms | last page, ms |", "|---|---|---|---:|---:|"]
    lines += [
        f"| {row['caller']} | `{row['ordering']}` | {row['selection']} | {row['first']:.1f} | {row['last']:.1f} |"
        for row in found
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1])
