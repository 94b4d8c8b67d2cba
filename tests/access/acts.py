"""What is done to sessions and stages on the admin's pages: in which scene, by which form, and whether it was done."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q

from sessions_app.models import SessionEvent, Tombstone
from tests.access.matrix import Row
from tests.access.world import Names

_SESSION, _STAGE = "/admin/sessions_app/flowsession/{object_id}/do/", "/admin/stages_app/stageinstance/"

SCENES: Mapping[tuple[str, str], str] = {
    (_SESSION, "start"): "pending",
    (_SESSION, "resume"): "paused",
    (_SESSION, "reopen"): "completed",
    (_STAGE, "start"): "stage ready",
    (_STAGE, "resume"): "stage paused",
    (_STAGE, "retry"): "stage failed",
    (_STAGE, "take"): "held",
}

FORMS: Mapping[str, Mapping[str, str]] = {
    "note": {"text": "so"},
    "update": {"key": "branch", "value": "main"},
    "delete": {"confirm": "{session_id}"},
    "complete": {"force": "on"},
    "assign": {"assignee": "root"},
    "items": {"done": "write"},
    "deliverables": {"name": "spec", "value": "here"},
    "fork": {"name": "Other"},
}


def verb_of(row: Row) -> str:
    """The verb, by the row's case or the address's end."""
    return row.case.partition("; ")[2] or row.request.rstrip("/").rpartition("/")[2]


def is_act(row: Row) -> bool:
    """Whether something is done to a session or a stage at the row's address."""
    path = row.request.split()[1]
    writes = "/do/" in path or "{session_id}" in path or path.endswith(("/items/", "/deliverables/"))
    return path.startswith(_SESSION) or "/savepoints/" in path or (path.startswith(_STAGE) and writes)


def scene_of(row: Row) -> str:
    """The state in which the session or stage must be for it."""
    path = row.request.split()[1]
    if "/savepoints/" in path:
        return "kept"
    if "{session_id}/{stage_id}" in path:
        return "idle"
    return SCENES.get((_SESSION if path.startswith(_SESSION) else _STAGE, verb_of(row)), "building")


def form_of(row: Row) -> Mapping[str, str]:
    """What its form sends besides a reason."""
    if "/assign/" in row.request:
        return FORMS["assign"]
    return FORMS.get(verb_of(row), {})


def is_done(names: Names) -> bool:
    """Whether somebody did something to the session on a page; the world was made without any."""
    of_session = Q(session=names["session_id"]) | Q(session__forked_from__startswith=f"{names['session_id']}@")
    told = SessionEvent.objects.filter(of_session, door="admin").exists()
    return told or Tombstone.objects.filter(session_id=names["session_id"], door="admin").exists()
