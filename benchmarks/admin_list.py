"""The admin's list of sessions at a million and at a thousand, in turn; prints JSON.

``python -m benchmarks.admin_list fill <sessions>`` fills a fresh database (``VCFLOW_HOME``, ``VCFLOW_DATABASE_URL``).
``python -m benchmarks.admin_list measure <rounds>`` measures the pages of one.
``python -m benchmarks.admin_list compare <rounds> <many> <few>`` does so for two in turn and prints a table;
each is a folder, or ``folder=database-url``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from statistics import median
from typing import Any

import django

from benchmarks.rest_million import ADMIN, MEMBER, NEWCOMER, OWNERS, SESSIONS, TEAMS, fill

PAGES = {
    "everything": "",
    "page 20": "p=20",
    "oldest first": "o=created_at",
    "changed last first": "o=-updated_at",
    "by name": "o=name",
    "by state": "status__exact=PAUSED",
    "by a rare state": "status__exact=PENDING",
    "by workflow": "workflow__id__exact=flow-1",
    "by workflow and state": "workflow__id__exact=flow-1&status__exact=ACTIVE",
    "by owner": "owner=user-1",
    "by team": "team=team-0",
    "mine": "whose=mine",
    "my teams'": "whose=teams",
    "waits for me": "waits=me",
    "one month": "created_at__gte=2025-01-01&created_at__lt=2025-02-01",
    "one day and state": "created_at__gte=2025-01-01&created_at__lt=2025-01-02&status__exact=ACTIVE",
}
SEARCHES = {"search, many": "q=Feature", "search, none": "q=nothing-is-called-so"}
AT_MOST = 2.0
_LIST = "/admin/sessions_app/flowsession/"


def main(what: str, *given: str) -> None:
    """Fill, measure or compare."""
    if what == "compare":
        print(table(compare(int(given[0]), *given[1:3])))
        return
    django.setup()
    if what == "fill":
        count = int(given[0])
        few = {"owner_count": 5, "team_count": 1} if count < SESSIONS else {"owner_count": OWNERS, "team_count": TEAMS}
        fill(count, **few)
    else:
        print(json.dumps(measure(int(given[0]))))


def compare(rounds: int, many: str, few: str) -> list[dict[str, Any]]:
    """Both databases in turn, each in a process of its own; per caller and page the medians of both."""
    found = {place: _run(place, rounds) for place in (many, few)}
    return [
        {"caller": at_many["caller"], "page": at_many["page"], "many": at_many["ms"], "few": at_few["ms"]}
        for at_many, at_few in zip(found[many], found[few], strict=True)
    ]


def measure(rounds: int) -> list[dict[str, Any]]:
    """Per caller and page the milliseconds of a whole request by the clock, the median."""
    clients = {name: client(name) for name in (ADMIN, MEMBER, NEWCOMER)}
    found = []
    for name, asking in clients.items():
        for page, query in {**PAGES, **SEARCHES}.items():
            ask(asking, query)
            found.append({"caller": name, "page": page, "ms": median(ask(asking, query) for _round in range(rounds))})
    return found


def client(username: str) -> Any:
    """A browser of somebody who may look at the admin's pages."""
    from django.contrib.auth.models import Permission, User
    from django.test import Client

    user = User.objects.get(username=username)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_flowsession"))
    made = Client(headers={"accept-language": "en"}, SERVER_NAME="localhost")
    made.force_login(user)
    return made


def ask(asking: Any, query: str) -> float:
    """Milliseconds."""
    begun = time.perf_counter()
    answer = asking.get(f"{_LIST}?{query}", follow=True)
    taken = 1e3 * (time.perf_counter() - begun)
    if answer.status_code != 200:
        raise SystemExit(f"{query}: answered {answer.status_code} {answer.headers}")
    return taken


def table(found: list[Mapping[str, Any]]) -> str:
    """The figures as a Markdown table."""
    lines = ["| caller | list | 1,000,000, ms | 1,000, ms | ratio |", "|---|---|---:|---:|---:|"]
    lines += [
        f"| {row['caller']} | {row['page']} | {row['many']:.1f} | {row['few']:.1f} | {row['many'] / row['few']:.2f} |"
        for row in found
    ]
    return "\n".join(lines)


def _run(place: str, rounds: int) -> list[dict[str, Any]]:
    home, _is, url = place.partition("=")
    environment = {
        **os.environ,
        "VCFLOW_HOME": home,
        "VCFLOW_LANG": "en",
        "DJANGO_SETTINGS_MODULE": "vcflow_site.settings",
    }
    environment |= {"VCFLOW_DATABASE_URL": url} if url else {}
    command = [sys.executable, "-m", "benchmarks.admin_list", "measure", str(rounds)]
    answer = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    told: list[dict[str, Any]] = json.loads(answer.stdout)
    return told


if __name__ == "__main__":
    main(*sys.argv[1:])
