"""The admin's list of sessions at a million and at a thousand, asked in turn; prints a table.

``python -m benchmarks.admin_list fill <sessions>`` fills a fresh database: that of ``VCFLOW_HOME``, or of
``VCFLOW_DATABASE_URL``.  ``python -m benchmarks.admin_list compare <rounds> <many> <few>`` asks two of them for each
page in turn, each from a process of its own; both are folders, or ``folder=database-url``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
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
_LIST = "/admin/sessions_app/flowsession/"


def main(what: str, *given: str) -> None:
    """Fill, compare, or answer a comparison."""
    if what == "compare":
        print(table(compare(int(given[0]), *given[1:3])))
        return
    django.setup()
    if what == "fill":
        count = int(given[0])
        few = {"owner_count": 5, "team_count": 1} if count < SESSIONS else {"owner_count": OWNERS, "team_count": TEAMS}
        fill(count, **few)
    else:
        answer()


def compare(rounds: int, many: str, few: str) -> list[dict[str, Any]]:
    """Per caller and page the milliseconds of a whole request by the clock: the fastest of each.

    Other work that runs at the same time only adds.
    """
    asked = {"many": _begin(many), "few": _begin(few)}
    found = []
    for name in (ADMIN, MEMBER, NEWCOMER):
        for page, query in {**PAGES, **SEARCHES}.items():
            times: dict[str, list[float]] = {size: [] for size in asked}
            for _round in range(rounds + 1):
                for size, process in asked.items():
                    times[size].append(_asked(process, name, query))
            found.append({"caller": name, "page": page, **{size: min(each[1:]) for size, each in times.items()}})
    for process in asked.values():
        process.communicate()
    return found


def answer() -> None:
    """Ask for what each line of the input names, and tell the milliseconds."""
    clients = {name: client(name) for name in (ADMIN, MEMBER, NEWCOMER)}
    for line in sys.stdin:
        name, query = json.loads(line)
        print(ask(clients[name], query), flush=True)


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


def _begin(place: str) -> subprocess.Popen[str]:
    home, _is, url = place.partition("=")
    environment = {**os.environ, "VCFLOW_HOME": home, "VCFLOW_LANG": "en"}
    environment |= {"DJANGO_SETTINGS_MODULE": "vcflow_site.settings"}
    environment |= {"VCFLOW_DATABASE_URL": url} if url else {}
    command = [sys.executable, "-m", "benchmarks.admin_list", "answer"]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _asked(process: subprocess.Popen[str], name: str, query: str) -> float:
    assert process.stdin is not None, "it was begun with pipes"
    assert process.stdout is not None, "it was begun with pipes"
    process.stdin.write(json.dumps([name, query]) + "\n")
    process.stdin.flush()
    return float(process.stdout.readline())


if __name__ == "__main__":
    main(*sys.argv[1:])
