"""Answers each line of its input with how the database stands: events, entries, deliveries that wait."""

from __future__ import annotations

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vcflow_site.settings")
django.setup()

from sessions_app.models import FlowSession  # noqa: E402  models can be imported only now
from status_bridge.messages import _plain  # noqa: E402
from status_bridge.models import Delivery, StatusEntry  # noqa: E402


def standing() -> str:
    """The JSON."""
    entries = {entry.session_id: {**entry.as_dict(), "version": entry.version} for entry in StatusEntry.objects.all()}
    events = dict(FlowSession.objects.values_list("pk", "version"))
    waiting = Delivery.objects.filter(state__in=["WAITING", "PARKED"]).count()
    return json.dumps({"events": events, "entries": entries, "waiting": waiting}, default=_plain)


for _line in sys.stdin:
    print(standing(), flush=True)
