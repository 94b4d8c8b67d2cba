"""One page of sessions with their stages: the API beside a plain view, in one process; prints JSON.

``python -m benchmarks.rest_page <requests>``, with ``VCFLOW_HOME`` an empty folder.
"""

from __future__ import annotations

import gc
import io
import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import django

SESSIONS, STAGES, ITEMS = 50, ("story", "spec", "coding", "test", "review"), ("first", "second", "third")
API, PLAIN = f"/api/v1/sessions/?expand=stages&limit={SESSIONS}", f"/plain/?limit={SESSIONS}"
WARM_UP = 5

Call = Callable[[str], bytes]
"""Asks for an address; what isn't answered with 200 ends the program."""


def main(requests: int) -> None:
    """Fill, compare what both say, measure, and print the medians in milliseconds of processor time."""
    os.environ["VCFLOW_API_RATE"] = "1000000/minute"
    django.setup()

    from django.conf import settings

    settings.ROOT_URLCONF = "benchmarks.rest_plain"
    call = calling(fill())
    if _told(call(API)) != _told(call(PLAIN)):
        raise SystemExit("the API and the plain view don't say the same")
    costs = interleaved(call, {"api": API, "plain": PLAIN}, requests)
    print(json.dumps({name: median(each) for name, each in costs.items()}))


def _told(body: bytes) -> Any:
    """The rows; Django writes a time's milliseconds alone."""
    return json.loads(re.sub(rb"(\.\d{3})\d{3}Z", rb"\1Z", body))["results"]


def fill() -> str:
    """Sessions of a member of a team who is no administrator, every stage begun; answers with a token of theirs."""
    from django.contrib.auth.models import Group, Permission, User
    from django.core.management import call_command

    from sessions_app.actors import Actor, local_actor
    from sessions_app.definitions.schema import ChecklistItem, Definition, Deliverable, StageDefinition
    from sessions_app.publishing import publish
    from sessions_app.services import FlowSessionManager
    from sessions_app.tokens import create_token
    from stages_app.services import StageInstanceManager

    call_command("migrate", verbosity=0, interactive=False)
    checklist = tuple(ChecklistItem(item, item.title()) for item in ITEMS)
    parts: dict[str, Any] = {"checklist": checklist, "deliverables": (Deliverable("report", "Report"),)}
    stages = tuple(StageDefinition(stage, stage.title(), order, **parts) for order, stage in enumerate(STAGES, 1))
    publish(local_actor(), Definition("bench", "Benchmark", stages))
    user = User.objects.create_user("mei")
    user.groups.add(team := Group.objects.create(name="platform"))
    team.permissions.add(Permission.objects.get(codename="operate_sessions"))
    actor = Actor(user, "python", is_trusted=True)
    flow_sessions, attempts = FlowSessionManager(actor), StageInstanceManager(actor)
    for number in range(SESSIONS + 1):
        context = {"branch": f"feature/{number}", "links": {"issue": f"https://example.org/issues/{number}"}}
        flow_session = flow_sessions.create_session(
            "bench", f"Feature {number}", team="platform", context=context, tags=["backend", "urgent"]
        )
        for stage in STAGES:
            attempt = attempts.run_stage(flow_session.pk, stage)
            attempts.complete_item(attempt.pk, *(ITEMS if stage != STAGES[-1] else ITEMS[:1]))
            if stage != STAGES[-1]:
                attempts.complete_instance(attempt.pk, {"report": f"docs/{stage}.md"})
    return create_token(actor, "bench", scopes=["read", "work", "decide"])[1]


def interleaved(call: Call, addresses: Mapping[str, str], requests: int) -> dict[str, list[float]]:
    """Milliseconds of processor time of each request, in turn."""
    costs: dict[str, list[float]] = {name: [] for name in addresses}
    gc.collect()
    for number in range(requests + WARM_UP):
        for name, address in addresses.items():
            begun = time.process_time()
            call(address)
            if number >= WARM_UP:
                costs[name].append(1e3 * (time.process_time() - begun))
    return costs


def calling(token: str) -> Call:
    """What asks with that token, through the WSGI handler in this process."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    settings.ALLOWED_HOSTS = ["localhost"]
    application = get_wsgi_application()

    def call(address: str) -> bytes:
        path, _mark, query = address.partition("?")
        status: list[str] = []
        environ = {**_ENVIRON, "PATH_INFO": path, "QUERY_STRING": query, "HTTP_AUTHORIZATION": f"Bearer {token}"}
        environ |= {"wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr}
        answer: Any = application(environ, lambda line, *_rest: status.append(line))
        try:
            body = b"".join(answer)
        finally:
            answer.close()
        if status != ["200 OK"]:
            raise SystemExit(f"{address}: {status}, {body[:300]!r}")
        return body

    return call


_ENVIRON = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "localhost",
    "wsgi.url_scheme": "http",
}


if __name__ == "__main__":
    main(int(sys.argv[1]))
