"""Releases are completed in working hours; what happens is kept as lines of JSON."""

import json
import os

from django.utils import timezone

from sessions_app.exceptions import GuardUnmet
from sessions_app.models import FlowSession
from vcflow_release_window.chat import ChatSink
from vcflow_site.plugin_hooks import hookimpl

WORKFLOW = os.environ.get("RELEASE_WINDOW_WORKFLOW", "release-flow")
HOURS = os.environ.get("RELEASE_WINDOW_HOURS", "9-16")
LOG = os.environ.get("RELEASE_WINDOW_LOG", "")


@hookimpl
def vcflow_guard(subject, verb, force):
    """A release is completed within the hours, unless somebody says why not."""
    if verb != "complete" or force or not isinstance(subject, FlowSession) or subject.workflow_id != WORKFLOW:
        return
    begin, end = map(int, HOURS.split("-"))
    if not begin <= timezone.localtime().hour < end:
        raise GuardUnmet(
            f"Releases are completed from {begin}:00 to {end}:00.",
            fix="Wait, or force it with a reason.",
            code="release-window",
            session_id=subject.pk,
        )


@hookimpl
def vcflow_event_committed(event):
    """One line for each event; what looks like a secret is masked in events."""
    if LOG:
        line = {"at": event.created_at.isoformat(), "session": event.session_id, "seq": event.seq, "type": event.type}
        with open(LOG, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


@hookimpl
def vcflow_sinks():
    """A kind of receiver beside the webhook."""
    return [ChatSink]
